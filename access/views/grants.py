"""Agreements to accept; grants and what was used of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, Max, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import agreement as wording
from access import enforced, policy, services
from access.cells import LIVE, of_dataset, standing
from access.models import AccessEvent, Agreement, Grant
from access.reach import WhatMay, matrix
from access.standing import of_grant
from access.states import Operation, Verdict
from fellowship.history.queries import timeline
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.actions import act, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate


@login_required
def agreement(request: HttpRequest, ref: str) -> HttpResponse:
    """The text of one agreement, and its acceptance."""
    rows = Agreement.objects.select_related(
        "person", "accepted_by", "request__dataset", "request__fellowship"
    )
    found = visible_or_404(rows, request.user, ref=ref)
    context = {
        "it": found,
        "intact": wording.text_hash(found.text) == found.text_hash,
        "may_accept": policy.may_accept(found, request.user),  # type: ignore[arg-type]
        "mine": request.user == found.person,
        "accept_url": reverse("access:accept", args=[found.ref]),
    }
    return render(request, "access/agreement.html", context)


@verb
def accept(request: HttpRequest, ref: str) -> HttpResponse:
    """Accept exactly the text that was shown."""
    found = visible_or_404(Agreement, request.user, ref=ref)
    return act(
        request,
        lambda: services.accept_agreement(
            agreement=found,
            by=request.user,  # type: ignore[arg-type]
            text_hash=request.POST.get("text_hash", ""),
        ),
        success="Accepted. Access opens on the first day it names.",
        to=found.get_absolute_url(),
    )


def _rows(grants: QuerySet[Grant]) -> Any:
    return grants.select_related("dataset", "fellowship", "person", "agreement")


def own(at: dt.datetime) -> tuple[Column[Grant], ...]:
    """The columns of one's own grants."""

    def ends(grant: Grant) -> object:
        live = standing(grant, at) == LIVE
        calendar = calendars.of(grant.program_id)
        shown = cells.due if live else cells.until
        return shown(grant.ends_at, calendar)

    return (
        Column("Dataset", lambda g: of_dataset(g, g.fellowship.ref)),
        Column("Grant", lambda g: cells.tag(*standing(g, at))),
        Column("Ends", ends, sort="ends", num=True),
    )


@login_required
def grants(request: HttpRequest) -> HttpResponse:
    """One's own grants, and what may be done now in each of one's cases."""
    mine = _rows(Grant.objects.visible_to(request.user).filter(person_id=request.user.pk))
    page = paginate(request, mine, sort={"ends": "ends_at", "ref": "ref"})
    at = now()
    cases = {row.fellowship_id: row.fellowship for row in page}
    live = [case for case in cases.values() if case.is_under_way()]
    look = markup(
        '<a class="btn quiet" href="{}">Look at the datasets</a>', reverse("access:catalogue")
    )
    context = {
        "page": page,
        "table": Table(
            "Your grants", own(at), page, page, empty="Nothing is granted to you yet.", hint=look
        ),
        "cases": [
            (case, WhatMay(matrix(case, at), [], False), calendars.of(case.program_id))
            for case in live[:3]
        ],
    }
    return render(request, "access/grants.html", context)


@login_required
def grant(request: HttpRequest, ref: str) -> HttpResponse:
    """One grant: what was granted against what was used."""
    related = ("request__fellowship__program", "decision__matter", "approved_by", "handling")
    rows = _rows(Grant.objects.select_related(*related))
    found = visible_or_404(rows, request.user, ref=ref)
    context = {
        "it": found,
        "stands": standing(found, now()),
        "standing": of_grant(found),
        "calendar": calendars.of(found.program_id),
        "used": usage(found),
        "enforced": _enforced(found),
        "revoke_url": reverse("access:revoke", args=[found.ref]),
        "may_revoke": policy.may_revoke(found, request.user),  # type: ignore[arg-type]
        "events": timeline(found)[:20],
    }
    return render(request, "access/grant.html", context)


def _enforced(found: Grant) -> object:
    """Which systems enforce it, in a line; nothing where none serves the dataset."""
    pair = (found.person_id, found.dataset_id)
    rows = enforced.of([found.person_id], [found.dataset_id]).get(pair)
    return enforced.line(rows, now()) if rows else ""


@verb
def revoke(request: HttpRequest, ref: str) -> HttpResponse:
    """End a grant now."""
    found = visible_or_404(Grant, request.user, ref=ref)
    return act(
        request,
        lambda: services.revoke_grant(
            grant=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success="Revoked. Access is closed from this moment.",
        to=found.get_absolute_url(),
    )


def usage(found: Grant) -> list[dict[str, Any]]:
    """Each operation granted or tried: how often within, how often not, when last.

    Of acts that no grant covers, those after this one began and before the next did.
    """
    same = {
        "fellowship_id": found.fellowship_id,
        "dataset_id": found.dataset_id,
        "person_id": found.person_id,
    }
    later = Grant.objects.filter(starts_at__gt=found.starts_at, **same).order_by("starts_at")
    uncovered = Q(grant=None) & (~Exists(later) | Q(at__lt=Subquery(later.values("starts_at")[:1])))
    counted = (
        AccessEvent.objects.filter(at__gte=found.starts_at, **same)
        .filter(Q(grant=found) | uncovered)
        .order_by()
        .values("operation", "verdict")
        .annotate(number=Count("*"), last=Max("at"))
    )
    rows: dict[str, dict[str, Any]] = {
        op: {
            "operation": str(Operation(op).label),
            "granted": op in found.operations,
            "within": 0,
            "outside": 0,
            "last": None,
        }
        for op in Operation.values
    }
    for one in counted:
        row = rows[one["operation"]]
        row["within" if one["verdict"] == Verdict.WITHIN else "outside"] += one["number"]
        row["last"] = max(filter(None, (row["last"], one["last"])))
    return [row for row in rows.values() if row["granted"] or row["last"]]
