"""The access trail: what systems reported, with its verdicts."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.cells import act, verdict
from access.forms import TrailFilter
from access.models import AccessEvent
from fellowship.history.models import Event
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

_LINKED = ("person", "dataset", "fellowship", "grant")
_SHOWN = (
    *("at", "identity", "dataset_name", "kind", "operation", "verdict", "clause"),
    *("person__name", "person__email", "dataset__name", "fellowship__ref"),
)

ACTS: tuple[Column[AccessEvent], ...] = (
    Column("Act", act),
    Column("Person", lambda e: e.person or e.identity),
    Column("Dataset", lambda e: e.dataset or cells.shown(e.dataset_name)),
    Column("Verdict", verdict),
    Column("Clause", lambda e: cells.unbroken(e.clause) if e.clause else cells.NONE),
    Column("When", lambda e: cells.unbroken(cells.when(e.at)), num=True),
)


def _shown(rows: QuerySet[AccessEvent]) -> QuerySet[AccessEvent]:
    return rows.select_related("person", "dataset", "fellowship").only(*_SHOWN)


@login_required
def trail(request: HttpRequest) -> HttpResponse:
    """Events the person may see, latest first, narrowed by verdict, kind, person, dataset."""
    events = AccessEvent.objects.visible_to(request.user)
    found = TrailFilter(request.GET, queryset=events, request=request)
    page = paginate(request, found.qs, then=_shown)
    table = Table(
        "Reported acts, the latest first",
        ACTS,
        page,
        empty="No reported act matches.",
        dense=True,
    )
    context = {"filter": found, "page": page, "table": table}
    return render(request, "access/trail.html", context)


@login_required
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: as reported, as judged, and the ledger event its batch is bound to."""
    rows = AccessEvent.objects.select_related(*_LINKED, "batch")
    found = visible_or_404(rows, request.user, pk=pk)
    bound = Event.objects.about(found.batch).first()
    return render(request, "access/event.html", {"it": found, "bound": bound})
