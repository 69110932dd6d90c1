"""The steward's desk."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from access.cells import of_dataset, tier
from access.models import AccessRequest, DeletionCertificate, Grant
from access.states import OPEN_REQUEST, RequestState
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import paginate

SORTS = {"ref": "ref", "state": "state", "asked": "created_at"}
_NAMES = ("ref", "dataset__name", "fellowship__ref", "fellowship__program_id")
_PERSON = ("person__name", "person__email")

REQUESTS: tuple[Column[AccessRequest], ...] = (
    Column(say("Request"), of_dataset, sort="ref"),
    Column(say("For"), lambda r: markup("{}{}", r.person, cells.meta(r.fellowship.ref))),
    Column(say("State"), lambda r: cells.state(r.state, r.get_state_display()), sort="state"),
    Column(say("Tier"), lambda r: tier(r.dataset)),
    Column(say("Asked"), lambda r: cells.when(r.created_at, "short"), sort="asked", num=True),
)
ENDING: tuple[Column[Grant], ...] = (
    Column(say("Dataset"), of_dataset),
    Column(say("Person"), lambda g: g.person),
    Column(say("Ends"), lambda g: cells.due(g.ends_at, calendars.of(g.program_id)), num=True),
)
DELETIONS: tuple[Column[DeletionCertificate], ...] = (
    Column(say("Dataset"), lambda c: of_dataset(c, c.fellowship.ref)),
    Column(say("Confirmed by"), lambda c: c.performed_by),
    Column(say("On"), lambda c: cells.when(c.performed_at, "short"), num=True),
)


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits at the steward's desk: requests, grants about to end, deletions to verify."""
    programs = realm_ids_where(request.user, roles.STEWARD, roles.MANAGER)
    if not programs:
        raise Http404
    page = paginate(request, _requests(request, programs), sort=SORTS)
    ending, deletions = _ending(request, programs), _deletions(request, programs)
    context = {
        "page": page,
        "requests": Table(
            say("Requests"),
            REQUESTS,
            page,
            page,
            empty=say("No request waits."),
            hint=say("Requests come here when a fellow asks for data."),
        ),
        "ending": Table(
            say("Grants that end next"), ENDING, ending, empty=say("No grant is live.")
        ),
        "deletions": Table(
            say("Deletions to verify"), DELETIONS, deletions, empty=say("No deletion waits.")
        ),
    }
    return render(request, "access/desk.html", context)


def _requests(request: HttpRequest, programs: list[int]) -> QuerySet[AccessRequest]:
    rows: QuerySet[AccessRequest] = _of(AccessRequest, request, programs, "person")
    if request.GET.get("show") != "all":
        rows = rows.filter(state__in=[*OPEN_REQUEST, RequestState.APPROVED])
    return rows.only("state", "created_at", "dataset__tier", *_NAMES, *_PERSON)


def _ending(request: HttpRequest, programs: list[int]) -> QuerySet[Grant]:
    rows: Any = _of(Grant, request, programs, "person")
    live: QuerySet[Grant] = rows.live(now()).order_by("ends_at")
    return live.only("ends_at", *_NAMES, *_PERSON)[:20]


def _deletions(request: HttpRequest, programs: list[int]) -> QuerySet[DeletionCertificate]:
    rows: Any = _of(DeletionCertificate, request, programs, "performed_by")
    waiting: QuerySet[DeletionCertificate] = rows.unverified()
    return waiting.only("performed_at", "performed_by__name", "performed_by__email", *_NAMES)[:50]


def _of(model: Any, request: HttpRequest, programs: list[int], person: str) -> QuerySet[Any]:
    visible = model.objects.visible_to(request.user)
    found: QuerySet[Any] = visible.filter(fellowship__program_id__in=programs)
    return found.select_related("dataset", "fellowship", person)
