"""What findings ask of people, and what they wait for: their part of the first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import calendars, work
from fellowship.web.tables import told
from findings.models import Control, DuePause, Finding, FindingQuerySet
from findings.models.segments import Overdue
from findings.models.triage import WORKERS
from findings.queues import Desk
from findings.states import FindingState, OverdueStep, WaitsOn

OWN: Final = (roles.PRODUCT_OWNER,)
OVERSEE: Final = (roles.MANAGER, roles.SPONSOR)
MOST: Final = 20
_MINE: Final = work.Rest(say("the findings in triage"), "findings:queue", "queue=all&sort=due")
_OVERDUE: Final = work.Rest(say("what is overdue in triage"), "findings:queue", "overdue=true")
COUNTED: Final = 500
"""Findings counted for the first page: enough to say how many wait, and with whom."""
_IN_TRIAGE: Final = {
    "mine": say("your queue in triage"),
    "unassigned": say("unassigned in triage"),
}
TOLD: Final = {
    OverdueStep.OWNER: say("Its owner was told."),
    OverdueStep.SPONSOR: say("The sponsor was told."),
}
VERBS: Final = {
    FindingState.REPORTED: say("Take up"),
    FindingState.INVESTIGATING: say("Dispose of"),
    FindingState.ACCEPTED: say("Answer with a control"),
}
NAMED: Final = ("product_owner__name", "product_owner__email")
READ: Final = ("ref", "title", "state", "due_at", "product_owner_id", "program_id")


def _with_question(rows: Any, at: dt.datetime) -> Any:
    """With `asked` and `until`: what the clock stands still for, where it waits for the fellow."""
    pauses = DuePause.objects.filter(
        segment__finding=OuterRef("pk"), ended_at=None, until__gt=at, waits_on=WaitsOn.FELLOW
    ).order_by()
    return rows.annotate(
        asked=Subquery(pauses.values("reason")[:1]), until=Subquery(pauses.values("until")[:1])
    )


def _asked_of(desk: Desk) -> FindingQuerySet:
    """Findings somebody is to act on: theirs, nobody's, and of those they stand in for."""
    nobodys = Q(product_owner=None, program__in=realm_ids_where(desk.user, *OWN))
    return desk.visible.unsettled().filter(desk.theirs | nobodys)


def _first_asked_of(desk: Desk, at: dt.datetime) -> QuerySet[Any]:
    """The most urgent of them, as they are shown."""
    rows = _asked_of(desk)
    people = ("fellowship__fellow__name", "fellowship__fellow__email", *NAMED)
    rows = rows.select_related("fellowship__fellow", "product_owner").only(*READ, *people)
    steps = Overdue.objects.filter(finding=OuterRef("pk"), due_at=OuterRef("due_at"))
    told = Subquery(steps.order_by("-step").values("step")[:1])
    asked = _with_question(rows, at).annotate(told=told)
    found: QuerySet[Any] = asked.order_by("due_at", "id")[:MOST]
    return found


def _others_asked_of(desk: Desk, at: dt.datetime) -> QuerySet[Any, Any]:
    """Owner, due time and question of those after them, one more than are counted."""
    rows = _with_question(_asked_of(desk), at).order_by("due_at", "id")
    found = rows.values_list("product_owner_id", "due_at", "asked")
    return found[MOST : COUNTED + 1]  # type: ignore[no-any-return]


@read_for
def _own(user: Any, at: dt.datetime) -> QuerySet[Any]:
    """The most urgent for who stands in for nobody."""
    return _first_asked_of(Desk(user), at)


@read_for
def _own_others(user: Any, at: dt.datetime) -> QuerySet[Any, Any]:
    """Those after them for who stands in for nobody."""
    return _others_asked_of(Desk(user), at)


@work.register_for(*WORKERS)
def findings_to_dispose(user: Any, at: dt.datetime) -> Iterator[work.WorkItem | work.More]:
    """What a product owner has to take up, decide or ship; at most the twenty most urgent.

    What they answer for while its owner is away says so. A manager is asked for what is theirs.
    """
    desk = Desk.of(user)
    first = list(_first_asked_of(desk, at) if desk.covers else _own(user, at))
    if len(first) == MOST:
        yield from _rest(desk, at)
    for finding in first:
        waits = bool(finding.asked)
        owner = finding.product_owner
        absent = say(" for {owner}, who is away", owner=owner) if owner and owner != user else ""
        yield work.WorkItem(
            title=f"{VERBS[FindingState(finding.state)]}{absent}: {finding.title}",
            url=route_to("findings:detail", finding.ref),
            due=finding.until if waits else finding.due_at,
            holder=str(finding.fellowship.fellow) if waits else work.ME,
            silence=say("The clock runs again by itself.")
            if waits
            else ("" if finding.told == OverdueStep.SPONSOR else say("The sponsor is told.")),
            happened="" if waits else TOLD.get(finding.told, ""),
            kind="finding",
            case_ref=finding.ref,
            program_id=finding.program_id,
        )


def _rest(desk: Desk, at: dt.datetime) -> Iterator[work.More]:
    """How many more wait in triage, by queue; what waits for a fellow's answer needs nobody."""
    rest = list(_others_asked_of(desk, at)) if desk.covers else _own_others(desk.user, at)
    capped = len(rest) > COUNTED - MOST
    for queue, title in _IN_TRIAGE.items():
        dues = [
            due
            for owner, due, asked in rest[: COUNTED - MOST]
            if not asked and (owner is None) == (queue == "unassigned")
        ]
        yield work.More(
            title=title,
            url=f"{reverse('findings:queue')}?{urlencode({'queue': queue, 'sort': 'due'})}",
            number=len(dues),
            overdue=sum(due is not None and due <= at for due in dues),
            capped=capped,
        )


@prepared
def _slipped(key: int, at: dt.datetime) -> QuerySet[Control]:
    return Control.objects.filter(owner_id=key).slipped()


@work.register_for(when=_slipped)
def controls_slipped(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Controls whose later counts no longer show what they were verified for."""
    found = Control.objects.visible_to(user).filter(owner_id=user.pk).slipped()
    for control in found.select_related("finding").order_by("id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Count again or withdraw: {title}", title=control.title),
            url=control.get_absolute_url(),
            silence=say("It stays verified, and {ref} as it is.", ref=control.finding.ref),
            kind="control",
            case_ref=control.ref,
            program_id=control.program_id,
        )


@work.register_for(roles.FELLOW, rest=_MINE)
def findings_reported(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What a fellow is asked about their findings, and what they wait for."""
    for finding in _reported(user.pk, at):
        asked = finding.asked
        yield work.WorkItem(
            title=say("Answer about {title}: {asked}", title=finding.title, asked=asked)
            if asked
            else finding.title,
            url=route_to("findings:detail", finding.ref) + ("#talk" if asked else ""),
            due=finding.until if asked else finding.due_at,
            holder=work.ME if asked else str(finding.product_owner or say("the product owners")),
            silence=say("It is decided on what is known.")
            if asked
            else say("The sponsor is told."),
            kind="finding",
            case_ref=finding.ref,
            program_id=finding.program_id,
        )


@read
def _reported(key: int, at: dt.datetime) -> QuerySet[Any]:
    rows = Finding.objects.filter(reported_by_id=key).unsettled().select_related("product_owner")
    found: QuerySet[Any] = _with_question(rows.only(*READ, *NAMED), at)
    return found.order_by("due_at", "id")[: work.GIVEN]


@work.register_for(*OVERSEE, rest=_OVERDUE)
def overdue_by_owner(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """With whom overdue findings lie, how many, and since when the oldest."""
    lying: dict[tuple[int, int | None], list[dt.datetime]] = {}
    found = _overdue(user, at)
    for program, owner, due in found[:COUNTED]:
        lying.setdefault((program, owner), []).append(due)
    first = list(lying.items())[: work.GIVEN]
    owners = {owner.pk: owner for owner in _people([key for (_, key), _ in first if key])}
    for (program, key), dues in first:
        owner = owners.get(key or 0)
        chosen = {"overdue": "true"} | ({"owner": owner.username} if owner else {})
        many = say("overdue findings") if len(dues) != 1 else say("overdue finding")
        capped = len(found) > COUNTED
        yield work.WorkItem(
            title=say(
                "{n} {many}, the oldest since {dues:%-d %B %Y}",
                n=told(len(dues) + capped, len(dues)),
                many=many,
                dues=calendars.of(program).last_day(dues[0]),
            ),
            url=f"{reverse('findings:queue')}?{urlencode(chosen)}",
            due=dues[0],
            holder=str(owner or say("nobody yet")),
            silence=say("The owner is told first, then the sponsor."),
            kind="finding",
            program_id=program,
        )


@read_for
def _overdue(user: Any, at: dt.datetime) -> QuerySet[Any, Any]:
    """Programme, owner and due time of each, the oldest first."""
    oldest = Finding.objects.visible_to(user).overdue(at).order_by("due_at", "id")
    return oldest.values_list("program_id", "product_owner_id", "due_at")[: COUNTED + 1]


@read
def _people(keys: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=keys).only("username", "name", "email")
