"""The list of fellowships, and the mentor's weekly screen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import paginate
from scoping.forms import FellowshipFilter
from scoping.models import Fellowship
from scoping.states import FellowshipState

SORTS = {
    "ref": "-id",
    "title": "title",
    "fellow": "fellow__name",
    "stage": "stage_at",
    "ends": "ends_on",
}


def _name(found: Fellowship) -> object:
    url = route_to("scoping:case", found.ref)
    return cells.link(url, found.title, found.ref, found.get_track_display(), found.cohort)


def _stage(found: Any) -> object:
    if found.suspended_now:
        tag = cells.tag(say("Suspended"), "bad")
    elif found.state == FellowshipState.CLOSED:
        tag = cells.tag(say("Closed"), "good")
    else:
        tag = cells.tag(found.stage_label, "accent")
    return markup(
        "<span>{}{}</span>", tag, cells.meta(cells.beside(say("since"), _short(found.stage_at)))
    )


def _ends(found: Fellowship) -> object:
    if found.ended_at:
        return cells.meta(cells.beside(say("ended"), _short(found.ended_at)))
    return _short(found.ends_on)


def _short(day: dt.date) -> object:
    return cells.when(day, "short")


FELLOWSHIPS: tuple[Column[Fellowship], ...] = (
    Column(say("Fellowship"), _name, sort="title"),
    Column(say("Fellow"), lambda f: f.fellow, sort="fellow"),
    Column(say("Mentor"), lambda f: f.mentor or cells.meta(say("none yet"))),
    Column(say("Stage"), _stage, sort="stage"),
    Column(say("Ends"), _ends, sort="ends", num=True),
)


@read
def _shown(keys: list[int], at: dt.datetime) -> QuerySet[Fellowship]:
    found: Any = (
        Fellowship.objects.filter(pk__in=keys)
        .order_by()
        .select_related("fellow", "mentor", "cohort")
    )
    suspended: QuerySet[Fellowship] = found.annotate_suspended(at)
    return suspended


@login_required
@require_safe
def fellowships(request: HttpRequest) -> HttpResponse:
    """The fellowships the person sees, a page at a time."""
    visible = Fellowship.objects.visible_to(request.user)
    filterset = FellowshipFilter(request.GET, queryset=visible)
    at = now()
    page = paginate(
        request, filterset.qs, sort=SORTS, default="ref", rows=lambda keys: _shown(keys, at)
    )
    table = Table(
        say("Fellowships"),
        FELLOWSHIPS,
        page,
        page,
        empty=say("No fellowship yet."),
        hint=say("A fellowship begins when the board accepts a proposal."),
        narrowed=filterset.applied,
    )
    context = {"page": page, "table": table, "filterset": filterset}
    return render(request, "scoping/list.html", context)
