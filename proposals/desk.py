"""What proposals bring to everybody's desk: navigation, waiting work, parts of call pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.clocks.models import Clock
from fellowship.kernel.counting import Length
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs import parts
from fellowship.programs.models import Call
from fellowship.web import nav, verbs, work
from governance import ballot_words, rules
from proposals import policy, rubric, statistics
from proposals.models import Assignment, Draft, Proposal, Review
from proposals.models.blind import title_for_reviewers
from proposals.services.drafting import (
    DECISION_CLOCK,
    DECISION_SILENCE,
    REVISION_SILENCE,
)
from proposals.states import REVISION_CLOCK, ProposalState

S = ProposalState
_MINE = work.Rest(say("my proposals"), "proposals:mine")
_REVIEWS = work.Rest(say("proposals to review"), "proposals:reviews")
_PROPOSALS = work.Rest(say("all proposals"), "proposals:list")

verbs.register(
    {
        "proposals.start": say("began the proposal"),
        "proposals.submit": say("submitted the proposal"),
        "proposals.assign_reviewer": say("asked a reviewer"),
        "proposals.unassign_reviewer": say("took an assignment back"),
        "proposals.declare": say("declared a conflict"),
        "proposals.submit_review": say("sent a review"),
        "proposals.mask_passages": say("masked passages of the redacted copy"),
        "proposals.check_copy": say("checked the redacted copy"),
        "proposals.refer_to_board": say("handed it to the board"),
        "proposals.enact_decision": say("enacted the board’s decision"),
        "proposals.take_back": say("gave it back to the panel"),
        "proposals.reconsider": say("put it before the board again"),
        "proposals.withdraw": say("withdrew the proposal"),
        "proposals.revision_over": say("closed the time for a revision"),
        "proposals.import_evaluation": say("imported an evaluation"),
        "proposals.open_review": say("opened the review"),
        "proposals.suggest_reviewers": say("had reviewers suggested"),
        "proposals.work_out_suggestion": say("worked the suggestion out"),
        "proposals.set_suggestion_aside": say("set the suggestion aside"),
        "proposals.add_suggested": say("put somebody on a suggested panel"),
        "proposals.drop_suggested": say("took somebody off a suggested panel"),
        "proposals.assign_suggested": say("had the suggestion carried out"),
        "proposals.assign_batch": say("carried out part of the suggestion"),
        "proposals.describe_reviewing": say("said what they review"),
        "proposals.enter_absence": say("entered days away"),
        "proposals.cancel_absence": say("took days away back"),
        "proposals.open_discussion": say("opened a discussion: reviewers differ"),
        "proposals.close_discussion": say("closed the discussion"),
        "proposals.calibrate": say("asked all reviewers to score it first"),
        "governance.pin_rules": say("pinned the rules in force"),
    }
)
verbs.register_fields({"attachments": say("attachments (SHA-256: bytes)")})
verbs.register_values({"proposals.state": S.choices, "proposals.from": S.choices})


def register() -> None:
    """Enter the navigation."""
    nav.register(say("My proposals"), "proposals:mine", visible=_applies, order=20, rail=True)
    nav.register(
        say("Proposals to review"),
        "proposals:reviews",
        visible=_reviews_something,
        order=25,
        rail=True,
        badge=reviews_waiting,
    )
    nav.register(
        say("My reviewing profile"),
        "proposals:reviewing",
        visible=_reviews_something,
        order=26,
        rail=True,
    )
    nav.register(
        say("Panels"),
        "proposals:panels",
        visible=lambda user: holds_anywhere(user, roles.MANAGER, roles.AUDITOR),
        section="office",
        order=41,
    )
    nav.register(
        say("Proposals"),
        "proposals:list",
        visible=lambda user: holds_anywhere(user, roles.MANAGER, roles.AUDITOR),
        section="office",
        order=40,
    )


def _applies(user: Any) -> bool:
    """Whoever has applied, or holds no role for the company."""
    if not user.is_authenticated:
        return False
    return holds_anywhere(user, roles.APPLICANT) or not holds_anywhere(user, *roles.STAFF)


def _reviews_something(user: Any) -> bool:
    return holds_anywhere(user, roles.REVIEWER)


def reviews_waiting(user: Any) -> int:
    """How many reviews the person has still to write; a page that counted them says so itself."""
    counted: int | None = getattr(user, "reviews_waiting", None)
    return _counted(user, now())[0] if counted is None else counted


@read_for
def _counted(user: Any, at: dt.datetime) -> QuerySet[User, Any]:
    waiting = Assignment.objects.to_do(user).order_by().values("pk")
    return User.objects.filter(pk=user.pk).values_list(Length(waiting), flat=True)


@prepared
def _own(key: int, at: dt.datetime) -> QuerySet[Proposal]:
    states = (S.DRAFT, S.SUBMITTED, S.IN_REVIEW)
    return Proposal.objects.filter(applicant_id=key, state__in=states)


@work.register_for(when=_own, rest=_MINE)
def to_write(user: Any, at: dt.datetime) -> Iterable[work.WorkItem]:
    """The applicant's drafts and revisions, and what they wait for.

    What the board has is left out: its matter stands on a party's home already, with its date.
    """
    rows = Proposal.objects.filter(
        applicant_id=user.pk, state__in=(S.DRAFT, S.SUBMITTED, S.IN_REVIEW)
    )
    drafts = Draft.objects.filter(proposal=OuterRef("pk"))
    found = list(rows.select_related("call").annotate(writing=Exists(drafts))[: work.GIVEN])
    due = _due(found, DECISION_CLOCK) | _due(found, REVISION_CLOCK)
    for proposal in found:
        yield _applicants(proposal, due, at)


@work.register_for(roles.REVIEWER, rest=_REVIEWS)
def to_review(user: Any, at: dt.datetime) -> Iterable[work.WorkItem]:
    """The reviewer's open assignments."""
    for assignment in _to_review(user, at):
        yield work.WorkItem(
            title=say("Score “{read_title}”", read_title=assignment.read_title),
            url=reverse("proposals:review", args=[assignment.pk]),
            due=assignment.due_at,
            silence=say("The programme manager assigns somebody else."),
            kind="review",
            case_ref=assignment.proposal.ref,
            program_id=assignment.proposal.program_id,
        )


@read_for
def _to_review(user: Any, at: dt.datetime) -> QuerySet[Assignment]:
    rows: Any = Assignment.objects.to_do(user).select_related("proposal")
    rows = rows.annotate(read_title=title_for_reviewers())
    shown: QuerySet[Assignment] = rows.only("due_at", "proposal__ref", "proposal__program_id")
    return shown.order_by("due_at", "id")[: work.GIVEN]


_NAMED = ("pk", "ref", "title", "call_id", "program_id")


@work.register_for(roles.MANAGER, rest=_PROPOSALS)
def to_staff(user: Any, at: dt.datetime) -> Iterable[work.WorkItem]:
    """The manager's proposals without reviewers, and those whose reviews are all in."""
    new, ready = _unstaffed(user, at), _reviewed(_in_review(user, at))
    due = _due([*new, *ready], DECISION_CLOCK)
    for proposal in new:
        yield _staffs(proposal, say("Assign reviewers"), due)
    for proposal in ready:
        yield _staffs(proposal, say("Hand the proposal to the board"), due)


def _managed(user: Any) -> QuerySet[Any]:
    """The proposals whose panel the person runs, the longest waiting first."""
    visible = Proposal.objects.visible_to(user).exclude(applicant_id=user.pk)
    managed = visible.filter(program_id__in=realm_ids_where(user, roles.MANAGER))
    return managed.order_by("submitted_at")


@read_for
def _unstaffed(user: Any, at: dt.datetime) -> QuerySet[Any, Any]:
    found = _managed(user).filter(state=S.SUBMITTED)
    return found.values_list(*_NAMED, named=True)[: work.GIVEN]


@read_for
def _in_review(user: Any, at: dt.datetime) -> QuerySet[Any, Any]:
    """With how many reviews of them count."""
    sent = Review.objects.counted().filter(proposal=OuterRef("pk")).order_by().values("pk")
    found = _managed(user).filter(state=S.IN_REVIEW, revision_asked_at=None)
    found = found.annotate(sent=Length(sent))
    named: QuerySet[Any, Any] = found.values_list(*_NAMED, "sent", named=True)
    return named[:200]


def _reviewed(waiting: list[Any]) -> list[Any]:
    """Those with as many reviews as the rubric of their call asks for."""
    if not waiting:
        return []
    needed = rubric.reviewers_needed({proposal.call_id for proposal in waiting})
    return [p for p in waiting if p.sent >= needed[p.call_id]]


def _due(proposals: list[Any], kind: str) -> dict[int, dt.datetime]:
    """When the open clock of this kind is due, by proposal."""
    return dict(_clocks_of([p.pk for p in proposals], kind))


@read
def _clocks_of(keys: list[int], kind: str) -> QuerySet[Clock, Any]:
    clocks = Clock.objects.open().filter(
        kind=kind, subject_type="proposals.proposal", subject_id__in=keys
    )
    return clocks.order_by().values_list("subject_id", "due_at")


def _staffs(proposal: Any, title: str, due: dict[int, dt.datetime]) -> work.WorkItem:
    return work.WorkItem(
        title=f"{title}: {proposal.title}",
        url=route_to("proposals:panel", proposal.ref),
        due=due.get(proposal.pk),
        silence=DECISION_SILENCE,
        kind="panel",
        case_ref=proposal.ref,
        program_id=proposal.program_id,
    )


def _applicants(proposal: Any, due: dict[int, dt.datetime], at: dt.datetime) -> work.WorkItem:
    url = proposal.get_absolute_url()
    if proposal.state == S.DRAFT:
        return work.WorkItem(
            title=say("Finish your proposal for “{call}”", call=proposal.call),
            url=reverse("proposals:edit", args=[proposal.ref]),
            due=proposal.call.closes_at,
            silence=say("The draft is kept, and not considered."),
            kind="proposal",
            case_ref=proposal.ref,
            program_id=proposal.program_id,
        )
    if proposal.revision_asked_at:
        return work.WorkItem(
            title=say("Revise “{proposal}” as the board asked", proposal=proposal),
            url=url,
            due=due.get(proposal.pk),
            silence=REVISION_SILENCE,
            kind="proposal",
            case_ref=proposal.ref,
            program_id=proposal.program_id,
        )
    if proposal.writing and proposal.state == S.SUBMITTED and proposal.call.closes_at > at:
        return work.WorkItem(
            title=say("Send or discard your revision of “{proposal}”", proposal=proposal),
            url=reverse("proposals:edit", args=[proposal.ref]),
            due=proposal.call.closes_at,
            silence=policy.unsent_revision(proposal),
            kind="proposal",
            case_ref=proposal.ref,
            program_id=proposal.program_id,
        )
    return work.WorkItem(
        title=str(proposal),
        url=url,
        holder=say("the panel") if proposal.state == S.IN_REVIEW else say("the programme manager"),
        due=due.get(proposal.pk),
        silence=DECISION_SILENCE,
        kind="proposal",
        case_ref=proposal.ref,
        program_id=proposal.program_id,
    )


@parts.register
def call_parts(call: Call, user: Any) -> Iterator[parts.Part]:
    """How to apply, the rubric with its anchors, who decides, and what became of earlier calls."""
    yield parts.Part(
        say("Apply"), "proposals/parts/apply.html", _apply(call, user), order=10, aside=True
    )
    try:
        rule = rules.pinned(call, rubric.KIND)
        ballots = rules.in_force(call.program_id, "ballot_rules")
    except rules.NoRule:
        return
    rows = rule.params.criteria
    yield parts.Part(
        say("How proposals are scored"),
        "proposals/parts/rubric.html",
        {"criteria": rows, "rule": rule, "reviewers": rule.params.reviewers_per_proposal},
        order=20,
        anchor="rubric",
    )
    ballot = ballots.params.matters.get("proposals.proposal")
    held = RoleAssignment.objects.live().filter(realm=call.program_id).exclude(seat="")
    named = [(a.get_seat_display(), a.user) for a in held.select_related("user")]
    yield parts.Part(
        say("Who decides"),
        "proposals/parts/decides.html",
        {
            "seats": named,
            "rule": ballots,
            "ballot": ballot,
            "sentences": ballot_words.sentences(ballot) if ballot else [],
        },
        order=30,
        anchor="decides",
    )
    yield parts.Part(
        say("Past calls"),
        "proposals/parts/statistics.html",
        {"figures": statistics.past(call.program_id)},
        order=60,
        anchor="statistics",
        aside=True,
    )


def _apply(call: Call, user: Any) -> dict[str, Any]:
    if not user.is_authenticated:
        return {"refusal": None, "draft": None}
    draft = Proposal.objects.filter(call=call, applicant=user, state=S.DRAFT).first()
    sent = Proposal.objects.filter(call=call, applicant=user).exclude(state=S.DRAFT)
    refusal = None if draft else policy.may_start(call, user)
    return {"refusal": refusal, "draft": draft, "sent": sent}
