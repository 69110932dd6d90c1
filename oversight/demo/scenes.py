"""Scenes of the story: what several people do together in one go, through the services."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from access import services as access
from access.checks import Answer, questions_for
from access.models import AccessRequest, Dataset, Grant
from access.services.asking import lesser_variants
from fellowship.accounts.models import User
from fellowship.accounts.queries import forget_what_is_held
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen, now, set_now
from fellowship.programs.models import Call
from findings import services as findings
from findings.models import Control, Finding
from findings.plans import MetricPlan
from findings.statistics import Conditions, Share
from governance import services as governance
from governance.models import Decision, IndependentReview, Matter, Reply
from governance.policy.rules import RULE_MATTER
from oversight.demo.cast import NARRATOR, Cast, refresh
from oversight.demo.content.proposals import FILES, Idea, answers
from oversight.demo.content.research import FINDINGS
from proposals import rubric
from proposals import services as proposals
from proposals.models import Proposal
from publications import services as publications
from publications.models import Publication
from scoping import services as scoping
from scoping.models import Fellowship, ScopeOfWork
from scoping.states import Tier

DAILY = 12
"""Events of one day's session in the research environment."""
REVIEWERS = ("reviewer", "reviewer-two", "reviewer-three", "reviewer-four")
WORDS = {
    5: "Exactly the question we cannot ask ourselves.",
    4: "A bounded question with a measure. The plan is realistic.",
    3: "Good idea; the sample may be too small to settle it.",
    2: "The measure does not answer the question yet.",
    1: "A theme rather than a question.",
}


UNREAD = "board-product"
"""Who approves everything without reading it: governance health finds them."""
MEETING = dt.timedelta(minutes=45)
REASONS = {
    "deny": (
        "No bounded question, and no measure that could fail.",
        "The exposure is larger than the question needs.",
        "Nobody here would act on the result.",
        "The sample cannot settle what is asked.",
    ),
    "approve_with_conditions": (
        "The question deserves an answer, and the safeguards named here.",
        "Worth doing, once this is settled.",
    ),
    "defer": ("We should see the revised plan first.",),
}


SEES = {
    "research": "the method",
    "product": "the use",
    "security": "the exposure",
    "legal": "the terms",
    "policy": "the limits",
}
"""What each seat looks at first."""


def pick(text: str, *options: Any) -> Any:
    """One of the options, always the same for the same text."""
    return options[hashlib.sha256(text.encode()).digest()[0] % len(options)]


def propose(call: Call, applicant: User, idea: Idea, *, submit: bool = True) -> Proposal:
    """Draft a proposal whole, and submit it unless told not to."""
    proposal = proposals.start_proposal(call=call, by=applicant)
    raw = answers(idea, applicant.name, applicant.affiliation, applicant.orcid)
    proposal = proposals.save_answers(proposal=proposal, raw=raw, by=applicant)
    for name, text in FILES.get(idea.title, ()):
        file = ContentFile(text.encode(), name)
        proposals.attach_file(proposal=proposal, file=file, by=applicant)
    if submit:
        proposal = proposals.submit_proposal(proposal=proposal, by=applicant)
    forget_what_is_held(applicant)
    return proposal


def panel(
    cast: Cast,
    proposal: Proposal,
    *,
    weak: bool = False,
    split: bool = False,
    sent: int | None = None,
) -> None:
    """Assign the panel, which declares and scores; `sent` stops after so many reviews.

    Where it is `split`, the first finds little where the others find much.
    """
    rule = rubric.of_call(proposal.call)
    start = pick(proposal.title, 0, 1, 2, 3)
    for number in range(rule.reviewers_per_proposal):
        reviewer = cast[REVIEWERS[(start + number) % len(REVIEWERS)]]
        assignment = proposals.assign_reviewer(
            proposal=proposal, reviewer=reviewer, by=cast["manager"]
        )
        if sent is not None and number >= sent:
            continue
        proposals.declare(assignment=assignment, kind="none", by=reviewer)
        scores = {
            c.key: pick(
                f"{proposal.title}{number}{c.key}",
                *((1, 2, 2) if weak or (split and not number) else (3, 4, 4, 5)),
            )
            for c in rule.criteria
        }
        typical = round(sum(scores.values()) / len(scores))
        proposals.submit_review(
            assignment=assignment,
            scores=scores,
            confidence=pick(f"{proposal.title}{number}", 2, 3),
            comment_applicant=WORDS[typical],
            comment_board=WORDS[typical],
            by=reviewer,
        )


def matter_about(subject: Any) -> Matter:
    """The matter now before the board about a record."""
    return Matter.objects.live().get(subject_type=subject._meta.label_lower, subject_id=subject.pk)


def declare_none(cast: Cast, subject: Any, people: Sequence[User]) -> None:
    """These people declare that they have no interest in the subject."""
    for person in people:
        declare_conflict(
            user=person, subject=subject, realm=subject.program_id, kind="none", by=person
        )


def ballot(
    cast: Cast,
    subject: Any,
    outcome: str = "approve",
    *,
    dissent: str = "",
    voters: int = 5,
    recused: str = "",
    conditions: Sequence[dict[str, Any]] = (),
) -> Matter:
    """The board reads and votes; one seat may dissent, and one stay out for a conflict."""
    matter = matter_about(subject)
    people = cast.board[:voters]
    if recused:
        away = cast[f"board-{recused}"]
        people = [person for person in people if person != away]
        declare_conflict(
            user=away,
            subject=subject,
            realm=subject.program_id,
            kind="coauthor",
            statement="We wrote a paper together two years ago.",
            by=away,
        )
    declare_none(cast, subject, [*people, cast["chair"]])
    for member in people:
        position = outcome
        if dissent and member == cast[f"board-{dissent}"]:
            position = "deny" if outcome != "deny" else "approve"
        vote(cast, matter, member, position, conditions)
    set_now(now() + MEETING)  # until the act is over: what follows in it comes after the vote
    return matter


def vote(
    cast: Cast,
    matter: Matter,
    member: User,
    position: str,
    conditions: Sequence[dict[str, Any]] = (),
) -> None:
    """A member opens the dossier, reads it, and votes; one approves everything, unread."""
    about, begun = f"{matter.ref}{member.username}", now()
    opened = begun + dt.timedelta(minutes=pick(about, 1, 2, 4, 6, 8))
    if member == cast[UNREAD]:
        position, said = "approve", "Looks fine to me."
        read = dt.timedelta(seconds=pick(about, 4, 5, 7, 9))
    else:
        said = _reason(matter, member, position)
        read = dt.timedelta(minutes=pick(f"{about} read", 7, 11, 16, 22, 29))
    with frozen(opened):
        governance.open_dossier(matter=matter, by=member)
    with frozen(opened + read):
        governance.cast_vote(
            matter=matter,
            by=member,
            position=position,
            rationale=said,
            conditions=list(conditions) if position == "approve_with_conditions" else [],
        )


def _reason(matter: Matter, member: User, position: str) -> str:
    """What a member who has read the dossier writes about it; to approve, only some say why."""
    about = f"{matter.ref}{member.username}{position}"
    sees = SEES[member.username.removeprefix("board-")]
    looked = f"I looked at {sees} of “{matter.title.rpartition(': ')[2][:80]}”"
    if position == "approve":
        said: str = pick(about, "", "", f"{looked}, and nothing speaks against it.")
        return said
    if matter.kind == RULE_MATTER and position == "deny":
        return "It shortens what people plan by, and nobody has looked at a whole year of it."
    return f"{pick(about, *REASONS[position])} {looked}."


def decide(cast: Cast, subject: Any, outcome: str = "approve", **options: Any) -> Decision:
    """The board votes and the chair records the decision."""
    matter = ballot(cast, subject, outcome, **options)
    decision = governance.record_decision(matter=matter, by=cast["chair"])
    refresh(cast)
    return decision


def decision_on(subject: Any) -> Decision:
    """The board's decision about a record."""
    return Decision.objects.get(
        matter__subject_type=subject._meta.label_lower, matter__subject_id=subject.pk
    )


def reply_to(proposal: Proposal, text: str) -> None:
    """The applicant replies to the board's decision."""
    decision = decision_on(proposal)
    governance.reply_to_decision(decision=decision, by=proposal.applicant, text=text)


def answer_reply(cast: Cast, proposal: Proposal, text: str) -> None:
    """The chair answers the applicant's reply."""
    reply = Reply.objects.get(decision=decision_on(proposal))
    governance.answer_reply(reply=reply, by=cast["chair"], text=text)


def ask_review(proposal: Proposal, text: str) -> None:
    """The applicant asks for the independent review."""
    decision = decision_on(proposal)
    governance.ask_review(
        decision=decision, by=proposal.applicant, ground="reasons_do_not_match", text=text
    )


def name_reviewers(cast: Cast, proposal: Proposal) -> None:
    """The sponsor names two mentors, who took no part."""
    review = IndependentReview.objects.get(decision=decision_on(proposal))
    people = [cast["mentor"], cast["mentor-two"]]
    governance.name_reviewers(review=review, by=cast["sponsor"], reviewers=people)


def first_finding(cast: Cast, proposal: Proposal, reasons: str) -> None:
    """One reviewer has read the record and gives a finding."""
    review = IndependentReview.objects.get(decision=decision_on(proposal))
    by = cast["mentor-two"]
    governance.declare_for_review(review=review, by=by, kind="none")
    governance.give_finding(review=review, by=by, finding="send_back", reasons=reasons)


def sign(cast: Cast, fellowship: Fellowship, datasets: Sequence[str] = ()) -> ScopeOfWork:
    """Complete, offer and sign the scope; mentor and training stand before."""
    scope = offer(cast, fellowship, datasets)
    for person in (fellowship.fellow, cast["chair"]):
        scoping.sign_scope(scope=scope, text_hash=scope.text_hash, by=person)
    return ScopeOfWork.objects.get(pk=scope.pk)


def offer(cast: Cast, fellowship: Fellowship, datasets: Sequence[str] = ()) -> ScopeOfWork:
    """Assign a mentor, record the training, complete the draft and offer it."""
    manager = cast["manager"]
    mentor = cast[pick(fellowship.title, "mentor", "mentor-two")]
    if fellowship.fellow == cast["fellow"]:
        mentor = cast["mentor"]
    scoping.assign_mentor(fellowship=fellowship, mentor=mentor, by=manager)
    scoping.record_training(
        person=fellowship.fellow,
        program=fellowship.program,
        completed_at=now() - dt.timedelta(days=2),
        by=manager,
        evidence="Session of the security team, list of those present.",
    )
    scope = fellowship.scopes.get(state="draft")
    named = Dataset.objects.filter(program=fellowship.program, name__in=datasets)
    tiers = [Tier(scope.max_tier), *map(Tier, named.values_list("tier", flat=True))]
    changes = {
        "datasets": list(datasets),
        "max_tier": max(tiers, key=lambda tier: tier.rank),
        "deliverables": "An evaluation others can run, and a report in plain words.",
    }
    scope = scoping.edit_scope(scope=scope, changes=changes, by=manager)
    return scoping.offer_scope(scope=scope, by=manager)


def request(
    cast: Cast, fellowship: Fellowship, dataset: Dataset, days: int = 60, *, begins: int = 0
) -> AccessRequest:
    """The fellow asks for the least that serves, to begin in so many days; the steward checks."""
    today = fellowship.program.today()
    start = today + dt.timedelta(days=begins)
    end = min(start + dt.timedelta(days=days), fellowship.ends_on)
    lesser, wanted = lesser_variants(dataset), [f for f in dataset.fields if not f["sensitive"]]
    made = access.request_access(
        fellowship=fellowship,
        dataset=dataset,
        operations=["view", "query", "run_code"],
        fields=[f["name"] for f in wanted],
        purpose=f"To answer the research question of {fellowship.ref}.",
        why_less_would_not_do="Fewer fields leave out what the question counts, and fewer rows too "
        "many of its rare cases.",
        starts_on=start,
        ends_on=end,
        lesser={v.ref: "It loses the order of turns or the rare late refusals." for v in lesser},
        by=fellowship.fellow,
    )
    return access.check_request(
        request=made,
        answers={q.key: Answer(True) for q in questions_for(dataset)},
        by=cast["steward"],
        reason=f"{len(wanted)} of {len(dataset.fields)} fields, none of them sensitive. "
        "Nothing less serves.",
    )


def grant(cast: Cast, fellowship: Fellowship, dataset: Dataset, days: int = 60) -> Grant:
    """From request to a live grant: decided by the board or the manager, then accepted."""
    made = request(cast, fellowship, dataset, days)
    if dataset.tier in ("public", "internal"):
        access.approve_request(request=made, by=cast["manager"], reason="The least that serves.")
    else:
        made = access.refer_request(request=made, by=cast["manager"])
        decide(cast, made, dissent=pick(fellowship.title, "", "", "legal"))
    made = AccessRequest.objects.get(pk=made.pk)
    agreement = made.agreement
    access.accept_agreement(agreement=agreement, by=agreement.person, text_hash=agreement.text_hash)
    return Grant.objects.select_related("dataset", "person", "fellowship").get(request=made)


WORK = ("query", "query", "dataset_access", "code_execution")
"""What the environment reports of work on a dataset, in the proportion it comes."""


def use(grant: Grant, count: int, *, stray: int = 0, kinds: Sequence[str] = WORK) -> None:
    """The environment reports what was done with the grant; `stray` of it out of scope."""
    started = now() - dt.timedelta(days=6)
    rows = []
    for number in range(count):
        kind = pick(f"{grant.ref}{number}", *kinds)
        rows.append(
            {
                "id": f"{grant.ref}-{now():%y%m%d}-{number}",
                "at": (
                    started + dt.timedelta(days=number // DAILY, minutes=31 * (number % DAILY))
                ).isoformat(),
                "person": grant.person.email,
                "dataset": grant.dataset.slug,
                "kind": "export" if number >= count - stray else kind,
                "details": {"rows": 40 + 7 * number % 400},
                "session": f"run-{number // DAILY + 1}",
            }
        )
    access.ingest(
        program=grant.fellowship.program, events=rows, source="research-environment", by=NARRATOR
    )


def report(fellowship: Fellowship, key: str, sources: Sequence[Dataset] = ()) -> Finding:
    """The fellow registers the table a finding rests on and reports it."""
    artifact = findings.register_artifact(
        fellowship=fellowship,
        name=f"Trials and codes, {key}",
        sha256=hashlib.sha256(f"{fellowship.ref}{key}".encode()).hexdigest(),
        size=48_211,
        sources=sources,
        by=fellowship.fellow,
    )
    return findings.report_finding(
        fellowship=fellowship, by=fellowship.fellow, evidence=[artifact], **FINDINGS[key]
    )


def accept(cast: Cast, finding: Finding) -> Finding:
    """The product owner takes the finding up and accepts it."""
    owner = cast["product-owner"]
    findings.take_finding(finding=finding, by=owner)
    return findings.accept_finding(
        finding=finding,
        by=owner,
        mapping="control",
        reason="Reproduced by our own team. We will ship a control and measure it.",
    )


def control(
    cast: Cast,
    finding: Finding,
    title: str,
    before: tuple[int, int],
    *,
    costs: Callable[[Control], None] | None = None,
    **options: Any,
) -> Control:
    """Plan a control, with its `costs` where given, take its baseline and deploy it."""
    owner = cast["product-owner"]
    made = findings.plan_control(
        finding=finding,
        title=title,
        by=owner,
        **{
            "family": "preventive",
            "control_type": "session_limit",
            "plan": plan("attack_success", threshold=Decimal("0.10")),
            **options,
        },
    )
    count(cast, made, "baseline", before)
    if costs is not None:
        costs(made)
    return findings.deploy_control(control=made, by=owner)


def plan(metric: str, **values: Any) -> MetricPlan:
    """What a metric is judged by: counted within the two weeks before today, on a test bench."""
    today = now().date()
    return MetricPlan(
        **{
            "metric": metric,
            "denominator": "One request of the fixed set, answered once",
            "baseline_from": today - dt.timedelta(days=14),
            "baseline_until": today,
            "selection": "planned",
            "setting": "bench",
            "conditions": Conditions(model="Assistants 4.2", attack="The fixed set of requests"),
            **values,
        }
    )


def count(
    cast: Cast, made: Control, phase: str, share: tuple[int, int], *, number: int = 1
) -> None:
    """Count a share on one side, for the metric of this number."""
    findings.measure(
        metric=made.metrics.get(number=number),
        phase=phase,
        sample=Share(*share),
        by=cast["product-owner"],
    )


def measured(cast: Cast, made: Control, after: tuple[int, int]) -> None:
    """Count again after deployment."""
    count(cast, made, "after", after)


def write(
    fellowship: Fellowship, title: str, text: str, work_class: str, **uses: Any
) -> Publication:
    """The fellow drafts a work, adds its text and names the authors."""
    fellow = fellowship.fellow
    text = "\n\n".join(" ".join(part.split("\n")) for part in text.strip().split("\n\n"))
    work = publications.draft_publication(
        fellowship=fellowship,
        title=title,
        kind="manuscript",
        work_class=work_class,
        abstract=text.split("\n\n")[1],
        acknowledgement=f"Supported by the {fellowship.program}. The views are the author’s.",
        by=fellow,
        **uses,
    )
    publications.add_version(publication=work, text=text, by=fellow)
    publications.set_authors(
        publication=work,
        authors=[
            {
                "name": fellow.name,
                "user": fellow,
                "orcid": fellow.orcid,
                "credit": ["conceptualization", "investigation", "writing – original draft"],
            }
        ],
        by=fellow,
    )
    return publications.submit_publication(publication=work, by=fellow)


def staff(cast: Cast, work: Publication) -> None:
    """The manager assigns one person to each track."""
    for track, username in (("scientific", "reviewer"), ("policy", "policy-reviewer")):
        publications.assign_reviewer(
            publication=work, track=track, reviewer=cast[username], by=cast["manager"]
        )


def object_to(cast: Cast, work: Publication, passage: str, **options: Any) -> Any:
    """The policy reviewer objects to one passage."""
    version = work.versions.latest("number")
    start = version.text.index(passage)
    return publications.object_to_passage(
        publication=work,
        version=version,
        start=start,
        end=start + len(passage),
        by=cast["policy-reviewer"],
        **options,
    )
