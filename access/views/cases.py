"""The data of one fellowship: requests, grants, trail, and the button that closes everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import enforced, suspending
from access.cells import of_dataset, standing
from access.models import AccessEvent, AccessRequest, Grant
from access.obligations import deletions
from access.places import reads
from access.reach import grants_of, reachable
from access.states import EventKind
from access.views.suspensions import reach_columns, reached_table
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import cells, charts
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from scoping import casefile, frame
from scoping.models import Fellowship, Suspension
from scoping.policy import may_suspend

REQUESTS: tuple[Column[AccessRequest], ...] = (
    Column(say("Dataset"), of_dataset),
    Column(say("State"), lambda r: cells.state(r.state, r.get_state_display())),
    Column(say("Last day"), lambda r: cells.when(r.ends_on, "short"), num=True),
)


def _granted(
    grants: list[Grant], at: dt.datetime, calendar: WorkCalendar
) -> Iterator[Column[Grant]]:
    """Where a system enforces any of them, also which and since when."""
    where = enforced.of((g.person_id for g in grants), (g.dataset_id for g in grants))
    yield from (
        Column(say("Dataset"), of_dataset),
        Column(say("Person"), lambda g: g.person),
        Column(say("Grant"), lambda g: cells.tag(*standing(g, at))),
        Column(
            say("Ends"),
            lambda g: cells.unbroken(
                cells.when(g.revoked_at, "short")
                if g.revoked_at
                else cells.until(g.ends_at, calendar, "short")
            ),
            num=True,
        ),
    )
    if where:
        pairs = {g.pk: where.get((g.person_id, g.dataset_id), ()) for g in grants}
        yield Column(say("Enforced in"), lambda g: enforced.line(pairs[g.pk], g, at))


def _case(request: HttpRequest, ref: str) -> Fellowship:
    case = frame.load(request, ref)
    if not reads(case, request.user):
        raise Http404
    return case


@login_required
def case(request: HttpRequest, ref: str) -> HttpResponse:
    """What was asked for, granted, used and deleted in one fellowship."""
    found = _case(request, ref)
    file = casefile.of(found)
    context = frame.context(
        request,
        found,
        **_records(request, found, file.at),
        suspension=file.suspension,
        reached=_until_then(file.suspension, found.program.calendar()),
        may_suspend=may_suspend(found, request.user, None),  # type: ignore[arg-type]
        may_suspend_person=suspending.may_suspend(found.program_id, request.user),  # type: ignore[arg-type]
        suspend_url=reverse("access:suspend", args=[found.ref]),
    )
    return render(request, "access/case.html", context)


def _until_then(suspension: Suspension | None, calendar: WorkCalendar) -> Any:
    """What the suspension in force closed; None where there is none or nothing was reachable."""
    if suspension is None or not suspension.reached:
        return None
    return reached_table(suspension.reached, calendar)


def _records(request: HttpRequest, found: Fellowship, at: dt.datetime) -> dict[str, Any]:
    requests = AccessRequest.objects.visible_to(request.user).filter(fellowship=found)
    requests = requests.select_related("dataset").only("ref", "state", "ends_on", "dataset__name")
    grants = grants_of(found)
    reach = reachable(found, at, grants)
    calendar = found.program.calendar()
    return {
        "reach": reach,
        "reachable": Table(
            say("What can be reached through this fellowship now"),
            reach_columns(calendar),
            reach,
            empty=say("Nothing is reachable now."),
        ),
        "requests": Table(
            say("Requests"),
            REQUESTS,
            requests,
            empty=say("Nothing was asked for yet."),
            hint=markup(
                '<a class="btn quiet" href="{}">{}</a>',
                *(reverse("access:catalogue"), say("Look at the datasets")),
            ),
        ),
        "grants": Table(
            say("Grants"),
            tuple(_granted(grants, at, calendar)),
            sorted(grants, key=lambda grant: -grant.pk),
            empty=say("Nothing is granted yet."),
        ),
        "chart": _volumes(found),
        "obligations": [(o, o.url_for(request.user)) for o in deletions(found, at)],
    }


def _volumes(found: Fellowship) -> Any:
    counted = dict(
        AccessEvent.objects.filter(fellowship_id=found.pk)
        .order_by()
        .values_list("kind")
        .annotate(number=Count("*"))
    )
    bars = [
        charts.Bar(str(EventKind(kind).label), counted[kind])
        for kind in EventKind.values
        if kind in counted
    ]
    return (
        charts.bars(bars, title=say("Reported acts by kind"), unit=say("events")) if bars else None
    )
