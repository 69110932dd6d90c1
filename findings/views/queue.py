"""The triage queue and the list of controls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from fellowship.kernel.prepared import read
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.routes import route_to
from fellowship.web.tables import COUNT_LIMIT, paginate
from findings import policy
from findings.cells import severity, verdict
from findings.chain import gap
from findings.filters import QueueFilter, query_of
from findings.models import Control, ControlMetric, Finding, SavedFilter
from findings.queues import LABELS, Desk, words
from findings.services.bulk import ACTIONS
from findings.states import SETTLED, MetricRole

OVERDUE_LIMIT = 100
"""More than this are told as “100+”: enough to know, and quick to count."""
SORTS = {"due": "clock", "severity": "-severity_rank", "ref": "-id"}
TITLES = {
    "mine": "My queue",
    "unassigned": "Unassigned findings",
    "team": "Findings with others",
    "all": "All findings",
}
EMPTY = {
    "mine": ("Nothing is yours to answer.", "Take something from the unassigned."),
    "unassigned": ("Every finding has an owner.", ""),
    "team": ("Nobody else owns an open finding.", ""),
    "all": ("No finding yet.", ""),
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


FINDINGS: tuple[Column[Finding], ...] = (
    Column("Finding", _name, sort="ref"),
    Column("Severity", severity, sort="severity"),
    Column("Disposition", cells.display(Finding, "state")),
    Column("Clock", _clock, sort="due", num=True),
    Column("First missing link", gap),
    Column("Owner", _owner),
)


_type = cells.display(Control, "control_type")


def _control(control: Control) -> object:
    url = route_to("findings:control", control.ref)
    return cells.link(url, control.title, control.ref, _type(control), control.owner)


def _measured(control: Control) -> object:
    found = control.comparison()
    if found is None:
        return "not measured on both sides"
    return cells.beside(verdict(found.verdict), found.before, "→", found.after)


CONTROLS: tuple[Column[Control], ...] = (
    Column("Control", _control),
    Column(
        "Answers",
        lambda c: cells.link(route_to("findings:detail", c.finding.ref), c.finding.ref),
    ),
    Column("Family", cells.display(Control, "family")),
    Column("State", lambda c: cells.state(c.state, c.get_state_display())),
    Column("Verdict", _measured),
)


_NOT_SHOWN = (
    *("conditions", "setting", "severity_reason", "reproduction", "harm_note", "rationale"),
    *("embargo_reason", "cvss_vector", "mapping", "finding_class", "confidence", "look_again_at"),
)


@read
def _shown(keys: list[int], at: dt.datetime) -> QuerySet[Finding]:
    found: Any = Finding.objects.filter(pk__in=keys).order_by().defer(*_NOT_SHOWN)
    return found.annotate(owner_name=F("product_owner__name")).with_links(at)  # type: ignore[no-any-return]


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
    if not request.GET and (first := SavedFilter.objects.first_of(request.user).first()):
        return redirect(first.get_absolute_url())
    desk = Desk.of(request.user)
    given = request.GET.copy()
    if given.get("queue") not in desk.keys:
        given["queue"] = "all" if given.get("batch") else desk.opens_with
    key = str(given["queue"])
    chosen = QueueFilter(given, queryset=desk.visible.with_clock(), request=request, desk=desk)
    at = now()
    page = paginate(
        request, chosen.qs, sort=SORTS, default="due", rows=lambda keys: _shown(keys, at)
    )
    if not chosen.applied:
        desk.counted[key] = page.total
    found: Any = chosen.qs
    overdue = found.overdue().order_by().values("pk")[: OVERDUE_LIMIT + 1].count()
    table = Table(
        "Findings",
        FINDINGS,
        page,
        page,
        empty="No finding matches." if chosen.applied else EMPTY[key][0],
        hint="" if chosen.applied else EMPTY[key][1],
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
        "title": TITLES[key] if len(desk.keys) > 1 else "Findings",
        "tabs": _tabs(given, desk, key) if len(desk.keys) > 1 else [],
        "narrowed": bool(chosen.applied),
        "length": words(desk.count(key)) if chosen.applied else "",
        "query": query_of(given, queue=key),
        "saved": _saved(request, given, key) if desk.reads else [],
        "actions": ACTIONS.values(),
        "whole": page.total if page.total <= policy.AT_ONCE < COUNT_LIMIT else 0,
    }
    return render(request, "findings/queue.html", context)


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
    rows = SavedFilter.objects.visible_to(request.user).order_by("name", "id")
    return [(saved, saved.query == this) for saved in rows[:30]]


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


@login_required
def controls(request: HttpRequest) -> HttpResponse:
    """Controls with their verdicts."""
    rows = Control.objects.visible_to(request.user)
    page = paginate(request, rows, sort={"new": "-id"}, default="new", rows=_with_counts)
    table = Table(
        "Controls",
        CONTROLS,
        page,
        page,
        empty="No control yet.",
        hint="A control is planned on the page of the finding that it answers.",
    )
    return render(request, "findings/controls.html", {"page": page, "table": table})
