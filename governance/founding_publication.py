"""The publication policy a new programme starts with, in our own words throughout."""

from __future__ import annotations

from governance.publication_terms import (
    AuthorshipTerms,
    CitationTerms,
    CodeClauses,
    Ground,
    PreprintTerms,
    PublicationPolicy,
    PublicationWindows,
    ReviewExtension,
)
from governance.windows import days, working


def publication_policy() -> PublicationPolicy:
    """Permission by default, four grounds, and silence that releases."""
    return PublicationPolicy(
        default="permitted",
        grounds=_grounds(),
        windows=PublicationWindows(
            methods=days(30),
            vulnerability=days(45),
            vulnerability_extended=days(90),
            restricted=days(60),
        ),
        silence="release",
        silence_escalates_for=("vulnerability", "restricted"),
        extension=ReviewExtension(
            at_most_times=1, methods=days(10), vulnerability=days(45), restricted=days(30)
        ),
        check_stops=("unreleased_output", "embargoed_finding"),
        scientific_review=days(21),
        objection_reply=working(10),
        mediation=working(10),
        alarm_hold=days(14),
        preprint=PreprintTerms(
            before_release=False,
            notice_before=working(2),
            says="A preprint goes up on the day of release or later. It says that the work was "
            "made in a fellowship and where its release certificate stands.",
        ),
        citation=CitationTerms(
            programme_named=True,
            datasets_cited=True,
            record_within=working(20),
            acknowledgement="This work was done in a fellowship of the programme. The programme "
            "reviewed it for a closed list of disclosure risks and had no say in its conclusions.",
        ),
        authorship=AuthorshipTerms(
            roles="credit_taxonomy",
            company_criteria="A member of staff is an author who contributed to the work itself "
            "in at least one CRediT role, read the final text and answers for their part. "
            "Funding, access, supervision of the programme and review make nobody an author.",
            answer_within=working(10),
            mediation=working(10),
        ),
        code_of_practice=_code(),
    )


def _grounds() -> dict[str, Ground]:
    return {
        "sensitive_security_detail": Ground(
            meaning="The passage would let a reader attack a system that is not yet protected.",
            counts=(
                "Working steps, payloads or settings against a control that is in use",
                "Where a system of ours can be reached and what it trusts",
                "A vulnerability that is being fixed, before its agreed date",
            ),
            does_not_count=(
                "That a weakness exists, how often it shows, or how grave it is",
                "What is public already, or follows from public documentation",
                "A weakness that is fixed, or whose agreed date has passed",
            ),
        ),
        "personal_data": Ground(
            meaning="The passage identifies a person, or lets one be identified.",
            counts=(
                "Names, contact details, accounts, voices or faces of people who did not agree",
                "Verbatim messages of users from which somebody could be recognised",
                "Counts so small that one person stands out",
            ),
            does_not_count=(
                "Authors, and people thanked with their consent",
                "Aggregates above the smallest group of the data's tier",
                "Quotations made up or rewritten so that nobody can be found",
            ),
        ),
        "unreleased_product_specifics": Ground(
            meaning="The passage describes a product or model that has not been announced.",
            counts=(
                "Names, dates, prices or abilities of what is not announced",
                "Measurements of a model before it is released",
            ),
            does_not_count=(
                "Anything about what is released or announced, however unwelcome",
                "Comparisons with other companies, and criticism of ours",
                "Methods, and what the author learned about a field",
            ),
        ),
        "material_misuse_risk": Ground(
            meaning="The passage would materially help someone to cause harm, beyond what is "
            "public.",
            counts=(
                "Instructions or data that make grave harm possible to more people than before",
                "Prompts or tools that reliably undo a protection against such harm",
            ),
            does_not_count=(
                "Harm to reputation, or a reader's alarm",
                "What a skilled person finds in an hour with public sources",
                "Descriptions of an attack without the means to repeat it",
            ),
        ),
    }


def _code() -> CodeClauses:
    return CodeClauses(
        source="EU General-Purpose AI Code of Practice, Safety and Security chapter, Measure 3.5",
        longest_hold=working(30),
        longer_only_where="Publishing sooner would itself materially raise the risk: a "
        "vulnerability before its fix, or restricted data. Each such hold has a ground, an owner "
        "and a date, and the release certificate shows its length.",
        retaliation="never",
        good_faith=(
            "does not set out to disrupt a service, unless that was agreed",
            "does not set out to read or use people's confidential data, and where it is met, "
            "keeps only what is needed, passes nothing on and deletes it",
            "does not use the access for what endangers public safety",
            "does not use a finding to threaten anybody; disclosure on agreed terms is no threat",
            "reports vulnerabilities by the published procedure and within its times",
        ),
    )
