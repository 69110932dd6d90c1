"""The rules a new programme starts with, until its board adopts others. Our own text throughout."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from fellowship.accounts import roles
from fellowship.programs.states import Stage
from governance import kinds
from governance import rulekinds as rk
from governance.founding_health import governance_health
from governance.founding_identity import identity
from governance.founding_publication import publication_policy
from governance.founding_rulemaking import rule_making
from governance.oncall_terms import oncall
from governance.retention_terms import retention
from governance.states import ExceptionKind, RuleKind, Severity
from governance.windows import days, hours, working

PROSE = Path(__file__).parent / "prose"

TITLES: dict[str, str] = {str(kind.value): str(kind.label) for kind in RuleKind}

LOGGED = (
    "dataset access",
    "query patterns",
    "code execution",
    "export events",
    "notebook creation",
    "model calls",
    "output downloads",
    "collaboration",
)


def fellowship_policy() -> rk.FellowshipPolicy:
    """The frame of every fellowship."""
    return rk.FellowshipPolicy(
        longest_fellowship_months=12,
        signature=working(10),
        countersignature=working(5),
        verdict=working(5),
        training_holds=days(365),
        right_of_reply=working(10),
        reply_answer=working(10),
        review_request=working(10),
        independent_review=working(20),
        independent_reviewers=2,
        retention_after_close=days(90),
    )


def data_classification() -> rk.DataClassification:
    """Eight questions, two for each dimension; the strictest answer counts."""
    ask = rk.ClassQuestion
    return rk.DataClassification(
        answered_by=(roles.STEWARD, roles.ONCALL),
        settled_by=(roles.MANAGER,),
        questions=(
            ask(
                "content",
                "sensitivity",
                "What is the gravest thing a record can hold?",
                _answers(
                    ("Nothing delicate", "It could stand on a public page."),
                    ("Internal detail", "Of interest to colleagues; dull to anybody else."),
                    ("Delicate detail", "Private opinions, or drafts not meant for others."),
                    ("Sensitive content", "Health, beliefs, distress, or confidential business."),
                    ("Gravest content", "Abuse, credentials, or instructions that do harm."),
                ),
            ),
            ask(
                "misuse",
                "sensitivity",
                "What could somebody with bad intent do with it?",
                _answers(
                    ("Nothing", "It helps nobody to do harm."),
                    ("Little", "It saves such a person an afternoon."),
                    ("Something", "It shows weaknesses that are known in outline."),
                    ("Much", "It shows working attacks on systems in use."),
                    ("Grave harm", "It gives what could not be found elsewhere."),
                ),
            ),
            ask(
                "persons",
                "identifiability",
                "Whom does a record point to?",
                _answers(
                    ("Nobody", "No record is about, or by, a person."),
                    ("Groups", "Counts of many people together."),
                    ("Somebody, with effort", "Free text in which people may tell of themselves."),
                    ("Pseudonyms", "One code for each person, the same throughout."),
                    ("Named people", "Names, addresses, accounts, voices or faces."),
                ),
            ),
            ask(
                "origin",
                "identifiability",
                "Where do the records come from?",
                _answers(
                    ("Made up", "Generated or written for the purpose."),
                    ("Published", "People made them public themselves."),
                    ("Given for this", "From people who agreed to research."),
                    ("Collected in use", "From people who used a product."),
                ),
            ),
            ask(
                "leak",
                "business_impact",
                "What would follow for the company if it were on a public page tomorrow?",
                _answers(
                    ("Nothing", "No one would call."),
                    ("Questions", "A day of answering them."),
                    ("A lost lead", "Plans or methods that competitors would like to know."),
                    ("Lost trust", "Customers or partners told, contracts at risk."),
                    ("Legal duty", "Authorities and the people concerned must be told."),
                ),
            ),
            ask(
                "owed",
                "business_impact",
                "What has been promised about it?",
                _answers(
                    ("Nothing", "It is ours, or under an open licence."),
                    ("Credit", "Its makers are to be named."),
                    ("A purpose", "Used for named purposes alone."),
                    ("Secrecy", "A contract or the law forbids showing it."),
                ),
            ),
            ask(
                "linking",
                "reidentification_risk",
                "How hard is it to find out who a record is about?",
                _answers(
                    ("Impossible", "There is nobody to find."),
                    ("Months", "Only with data that few hold."),
                    ("Weeks", "With several public sources put together."),
                    ("Days", "With one public source."),
                    ("Hours", "By reading, or with a search engine."),
                ),
            ),
            ask(
                "uniqueness",
                "reidentification_risk",
                "How alike are the records of different people?",
                _answers(
                    ("No people", "Records do not belong to people."),
                    ("Many alike", "At least a hundred share each combination of traits."),
                    ("Some alike", "At least ten do."),
                    ("Nearly unique", "Fewer than ten do, or nobody has counted."),
                    ("Unique", "Most records are the only one of their kind."),
                ),
            ),
        ),
        tiers={
            "internal": rk.TierThreshold(any_score=3, total=7),
            "restricted": rk.TierThreshold(any_score=4, total=11),
            "highly_restricted": rk.TierThreshold(any_score=5, total=17),
        },
    )


def _answers(*texts: tuple[str, str]) -> tuple[rk.ClassAnswer, ...]:
    """Answers that score 1, 2, 3 and so on."""
    return tuple(rk.ClassAnswer(n, *text) for n, text in enumerate(texts, start=1))


def data_handling() -> rk.DataHandling:
    """Four tiers, each narrower than the one before."""
    tier = rk.TierHandling
    return rk.DataHandling(
        tiers={
            "public": tier(
                label="Public",
                meaning="Published already, or synthetic and made to be published.",
                download="yes",
                view_controlled="yes",
                notebooks="yes",
                export="yes",
                publication="yes",
                weights="yes",
                approvers=(roles.STEWARD, roles.MANAGER),
                board=False,
                longest_grant=days(730),
                deletion_within=days(90),
                output_kinds=("table", "figure", "code", "model", "text"),
                largest_output_kb=10_000,
                smallest_group=0,
                record_rows=0,
                identifiers_leave=True,
            ),
            "internal": tier(
                label="Internal non-sensitive",
                meaning="Internal and not sensitive: no personal data, no unreleased specifics.",
                download="by_approval",
                view_controlled="yes",
                notebooks="yes",
                export="by_approval",
                publication="by_approval",
                weights="by_approval",
                approvers=(roles.STEWARD, roles.MANAGER),
                board=False,
                longest_grant=days(365),
                deletion_within=days(30),
                output_kinds=("table", "figure", "code", "text"),
                largest_output_kb=10_000,
                smallest_group=5,
                record_rows=1_000,
                identifiers_leave=False,
            ),
            "restricted": tier(
                label="Restricted sensitive",
                meaning="Sensitive: real conversations, evaluation data, anything re-identifiable.",
                download="no",
                view_controlled="yes",
                notebooks="by_approval",
                export="by_approval",
                publication="by_approval",
                weights="no",
                approvers=(roles.STEWARD,),
                board=True,
                longest_grant=days(180),
                deletion_within=days(14),
                output_kinds=("table", "figure", "code", "text"),
                largest_output_kb=5_000,
                smallest_group=10,
                record_rows=200,
                identifiers_leave=False,
            ),
            "highly_restricted": tier(
                label="Highly restricted",
                meaning="Identifies people or could arm an attacker; leaves no controlled room.",
                download="no",
                view_controlled="by_approval",
                notebooks="no",
                export="no",
                publication="no",
                weights="no",
                approvers=(roles.STEWARD,),
                board=True,
                longest_grant=days(60),
                deletion_within=days(7),
                output_kinds=("table", "figure", "text"),
                largest_output_kb=1_000,
                smallest_group=20,
                record_rows=50,
                identifiers_leave=False,
            ),
        },
        logged=LOGGED,
        release_review=working(5),
    )


def review_rubric() -> rk.ReviewRubric:
    """Four criteria; the weights say what the programme is for."""
    criterion = rk.Criterion
    return rk.ReviewRubric(
        criteria=(
            criterion(
                "safety_relevance",
                "Safety relevance",
                "Would a clear answer change how a system is made safer?",
                35,
                (
                    "No safety question is named.",
                    "A safety topic is named, but no failure that could be prevented.",
                    "A real failure is studied; what would follow from the answer is left open.",
                    "A known failure is studied, and the answer would inform a control.",
                    "A serious failure is studied, and either answer decides about a control.",
                ),
            ),
            criterion(
                "feasibility",
                "Feasibility",
                "Can this team answer the question with these means in this time?",
                25,
                (
                    "The method cannot answer the question.",
                    "Means or time fall far short.",
                    "Possible, with parts that depend on luck or on access not yet agreed.",
                    "Sound plan; the risks are named and there is a way round each.",
                    "Piloted already, with milestones that each stand alone.",
                ),
            ),
            criterion(
                "originality",
                "Originality",
                "What will be known afterwards that is not known now?",
                15,
                (
                    "Repeats published work without saying so.",
                    "A small variation on published work.",
                    "Known methods on a system or population not yet studied.",
                    "A new method, or a question others have missed.",
                    "Could change how the field asks the question.",
                ),
            ),
            criterion(
                "operational_fit",
                "Operational fit",
                "Is there someone here who would take the result and act on it?",
                25,
                (
                    "No one here could use the result.",
                    "Of interest, but no team is named.",
                    "A team is named; what it would do is vague.",
                    "A team is named and says what it would change.",
                    "A named owner waits for the result, with a measure to judge the change by.",
                ),
            ),
        ),
        reviewers_per_proposal=3,
        review_window=working(10),
        discussed_from_range=3,
        adjusted_from_reviews=4,
    )


def severity_clocks() -> rk.SeverityClocks:
    """Hours to answer an alarm; working days to act on a finding."""
    clock = rk.SeverityClock
    return rk.SeverityClocks(
        severities={
            str(Severity.CRITICAL): clock(hours(1), hours(24), working(1), working(5)),
            str(Severity.HIGH): clock(hours(4), working(2), working(3), working(20)),
            str(Severity.MEDIUM): clock(working(1), working(5), working(10), working(60)),
            str(Severity.LOW): clock(working(3), working(10), working(20), working(120)),
        }
    )


def ballot_rules() -> rk.BallotRules:
    """The rule each registered kind of matter declares for a new programme."""
    return rk.BallotRules(
        matters={key: kind.founding_rule for key, kind in kinds.registered().items()},
        chair_power=(
            "The chair opens ballots, closes them when the rule allows, returns a matter that "
            "cannot be decided, seals a changed dossier anew, lists matters for consent, and "
            "waives a condition with a reason. The chair votes only from a seat also held, and "
            "can neither change a position nor add a condition."
        ),
    )


def stage_standards() -> rk.StageStandards:
    """What must be true before a case leaves each stage."""
    standard = rk.StageStandardRule
    return rk.StageStandards(
        stages={
            str(Stage.RECRUIT): standard(
                roles.MANAGER,
                "The call states topics, constraints and publication rules; every proposal has "
                "three independent scores and a decision with reasons.",
                working(40),
            ),
            str(Stage.SCOPE): standard(
                roles.MANAGER,
                "Fellow and company have signed a scope a third party could apply without asking.",
                working(15),
            ),
            str(Stage.ACCESS): standard(
                roles.STEWARD,
                "Access is the least that serves the question: agreed, granted to a date, logged.",
                working(15),
            ),
            str(Stage.RESEARCH): standard(
                roles.MENTOR,
                "Milestones are reviewed when they are due; what blocks the fellow has an owner.",
                working(120),
            ),
            str(Stage.REVIEW): standard(
                roles.REVIEWER,
                "Claims rest on evidence another person has read; limits are stated.",
                working(20),
            ),
            str(Stage.TRANSLATE): standard(
                roles.PRODUCT_OWNER,
                "Each actionable finding has an owner, a due date, a disposition and, where "
                "accepted, a control with a measure fixed before it ships.",
                working(40),
            ),
            str(Stage.PUBLISH): standard(
                roles.POLICY_REVIEWER,
                "Each objection marks a passage and names a ground; the rest is released in time.",
                working(45),
            ),
            str(Stage.CLOSE_OUT): standard(
                roles.MANAGER,
                "Findings, artifacts, proof of deletion, publication outcome and product status "
                "are in one package that verifies without us.",
                working(20),
            ),
        }
    )


def exceptions() -> rk.ExceptionRules:
    """How long an exception may last before it is decided anew."""
    term = rk.ExceptionTerm
    return rk.ExceptionRules(
        terms={
            str(ExceptionKind.TEMPORARY_ACCESS): term(30),
            str(ExceptionKind.PUBLICATION_SHORTCUT): term(30),
            str(ExceptionKind.CONTROL_NOT_IMPLEMENTED): term(180),
            str(ExceptionKind.LATE_TRAINING): term(14),
            str(ExceptionKind.LAUNCH_GAP): term(60),
            str(ExceptionKind.RETENTION): term(180),
            str(ExceptionKind.OTHER): term(90),
        },
        reminder_days=(30, 7, 1),
        renewals_noted_from=2,
        measure_tested_every=days(30),
    )


_FOUNDING = {
    RuleKind.FELLOWSHIP_POLICY: fellowship_policy,
    RuleKind.DATA_CLASSIFICATION: data_classification,
    RuleKind.DATA_HANDLING: data_handling,
    RuleKind.PUBLICATION_POLICY: publication_policy,
    RuleKind.REVIEW_RUBRIC: review_rubric,
    RuleKind.SEVERITY_CLOCKS: severity_clocks,
    RuleKind.BALLOT_RULES: ballot_rules,
    RuleKind.STAGE_STANDARDS: stage_standards,
    RuleKind.EXCEPTIONS: exceptions,
    RuleKind.HEALTH: governance_health,
    RuleKind.RULE_MAKING: rule_making,
    RuleKind.ONCALL: oncall,
    RuleKind.IDENTITY: identity,
    RuleKind.RETENTION: retention,
}


def parameters(kind: str) -> dict[str, Any]:
    """The founding parameters of a kind, as the JSON that is stored."""
    return rk.as_json(_FOUNDING[RuleKind(kind)]())


def in_order(kind: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in the order people read them: the database keeps none (jsonb sorts its keys).

    That of the founding rule, which is its dataclass's; what it does not know comes last.
    """
    return cast("dict[str, Any]", _like(_written(str(kind)), value))


@functools.cache
def _written(kind: str) -> dict[str, Any]:
    return parameters(kind)


def _like(model: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        known = model if isinstance(model, Mapping) else {}
        first = next(iter(known.values()), None)
        keys = [
            *(key for key in known if key in value),
            *(key for key in value if key not in known),
        ]
        return {key: _like(known.get(key, first), value[key]) for key in keys}
    if isinstance(value, list):
        first = model[0] if isinstance(model, list) and model else None
        return [_like(first, item) for item in value]
    return value


def prose(kind: str) -> str:
    """The founding text of a kind, in Markdown."""
    return (PROSE / f"{kind}.md").read_text(encoding="utf-8").strip() + "\n"
