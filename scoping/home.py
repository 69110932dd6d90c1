"""What the home page of each person says about fellowships."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.queries import realm_ids_where
from fellowship.clocks.models import Clock
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.saying import say
from fellowship.web import work
from scoping.models import CheckIn, Fellowship, Milestone, ScopeOfWork, Signature, Suspension
from scoping.services.common import COUNTERSIGNATURE, SIGNATURE, VERDICT
from scoping.states import MilestoneState, ScopeState, Side

SOON = dt.timedelta(days=21)
HELD = say(
    "The case is suspended, and its dates run on: tell the programme manager what you cannot "
    "deliver, so that the date is moved."
)


def _held(key: int, at: dt.datetime, *names: str) -> QuerySet[RoleAssignment, int]:
    """Programmes in which the person holds one of the roles."""
    live = RoleAssignment.objects.live(at).filter(user_id=key, role__in=names).order_by()
    return live.values_list("realm_id", flat=True)


def _of_state(state: str, key: int, at: dt.datetime, *names: str) -> QuerySet[ScopeOfWork]:
    """Versions in the state, of the person's own fellowship or of programmes held a role in."""
    mine = Q(fellowship__fellow_id=key)
    return ScopeOfWork.objects.filter(
        mine | Q(fellowship__program_id__in=_held(key, at, *names)), state=state
    )


@prepared
def _to_sign(key: int, at: dt.datetime) -> QuerySet[ScopeOfWork]:
    return _of_state(ScopeState.OFFERED, key, at, roles.CHAIR, roles.SPONSOR)


@prepared
def _to_offer(key: int, at: dt.datetime) -> QuerySet[ScopeOfWork]:
    return _of_state(ScopeState.DRAFT, key, at, roles.MANAGER)


def _suspended_of(key: int, at: dt.datetime) -> QuerySet[Suspension]:
    return Suspension.objects.live(at).filter(fellowship__fellow_id=key)


_suspended = prepared(_suspended_of)


@prepared
def _planned(key: int, at: dt.datetime) -> QuerySet[Milestone]:
    return Milestone.objects.filter(
        fellowship__fellow_id=key, fellowship__ended_at=None, state=MilestoneState.PLANNED
    )


@prepared
def _delivered(key: int, at: dt.datetime) -> QuerySet[Milestone]:
    return _to_judge(key)


@prepared
def _handed_in(key: int, at: dt.datetime) -> QuerySet[Milestone]:
    return _delivered_by(key)


def _delivered_by(key: int) -> QuerySet[Milestone]:
    """What this fellow delivered and nobody has judged yet."""
    return Milestone.objects.filter(fellowship__fellow_id=key, state=MilestoneState.DELIVERED)


def _to_judge(key: int) -> QuerySet[Milestone]:
    """What was delivered and waits for this person: as the reviewer named, or as the mentor."""
    judges = Q(reviewer_id=key) | Q(reviewer=None, fellowship__mentor_id=key)
    return Milestone.objects.filter(judges, state=MilestoneState.DELIVERED)


@work.register_for(when=_to_sign)
def signatures(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Offers the person may sign, and those they wait for."""
    signs_for = realm_ids_where(user, roles.CHAIR, roles.SPONSOR)
    offered = _offered(user, signs_for)
    due = _due(offered, Fellowship, SIGNATURE, COUNTERSIGNATURE)
    for scope in offered:
        case = scope.fellowship
        mine = case.fellow_id == user.pk
        side_signed = scope.fellow_signed if mine else scope.company_signed  # type: ignore[attr-defined]
        other = say("the company") if mine else str(case.fellow)
        first, second = SIGNATURE, COUNTERSIGNATURE
        if mine == side_signed:
            first, second = second, first
        clock = due.get((case.pk, first)) or due.get((case.pk, second))
        yield work.WorkItem(
            title=say("Sign the scope of work, version {number}", number=scope.number)
            if not side_signed
            else say("Scope of work, version {number}: the other signature", number=scope.number),
            url=reverse(
                "scoping:sign" if not side_signed else "scoping:scope",
                args=[case.ref, scope.number],
            ),
            due=clock.due_at if clock else None,
            holder=other if side_signed else work.ME,
            silence=clock.if_silent if clock else "",
            kind="signature",
            case_ref=case.ref,
            program_id=case.program_id,
        )


@work.register_for(when=_to_offer)
def scopes_to_offer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Drafts the programme manager completes and offers; the fellow waits for them."""
    manages = realm_ids_where(user, roles.MANAGER)
    visible = Fellowship.objects.visible_to(user)
    mine = Q(fellowship__fellow_id=user.pk) | Q(fellowship__program_id__in=manages)
    drafts = ScopeOfWork.objects.filter(mine, state=ScopeState.DRAFT, fellowship__in=visible)
    drafts = drafts.select_related("fellowship").only(
        "number", "fellowship__ref", "fellowship__program_id", "fellowship__fellow_id"
    )
    for scope in drafts.order_by("id")[: work.GIVEN]:
        case = scope.fellowship
        writes = case.program_id in manages
        yield work.WorkItem(
            title=say("Complete and offer the scope of work, version {number}", number=scope.number)
            if writes
            else say("Scope of work, version {number}, is being written", number=scope.number),
            url=reverse("scoping:scope", args=[case.ref, scope.number]),
            holder=work.ME if writes else say("the programme manager"),
            kind="scope",
            case_ref=case.ref,
            program_id=case.program_id,
        )


@work.register_for(roles.FELLOW, roles.MENTOR, when=_planned)
def milestones_to_deliver(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What the fellow delivers soon."""
    for milestone in _due_soon(user.pk, at, (at + SOON).date()):
        title, told = (
            say("Deliver “{title}”", title=milestone.title),
            HELD if milestone.held else "",
        )
        yield _milestone_item(milestone, title, milestone.due_on, told)


@read
def _due_soon(key: int, at: dt.datetime, until: dt.date) -> QuerySet[Any]:
    own = Milestone.objects.filter(
        fellowship__fellow_id=key,
        fellowship__ended_at=None,
        state=MilestoneState.PLANNED,
        due_on__lte=until,
    )
    own = own.select_related("fellowship").only(
        "title", "due_on", "fellowship__ref", "fellowship__program_id"
    )
    held = Suspension.objects.live(at).filter(fellowship=OuterRef("fellowship"))
    found: QuerySet[Any] = own.annotate(held=Exists(held))
    return found[: work.GIVEN]


@work.register_for(roles.FELLOW, when=_suspended)
def suspensions(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """The fellow's own cases that are suspended: who lifts it, and until when at the latest."""
    for suspension in _suspended_of(user.pk, at).select_related("fellowship")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Suspended: nothing of this fellowship is reachable"),
            url=suspension.fellowship.get_absolute_url(),
            due=suspension.until,
            holder=say("security on-call, the programme manager or the chair"),
            silence=say("It ends by itself at that time.")
            if suspension.until
            else say("It stays until one of them, not who suspended, lifts it. The dates run on."),
            kind="suspension",
            case_ref=suspension.fellowship.ref,
        )


@work.register_for(when=_delivered)
def milestones_to_judge(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What the person has to judge."""
    visible = Fellowship.objects.visible_to(user)
    judged = list(
        _to_judge(user.pk).filter(fellowship__in=visible).select_related("fellowship")[: work.GIVEN]
    )
    due = _verdicts(judged)
    for milestone in judged:
        clock = due.get(milestone.pk)
        yield _milestone_item(
            milestone,
            say("Judge “{title}”", title=milestone.title),
            clock.due_at if clock else None,
            clock.if_silent if clock else "",
        )


@work.register_for(when=_handed_in)
def verdicts_to_come(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What the fellow delivered and waits for a verdict on, and from whom."""
    waiting = list(
        _delivered_by(user.pk).select_related("fellowship__mentor", "reviewer")[: work.GIVEN],
    )
    due = _verdicts(waiting)
    for milestone in waiting:
        clock = due.get(milestone.pk)
        yield _milestone_item(
            milestone,
            say("The verdict on “{title}”", title=milestone.title),
            clock.due_at if clock else None,
            clock.if_silent if clock else "",
            str(milestone.judge or say("the programme manager")),
        )


def _verdicts(found: list[Milestone]) -> dict[int, Clock]:
    """The clocks of the verdicts waited for, by milestone, also those that ran out."""
    if not found:
        return {}
    clocks = Clock.objects.filter(
        kind=VERDICT,
        subject_type=Milestone._meta.label_lower,
        subject_id__in=[milestone.pk for milestone in found],
        ended_at=None,
    )
    return {clock.subject_id: clock for clock in clocks}


@work.register_for(roles.FELLOW, roles.MENTOR)
def check_ins(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """This month's check-in, where it is not written yet."""
    for ref, program_id, zone, fellow, written in _last_check_ins(user, at):
        month = at.astimezone(ZoneInfo(zone)).date().replace(day=1)
        if written == month:
            continue
        last = (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        yield work.WorkItem(
            title=say("Check in for {month:%B}", month=month)
            + (say(" with {fellow}", fellow=fellow) if fellow != user.name else ""),
            url=reverse("scoping:check_ins", args=[ref]),
            due=last,
            silence=say("The other side sees that nothing was written."),
            kind="check_in",
            case_ref=ref,
            program_id=program_id,
        )


@read_for
def _last_check_ins(user: Any, at: dt.datetime) -> QuerySet[Fellowship, Any]:
    """Fellowships under way of the person, as fellow or as mentor, by the last month they wrote of.

    Each by reference, programme, where that lives, the fellow's name, and the month.
    """

    def last(author: str) -> QuerySet[CheckIn, Any]:
        written = CheckIn.objects.filter(fellowship=OuterRef("pk"), author=author)
        return written.order_by("-month").values("month")[:1]

    cases = Fellowship.objects.visible_to(user).under_way().exclude(state="scope")
    found = cases.filter(Q(fellow_id=user.pk) | Q(mentor_id=user.pk)).annotate(
        written=Case(When(fellow_id=user.pk, then=last("fellow")), default=last("mentor"))
    )
    named = ("ref", "program_id", "program__zone", "fellow__name", "written")
    return found.values_list(*named)[: work.GIVEN]


def _offered(user: Any, signs_for: Collection[int]) -> list[ScopeOfWork]:
    def signed(side: str) -> Exists:
        return Exists(Signature.objects.filter(scope=OuterRef("pk"), side=side))

    signs = Q(fellowship__fellow_id=user.pk) | Q(fellowship__program_id__in=signs_for)
    return list(
        ScopeOfWork.objects.filter(
            signs, state=ScopeState.OFFERED, fellowship__in=Fellowship.objects.visible_to(user)
        )
        .annotate(fellow_signed=signed(Side.FELLOW), company_signed=signed(Side.COMPANY))
        .select_related("fellowship__fellow")
        .order_by("offered_at")[: work.GIVEN]
    )


def _due(
    scopes: list[ScopeOfWork], model: type[Fellowship], *kinds: str
) -> dict[tuple[int, str], Clock]:
    if not scopes:
        return {}
    clocks = Clock.objects.running().filter(
        kind__in=kinds,
        subject_type=model._meta.label_lower,
        subject_id__in=[scope.fellowship_id for scope in scopes],
    )
    return {(clock.subject_id, clock.kind): clock for clock in clocks}


def _milestone_item(
    milestone: Milestone,
    title: str,
    due: dt.date | None,
    silence: str = "",
    holder: str = work.ME,
) -> work.WorkItem:
    case = milestone.fellowship
    return work.WorkItem(
        title=title,
        url=reverse("scoping:milestones", args=[case.ref]) + f"#m{milestone.pk}",
        due=due,
        holder=holder,
        silence=silence,
        kind="milestone",
        case_ref=case.ref,
        program_id=case.program_id,
    )
