"""Who reports: the batches they sent, what was refused, and whom they mean by their names."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Exists, Max, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from access import services
from access.forms import BatchFilter, IdentityForm
from access.models import AccessEvent, EventBatch, SourceIdentity
from access.models.requests import ACCESS_STAFF
from access.states import Verdict
from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.history.models import Event
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import begun, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.actions import act, form_page, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

LOOKED_BACK: Final = dt.timedelta(days=180)
UNKNOWN_SHOWN: Final = 50


def _outside(batch: EventBatch) -> int:
    return batch.count - int(batch.verdicts.get(Verdict.WITHIN, 0))


def _number(count: int, tone: str = "") -> object:
    return cells.tag(f"{count:,}", tone) if count and tone else f"{count:,}"


BATCHES: tuple[Column[EventBatch], ...] = (
    Column(
        say("Batch"), lambda b: cells.link(route_to("access:batch", b.pk), begun(b.ref), b.source)
    ),
    Column(say("Kept"), lambda b: _number(b.count), num=True),
    Column(say("Out of scope"), lambda b: _number(_outside(b), "bad"), num=True),
    Column(say("Late"), lambda b: _number(b.late), num=True),
    Column(say("Duplicate"), lambda b: _number(b.duplicates), num=True),
    Column(say("Refused"), lambda b: _number(b.refused, "warn"), num=True),
    Column(say("Conflict"), lambda b: _number(b.conflicts, "bad"), num=True),
    Column(say("Received"), lambda b: cells.unbroken(cells.when(b.received_at)), num=True),
)
REFUSALS: tuple[Column[dict[str, Any]], ...] = (
    Column(say("Row"), lambda r: f"{r['index'] + 1:,}"),
    Column(say("Code"), lambda r: cells.unbroken(r["code"])),
    Column(say("Reason"), lambda r: r["reason"]),
)
UNKNOWN: tuple[Column[dict[str, Any]], ...] = (
    Column(say("Name"), lambda r: cells.link(_naming(r), r["identity"], r["source"])),
    Column(say("Events"), lambda r: f"{r['events']:,}", num=True),
    Column(say("Latest"), lambda r: cells.unbroken(cells.when(r["latest"])), num=True),
)


def _naming(row: dict[str, Any]) -> str:
    names = {key: row[key] for key in ("program", "source", "identity")}
    return f"{reverse('access:name')}?{urlencode(names)}"


@login_required
def batches(request: HttpRequest) -> HttpResponse:
    """What was reported together, the latest first."""
    if not holds_anywhere(request.user, *ACCESS_STAFF):
        raise Http404
    rows = EventBatch.objects.visible_to(request.user).defer("digests", "refusals")
    found = BatchFilter(request.GET, queryset=rows, request=request)
    page = paginate(request, found.qs)
    table = Table(
        say("Batches, the latest first"),
        BATCHES,
        page,
        page,
        empty=say("Nothing was reported yet."),
        hint=say("What a system reports at once stands here as a batch, with what was refused."),
        narrowed=found.applied,
    )
    return render(request, "access/batches.html", {"filter": found, "page": page, "table": table})


@login_required
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: its counts, its first refused rows, and its root in the ledger."""
    rows = EventBatch.objects.select_related("program").defer("digests")
    found = visible_or_404(rows, request.user, pk=pk)
    context = {
        "it": found,
        "outside": _outside(found),
        "verdicts": [(Verdict(key).label, count) for key, count in sorted(found.verdicts.items())],
        "refusals": Table(
            say("Refused rows"), REFUSALS, found.refusals, empty=say("Nothing was refused.")
        ),
        "bound": Event.objects.about(found).first(),
    }
    return render(request, "access/batch.html", context)


@login_required
def names(request: HttpRequest) -> HttpResponse:
    """Names nobody is known by, with how often they came; and those the steward explained."""
    programs = realm_ids_where(request.user, *ACCESS_STAFF)
    if not programs:
        raise Http404
    told = SourceIdentity.objects.visible_to(request.user).in_force()
    page = paginate(request, told, then=lambda rows: rows.select_related("person", "program"))
    context = {
        "unknown": Table(
            say("Who is this?"),
            UNKNOWN,
            _unknown(programs),
            empty=say("Everybody reported is known."),
            hint=say(
                "A name in a report that belongs to nobody stands here until it is explained."
            ),
        ),
        "page": page,
        "may": holds_anywhere(request.user, roles.STEWARD),
    }
    return render(request, "access/names.html", context)


def _unknown(programs: list[int]) -> list[dict[str, Any]]:
    told = SourceIdentity.objects.in_force().filter(
        program=OuterRef("program"), source=OuterRef("source"), identity=OuterRef("identity")
    )
    rows = AccessEvent.objects.outside().filter(
        ~Exists(told),
        program_id__in=programs,
        verdict=Verdict.UNKNOWN_PERSON,
        at__gte=now() - LOOKED_BACK,
    )
    by = rows.order_by().values("program", "source", "identity")
    found = by.annotate(events=Count("id"), latest=Max("at"))
    return [dict(row) for row in found.order_by("-events", "identity")[:UNKNOWN_SHOWN]]


@login_required
def name(request: HttpRequest) -> HttpResponse:
    """The steward says whom a source means by a name."""
    programs = Program.objects.filter(pk__in=realm_ids_where(request.user, roles.STEWARD))
    if not programs:
        raise Http404
    asked = {key: request.GET.get(key, "") for key in ("program", "source", "identity")}
    form = IdentityForm(request.POST or None, initial=asked, by=request.user, programs=programs)
    if request.method != "POST":
        return form_page(request, "access/name.html", form)
    return form_verb(
        request,
        form,
        lambda: services.name_identity(
            by=request.user,  # type: ignore[arg-type]
            **form.cleaned_data,
        ),
        template="access/name.html",
        context=dict,
        to=reverse("access:names"),
        success=say("Events that come in from now on are known by this name."),
    )


@verb
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back whom a name means."""
    found = visible_or_404(SourceIdentity, request.user, pk=pk)
    return act(
        request,
        lambda: services.forget_identity(named=found, by=request.user),  # type: ignore[arg-type]
        success=say("The name means nobody from now on."),
        to=reverse("access:names"),
    )
