"""The steward's desk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from access.cells import of_dataset, tier
from access.models import AccessRequest, DeletionCertificate, Grant
from access.states import OPEN_REQUEST, RequestState
from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import keys_of, paginate_keys

SORTS = {"newest": "-id", "ref": "ref", "state": "state", "asked": "created_at"}
_NAMES = ("ref", "dataset__name", "fellowship__ref", "fellowship__program_id")
_PERSON = ("person__name", "person__email")


def _on(row: AccessRequest | DeletionCertificate, at: dt.datetime) -> object:
    """The day of the programme it was done on."""
    return cells.when(at, "short", calendars.of(row.program_id))


REQUESTS: tuple[Column[AccessRequest], ...] = (
    Column(say("Request"), of_dataset, sort="ref"),
    Column(say("For"), lambda r: markup("{}{}", r.person, cells.meta(r.fellowship.ref))),
    Column(say("State"), lambda r: cells.state(r.state, r.get_state_display()), sort="state"),
    Column(say("Tier"), lambda r: tier(r.dataset)),
    Column(say("Asked"), lambda r: _on(r, r.created_at), sort="asked", num=True),
)
ENDING: tuple[Column[Grant], ...] = (
    Column(say("Dataset"), of_dataset),
    Column(say("Person"), lambda g: g.person),
    Column(say("Ends"), lambda g: cells.due(g.ends_at, calendars.of(g.program_id)), num=True),
)
DELETIONS: tuple[Column[DeletionCertificate], ...] = (
    Column(say("Dataset"), lambda c: of_dataset(c, c.fellowship.ref)),
    Column(say("Confirmed by"), lambda c: c.performed_by),
    Column(say("When"), lambda c: _on(c, c.performed_at), num=True),
)


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """What waits at the steward's desk: requests, grants about to end, deletions to verify."""
    programs = realm_ids_where(request.user, roles.STEWARD, roles.MANAGER)
    if not programs:
        raise Http404
    user, at, every = request.user, now(), request.GET.get("show") == "all"
    page, _ = paginate_keys(
        request,
        lambda order, start, limit: _requests(
            *(user, at, start, programs), order=order, limit=limit, first=not start, every=every
        ),
        _asked,
        sort=SORTS,
        default="newest",
    )
    ending, deletions = _ending(user, at, programs), _deletions(user, at, programs)
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
            say("Grants that end next"),
            ENDING,
            ending,
            empty=say("No grant is live."),
            hint=say("A grant begins when its request is approved and the agreement accepted."),
        ),
        "deletions": Table(
            say("Deletions to verify"),
            DELETIONS,
            deletions,
            empty=say("No deletion waits."),
            hint=say("When a grant ends, its fellow confirms the deletion; you verify it here."),
        ),
    }
    return render(request, "access/desk.html", context)


@read_for
def _requests(
    user: Any,
    at: dt.datetime,
    start: int,
    programs: list[int],
    *,
    order: str,
    limit: int,
    first: bool,
    every: bool,
) -> QuerySet[AccessRequest, Any]:
    rows = _of(AccessRequest, user, programs)
    if not every:
        rows = rows.filter(state__in=[*OPEN_REQUEST, RequestState.APPROVED])
    return keys_of(rows, SORTS, order, None if first else start, limit)


@read
def _asked(keys: list[int]) -> QuerySet[AccessRequest]:
    rows = AccessRequest.objects.filter(pk__in=keys).order_by()
    read_along = rows.select_related("dataset", "fellowship", "person")
    return read_along.only("state", "created_at", "dataset__tier", *_NAMES, *_PERSON)


@read_for
def _ending(user: Any, at: dt.datetime, programs: list[int]) -> QuerySet[Grant]:
    rows: Any = _of(Grant, user, programs).select_related("dataset", "fellowship", "person")
    live: QuerySet[Grant] = rows.live(at).order_by("ends_at")
    return live.only("ends_at", *_NAMES, *_PERSON)[:20]


@read_for
def _deletions(user: Any, at: dt.datetime, programs: list[int]) -> QuerySet[DeletionCertificate]:
    rows: Any = _of(DeletionCertificate, user, programs)
    waiting: QuerySet[DeletionCertificate] = rows.unverified().select_related(
        "dataset", "fellowship", "performed_by"
    )
    return waiting.only("performed_at", "performed_by__name", "performed_by__email", *_NAMES)[:50]


def _of(model: Any, user: Any, programs: list[int]) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.visible_to(user)
    return found.filter(fellowship__program_id__in=programs)
