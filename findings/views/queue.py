"""The triage queue and the list of controls."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.routes import route_to
from fellowship.web.tables import paginate
from findings.cells import severity, verdict
from findings.chain import gap
from findings.filters import FindingFilter
from findings.models import Control, Finding
from findings.states import SETTLED

OVERDUE_LIMIT = 100
"""More than this are told as “100+”: enough to know, and quick to count."""
SORTS = {"due": "clock", "severity": "-severity_rank", "ref": "-id"}


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
    Column("Disposition", Finding.get_state_display),
    Column("Clock", _clock, sort="due", num=True),
    Column("First missing link", gap),
    Column("Owner", _owner),
)


def _control(control: Control) -> object:
    url = route_to("findings:control", control.ref)
    kind = control.get_control_type_display()
    return cells.link(url, control.title, control.ref, kind, control.owner)


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
    Column("Family", Control.get_family_display),
    Column("State", lambda c: cells.state(c.state, c.get_state_display())),
    Column("Verdict", _measured),
)


def _shown(rows: QuerySet[Finding]) -> Any:
    found: Any = rows.annotate(owner_name=F("product_owner__name"))
    return found.with_links()


@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """The queue."""
    visible = Finding.objects.visible_to(request.user).with_clock()
    chosen = FindingFilter(request.GET, queryset=visible)
    page = paginate(request, chosen.qs, per_page=50, sort=SORTS, default="due", then=_shown)
    table = Table("Findings", FINDINGS, page, page, empty="No finding matches.", dense=True)
    found: Any = chosen.qs
    overdue = found.overdue().order_by().values("pk")[: OVERDUE_LIMIT + 1].count()
    context = {
        "page": page,
        "table": table,
        "filter": chosen,
        "overdue": overdue,
        "many": overdue > OVERDUE_LIMIT,
    }
    return render(request, "findings/queue.html", context)


@login_required
def controls(request: HttpRequest) -> HttpResponse:
    """Controls with their verdicts."""
    rows = (
        Control.objects.visible_to(request.user)
        .select_related("finding", "owner")
        .prefetch_related("measurements")
    )
    page = paginate(request, rows, per_page=50, sort={"new": "-id"}, default="new")
    table = Table("Controls", CONTROLS, page, page, empty="No control yet.")
    return render(request, "findings/controls.html", {"page": page, "table": table})
