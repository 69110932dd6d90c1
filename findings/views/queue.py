"""The triage queue and the list of controls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import read_what_is_held
from fellowship.kernel.counting import Length
from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.filters import Shape
from fellowship.web.tables import keys_of, paginate_keys
from findings import policy
from findings.cells import severity, verdict
from findings.chain import gap
from findings.filters import QueueFilter, query_of
from findings.models import Control, ControlMetric, Finding, FindingQuerySet, SavedFilter
from findings.queues import LABELS, Desk, words
from findings.services.bulk import ACTIONS
from findings.states import SETTLED, ControlState, MetricRole

OVERDUE_LIMIT = 100
"""More than this are told as “100+”: enough to know, and quick to count."""
SORTS = {"due": "clock", "severity": "-severity_rank", "ref": "-id"}
NEWEST = {"new": "-id"}
TITLES = {
    "mine": say("My queue"),
    "unassigned": say("Unassigned findings"),
    "team": say("Findings with others"),
    "all": say("All findings"),
}
EMPTY = {
    "mine": (say("Nothing is yours to answer."), say("Take something from the unassigned.")),
    "unassigned": (
        say("Every finding has an owner."),
        say("What a fellow reports stands here until a product owner takes it."),
    ),
    "team": (
        say("Nobody else owns an open finding."),
        say("What others took or were given stands here."),
    ),
    "all": (say("No finding yet."), say("A fellow reports findings on the page of their case.")),
}


def _name(finding: Finding) -> object:
    system = f"{finding.system} {finding.system_version}"
    url = route_to("findings:detail", finding.ref)
    return cells.link(url, finding.title, finding.ref, finding.technique, system)


def _clock(finding: Finding) -> object:
    calendar = calendars.of(finding.program_id)
    return cells.due(finding.due_at, calendar, done=finding.state in SETTLED)


def _owner(finding: Any) -> object:
    return cells.shown(finding.owner_name)


FINDINGS: tuple[Column[Any], ...] = (
    Column(say("Finding"), _name, sort="ref"),
    Column(say("Severity"), severity, sort="severity"),
    Column(say("Disposition"), cells.display(Finding, "state")),
    Column(say("Clock"), _clock, sort="due", num=True),
    Column(say("First missing link"), gap),
    Column(say("Owner"), _owner),
)


_type = cells.display(Control, "control_type")


def _control(control: Control) -> object:
    url = route_to("findings:control", control.ref)
    return cells.link(url, control.title, control.ref, _type(control), control.owner)


def _measured(control: Control) -> object:
    found = control.comparison()
    if found is None:
        return say("not measured on both sides")
    return cells.beside(verdict(found.verdict), found.before, "→", found.after)


CONTROLS: tuple[Column[Control], ...] = (
    Column(say("Control"), _control),
    Column(
        say("Answers"),
        lambda c: cells.link(route_to("findings:detail", c.finding.ref), c.finding.ref),
    ),
    Column(say("Family"), cells.display(Control, "family")),
    Column(say("State"), lambda c: cells.state(c.state, c.get_state_display())),
    Column(say("Verdict"), _measured),
)


_SHOWN = (
    *("pk", "ref", "title", "technique", "system", "system_version", "program_id", "due_at"),
    *("severity", "cvss_score", "state", "claim", "closure", "actionable", "owner_name"),
    *("has_dataset", "has_access", "progress", "converted", "excepted_until"),
)


@read
def _shown(keys: list[int], at: dt.datetime) -> QuerySet[Finding, Any]:
    """What the columns read, by name: making records of it would take longer than reading it."""
    found: Any = Finding.objects.filter(pk__in=keys).order_by()
    found = found.annotate(owner_name=F("product_owner__name")).with_links(at)
    return found.values_list(*_SHOWN, named=True)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Tab:
    """One queue as a tab."""

    label: str
    url: str
    count: str
    current: bool


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """The queue: one of the person's, narrowed by what the address says."""
    if not request.GET and (first := _first(request.user.pk)):
        return redirect(first[0].get_absolute_url())
    desk = Desk.of(request.user)
    given = request.GET.copy()
    if given.get("queue") not in desk.keys:
        given["queue"] = "all" if given.get("batch") else desk.opens_with
    key = str(given["queue"])
    chosen = QueueFilter(given, queryset=Finding.objects.none(), request=request, desk=desk)
    at = now()
    page, beside = paginate_keys(
        request,
        lambda order, *bounds: _keys(desk, chosen, at, order, bounds),
        lambda keys: _shown(keys, at),
        sort=SORTS,
        default="due",
    )
    if not chosen.applied:
        desk.counted[key] = page.total
    overdue = sum(beside)
    table = Table(
        say("Findings"),
        FINDINGS,
        page,
        page,
        empty=EMPTY[key][0],
        hint=EMPTY[key][1],
        narrowed=chosen.applied,
        dense=True,
        pick=(lambda finding: finding.ref) if desk.works else None,
    )
    context = {
        "page": page,
        "table": table,
        "filter": chosen,
        "overdue": overdue,
        "many": overdue > OVERDUE_LIMIT,
        "desk": desk,
        "key": key,
        "title": TITLES[key] if len(desk.keys) > 1 else say("Findings"),
        "tabs": _tabs(given, desk, key) if len(desk.keys) > 1 else [],
        "narrowed": bool(chosen.applied),
        "length": words(desk.count(key)) if chosen.applied else "",
        "query": query_of(given, queue=key),
        "saved": _saved(request, given, key) if desk.reads else [],
        "actions": ACTIONS.values(),
        "whole": page.total_text if 0 < page.total <= policy.AT_ONCE else "",
    }
    return render(request, "findings/queue.html", context)


def _keys(
    desk: Desk, chosen: QueueFilter, at: dt.datetime, order: str, bounds: tuple[int, int]
) -> list[tuple[int, ...]]:
    """A page of the queue by its keys: how many there are, and how many overdue, with each."""
    start, limit = bounds
    if (set_ := chosen.chosen) is None or desk.covers:
        rows: Any = chosen.filter_queryset(desk.visible.with_clock())
        return list(keys_of(rows, SORTS, order, start or None, limit, _overdue(rows, at)))
    asked = _asked if desk.reads else _asked_of_few
    return asked(
        *(desk.user, at, start, set_.keys or [0], set_.words or [""]),
        shape=set_.shape,
        order=order,
        limit=limit,
        first=not start,
    )


def _queue(
    user: Any,
    at: dt.datetime,
    start: int,
    keys: list[int],
    words: list[str],
    *,
    shape: Shape,
    order: str,
    limit: int,
    first: bool,
) -> QuerySet[Finding, Any]:
    desk = Desk(user)
    rows: Any = QueueFilter.narrowed(desk.visible.with_clock(), shape, keys, words, desk=desk)
    begin = None if first else start
    counted = _counted(desk, dict(shape))
    return keys_of(rows, SORTS, order, begin, limit, _overdue(rows, at), counted=counted)


def _counted(desk: Desk, chosen: dict[str, Any]) -> QuerySet[Control, Any] | None:
    """As many as have a control of a family: controls know their programme by themselves."""
    family = chosen.pop("family", "none")
    if family == "none" or chosen not in ({}, {"queue": "all"}):
        return None
    controls: Any = Control.objects.visible_to(desk.user).exclude(state=ControlState.WITHDRAWN)
    return controls.filter(family=family).values("finding").distinct()  # type: ignore[no-any-return]


_asked = read_for(_queue)
_asked_of_few = read_for(_queue, anew=True)
"""Of those who see some cases alone: how many these are decides how they are put in order."""


def _overdue(rows: FindingQuerySet, at: dt.datetime) -> Length:
    return Length(rows.overdue(at).order_by().values("pk")[: OVERDUE_LIMIT + 1])


def _tabs(given: QueryDict, desk: Desk, current: str) -> list[Tab]:
    found = []
    for key in desk.keys:
        query = given.copy()
        query["queue"] = key
        query.pop("page", None)
        query.pop("batch", None)
        url = f"?{query.urlencode()}"
        found.append(Tab(LABELS[key], url, words(desk.count(key)), key == current))
    return found


def _saved(request: HttpRequest, given: QueryDict, key: str) -> list[tuple[SavedFilter, bool]]:
    """The filters at hand, and which of them this is."""
    this = query_of(given, queue=key)
    return [(saved, saved.query == this) for saved in _at_hand(request.user, now())]


@read_for
def _at_hand(user: Any, at: dt.datetime) -> QuerySet[SavedFilter]:
    rows: Any = SavedFilter.objects.visible_to(user).order_by("name", "id")[:30]
    return rows  # type: ignore[no-any-return]


@read
def _first(key: int) -> QuerySet[SavedFilter]:
    """The filter that the person's queue opens with."""
    return SavedFilter.objects.filter(owner_id=key, is_default=True)[:1]


@read
def _with_counts(keys: list[int]) -> QuerySet[Control]:
    """With what `comparison` reads: the metric each is judged by, and its counts."""
    judged = ControlMetric.objects.filter(role=MetricRole.PRIMARY)
    found: QuerySet[Control] = Control.objects.filter(pk__in=keys).order_by()
    return (
        found.select_related("finding", "owner")
        .only(
            *("ref", "title", "control_type", "family", "state"),
            *("finding__ref", "owner__name", "owner__email"),
        )
        .prefetch_related(Prefetch("metrics", judged), "metrics__measurements")
    )


@read_for
def _control_keys(
    user: Any, at: dt.datetime, start: int, *, order: str, limit: int, first: bool
) -> QuerySet[Control, Any]:
    rows: Any = Control.objects.visible_to(user)
    return keys_of(rows, NEWEST, order, None if first else start, limit)


@login_required
def controls(request: HttpRequest) -> HttpResponse:
    """Controls with their verdicts."""
    read_what_is_held(request.user)
    at = now()
    page, _ = paginate_keys(
        request,
        lambda order, start, limit: _control_keys(
            request.user, at, start, order=order, limit=limit, first=not start
        ),
        _with_counts,
        sort=NEWEST,
        default="new",
    )
    table = Table(
        say("Controls"),
        CONTROLS,
        page,
        page,
        empty=say("No control yet."),
        hint=say("A control is planned on the page of the finding that it answers."),
    )
    return render(request, "findings/controls.html", {"page": page, "table": table})
