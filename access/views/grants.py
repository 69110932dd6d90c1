"""Agreements to accept; grants and what was used of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import agreement as wording
from access import enforced, policy, services, usage
from access.asking_forms import NarrowForm, granted_now
from access.cells import LIVE, SHUT, of_dataset, standing
from access.checks import rows_in_words
from access.models import Agreement, Grant
from access.places import reads
from access.reach import granted_to
from access.standing import of_grant
from fellowship.history.queries import latest
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import seen_key, visible_or_404
from fellowship.web.tables import paginate
from governance.services import conditions_met
from scoping.frame import posted


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
    found = visible_or_404(Agreement.objects.select_related("request"), request.user, ref=ref)
    return act(
        request,
        lambda: services.accept_agreement(
            agreement=found,
            by=request.user,  # type: ignore[arg-type]
            text_hash=request.POST.get("text_hash", ""),
        ),
        success=say("Accepted. Access opens once every condition of the board is verified.")
        if conditions_met(found.request)
        else say("Accepted. Access opens on the first day it names."),
        to=found.get_absolute_url(),
    )


def _rows(grants: QuerySet[Grant]) -> Any:
    return grants.select_related("dataset", "fellowship", "person", "agreement")


def own(at: dt.datetime, closed: Collection[tuple[int, int]] = ()) -> tuple[Column[Grant], ...]:
    """The columns of one's own grants; `closed`: by case and dataset, where nothing is allowed."""

    def stands(grant: Grant) -> object:
        said = standing(grant, at)
        if said == LIVE and (grant.fellowship_id, grant.dataset_id) in closed:
            return cells.beside(
                cells.tag(say("Closed now"), "bad"), cells.meta(say("see why below"))
            )
        return cells.tag(*said)

    def ends(grant: Grant) -> object:
        live = standing(grant, at) == LIVE
        calendar = calendars.of(grant.program_id)
        shown = cells.due if live else cells.until
        return shown(grant.ends_at, calendar)

    return (
        Column(say("Dataset"), lambda g: of_dataset(g, g.fellowship.ref)),
        Column(say("Grant"), stands),
        Column(say("Ends"), ends, sort="ends", num=True),
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
        '<a class="btn quiet" href="{}">{}</a>',
        *(reverse("access:catalogue"), say("Look at the datasets")),
    )
    shown = [
        (case, granted_to(case, at, request.user))  # type: ignore[arg-type]
        for case in live[:3]
    ]
    closed = {
        (case.pk, one.dataset.pk) for case, found in shown for one in found.rows if not one.allowed
    }
    context = {
        "page": page,
        "table": Table(
            say("Your grants"),
            own(at, closed),
            page,
            page,
            empty=say("Nothing is granted to you yet."),
            hint=look,
        ),
        "cases": [(case, found, calendars.of(case.program_id)) for case, found in shown],
    }
    return render(request, "access/grants.html", context)


@login_required
def grant(request: HttpRequest, ref: str) -> HttpResponse:
    """One grant: what was granted against what was used."""
    user: Any = request.user
    found = _whole(seen_key(Grant, user, ref=ref))[0]
    stands = standing(found, now())
    context = {
        "it": found,
        "stands": SHUT if stands == LIVE and conditions_met(found.request) else stands,
        "standing": of_grant(found),
        "calendar": calendars.of(found.program_id),
        "enforced": _enforced(found),
        "used": usage.of(found),
        "rows": rows_in_words(found.dataset, found.row_filters),
        "narrowed": Grant.objects.filter(narrows=found).only("ref").first()
        if found.revoked_at
        else None,
        "renewal": policy.renewal_of(found),
        "may_renew": policy.may_renew(found, user),
        "may_narrow": policy.may_narrow(found, user),
        "renew_url": reverse("access:renew", args=[found.ref]),
        "narrow_url": reverse("access:narrow", args=[found.ref]),
        "reads_case": reads(found.fellowship, user),
        "revoke_url": reverse("access:revoke", args=[found.ref]),
        "may_revoke": policy.may_revoke(found, user),
        "events": latest(found, 20),
    }
    return render(request, "access/grant.html", context)


@read
def _whole(key: int) -> QuerySet[Grant]:
    """The grant with all its page says of it."""
    rows: QuerySet[Grant] = _rows(Grant.objects.filter(pk=key))
    return rows.select_related(
        *("request__fellowship__program__realm", "decision__matter", "approved_by", "handling"),
        *("fellowship__program__realm", "fellowship__fellow", "fellowship__mentor"),
        *("narrows", "request__renews", "revoked_by"),
    )


def _enforced(found: Grant) -> object:
    """Which systems enforce it, in a line; nothing where none serves the dataset."""
    pair = (found.person_id, found.dataset_id)
    rows = enforced.of([found.person_id], [found.dataset_id]).get(pair)
    return enforced.line(rows, found, now()) if rows else ""


@login_required
def narrow(request: HttpRequest, ref: str) -> HttpResponse:
    """Leave out of a live grant what is not needed; it takes effect at once."""
    rows = _rows(Grant.objects.select_related("fellowship__program", "fellowship__fellow"))
    found = visible_or_404(rows, request.user, ref=ref)
    used = usage.of(found)
    form = NarrowForm(posted(request), grant=found, initial=granted_now(found))
    return form_verb(
        request,
        form,
        lambda: services.narrow_grant(
            grant=found,
            by=request.user,  # type: ignore[arg-type]
            **form.left(),
        ),
        template="access/narrow.html",
        context=lambda: {
            "it": found,
            "used": used,
            "refusal": policy.may_narrow(found, request.user),  # type: ignore[arg-type]
        },
        to=Grant.get_absolute_url,
        success=say("Narrowed. What you left out is closed from this moment."),
    )


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
        success=say("Revoked. Access is closed from this moment."),
        to=found.get_absolute_url(),
    )
