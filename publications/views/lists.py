"""Lists: one's publications, the reviewers' desk, the public register."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import calendars, cells, filters
from fellowship.web.columns import Column, Table
from fellowship.web.tables import paginate
from publications.models import Objection, Publication
from publications.states import UNSETTLED, Kind, PublicationState, WorkClass


class PublicationFilter(filters.FilterSet):
    """Publications by state, kind and words."""

    q = filters.Search(fields=["title", "ref"])
    state = filters.ChoiceFilter(choices=PublicationState.choices, label=say("State"))
    kind = filters.ChoiceFilter(choices=Kind.choices, label=say("Kind"))

    class Meta:
        model = Publication
        fields: list[str] = []


def _name(work: Publication) -> object:
    url = route_to("publications:detail", work.ref)
    return cells.link(url, work.title, work.ref, Kind(work.kind).label, work.fellowship.ref)


def _window(work: Publication) -> object:
    calendar, done = calendars.of(work.program_id), work.state != PublicationState.IN_REVIEW
    return cells.due(work.window_ends_at, calendar, done=done)


WORKS: tuple[Column[Any], ...] = (
    Column(say("Work"), _name, sort="new"),
    Column(say("Class"), lambda p: WorkClass(p.work_class).label),
    Column(say("State"), lambda p: cells.state(p.effective_state(), p.said_state)),
    Column(say("Window"), _window, sort="deadline", num=True),
    Column(say("Open objections"), lambda p: p.open_objections, num=True),
)


def _objections(**narrowed: Any) -> Coalesce:
    """How many there are of a work, counted for the rows of a page alone."""
    rows = Objection.objects.filter(publication=OuterRef("pk"), **narrowed).order_by()
    counted = rows.values("publication").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _with_open(rows: QuerySet[Publication]) -> QuerySet[Publication]:
    found = rows.select_related("fellowship").annotate(
        open_objections=_objections(state__in=UNSETTLED)
    )
    return found.defer("abstract", "acknowledgement")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All publications one may see, those in review first by deadline."""
    visible = Publication.objects.visible_to(request.user)
    chosen = PublicationFilter(request.GET, queryset=visible)
    sort = {"deadline": "window_ends_at", "new": "-id"}
    page = paginate(request, chosen.qs, sort=sort, default="new", then=_with_open)
    table = Table(
        say("Publications"),
        WORKS,
        page,
        page,
        empty=say("No work here yet."),
        hint=say("A fellow begins one from their case; it stands here from its first draft."),
        narrowed=chosen.applied,
    )
    context = {"page": page, "table": table, "filter": chosen}
    return render(request, "publications/index.html", context)
