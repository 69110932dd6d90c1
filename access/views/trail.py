"""The access trail: what systems reported, with its verdicts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from access import ocsf
from access.cells import act, verdict, when
from access.forms import TrailFilter
from access.models import AccessEvent, SourceIdentity
from access.models.requests import ACCESS_STAFF
from access.services.exports import record_export
from access.states import Verdict
from access.target_policy import EXPORTERS
from fellowship.accounts.queries import has_role, holds_anywhere, realm_ids_where
from fellowship.accounts.stepup import recently_authenticated
from fellowship.history.models import Event
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from fellowship.programs.models import Program
from fellowship.web import cells, verbs
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance.models import Escalation
from governance.states import EscalationKind

_LINKED = ("person", "dataset", "fellowship", "grant")
_SHOWN = (
    *("at", "late", "identity", "dataset_name", "kind", "operation", "verdict", "clause"),
    *("person__name", "person__email", "dataset__name", "fellowship__ref"),
)

ACTS: tuple[Column[AccessEvent], ...] = (
    Column(say("Act"), act),
    Column(say("Person"), lambda e: e.person or e.identity),
    Column(say("Dataset"), lambda e: e.dataset or cells.shown(e.dataset_name)),
    Column(say("Verdict"), verdict),
    Column(say("Clause"), lambda e: cells.unbroken(e.clause) if e.clause else cells.NONE),
    Column(say("When"), when, num=True),
)


@read
def _shown(keys: list[int]) -> QuerySet[AccessEvent]:
    rows = AccessEvent.objects.filter(pk__in=keys).order_by()
    return rows.select_related("person", "dataset", "fellowship").only(*_SHOWN)


@login_required
def trail(request: HttpRequest) -> HttpResponse:
    """Events the person may see, latest first, narrowed by whom, what, where from and when."""
    events = AccessEvent.objects.visible_to(request.user)
    found = TrailFilter(request.GET, queryset=events, request=request)
    page = paginate(request, found.qs, rows=_shown)
    table = Table(
        say("Reported acts, the latest first"),
        ACTS,
        page,
        empty=say("No act is reported yet."),
        hint=say("Systems report what is done with data; each act is checked."),
        narrowed=found.applied,
        dense=True,
    )
    staff = holds_anywhere(request.user, *ACCESS_STAFF)
    context = {"filter": found, "page": page, "table": table, "staff": staff}
    context["exports"] = holds_anywhere(request.user, *EXPORTERS)
    context["export_url"] = reverse("access:export_trail")
    context["narrowed"] = request.GET.urlencode()
    return render(request, "access/trail.html", context)


@login_required
@require_POST
@recently_authenticated
def export(request: HttpRequest) -> HttpResponseBase:
    """What the page shows as OCSF 1.8 for a SIEM, streamed; recorded for each programme."""
    programs = Program.objects.filter(pk__in=realm_ids_where(request.user, *EXPORTERS))
    narrowed = request.POST.get("narrowed", "")
    events = AccessEvent.objects.visible_to(request.user).filter(program__in=programs)
    found = TrailFilter(QueryDict(narrowed), queryset=events, request=request)
    mine = list(programs)
    if not mine:
        raise Http404
    for program in mine:
        record_export(program=program, narrowed=narrowed, by=request.user)  # type: ignore[arg-type]
    return StreamingHttpResponse(
        ocsf.lines(found.qs),
        content_type=ocsf.MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="access-trail.ocsf.jsonl"'},
    )


@login_required
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: as reported, as judged, and the ledger event its batch is bound to."""
    rows = AccessEvent.objects.select_related(*_LINKED, "batch").defer(
        "batch__digests", "batch__refusals"
    )
    found = visible_or_404(rows, request.user, pk=pk)
    bound = Event.objects.about(found.batch).first()
    context = {
        "it": found,
        "bound": bound,
        "known_now": _known_now(found),
        "details": [
            (verbs.field(key, "access"), _read(value)) for key, value in found.data.items()
        ],
        "why_url": _why(found),
        "alarm": None if found.verdict == Verdict.WITHIN else _alarm(found, request.user),
        "staff": has_role(request.user, found.program_id, *ACCESS_STAFF),
    }
    return render(request, "access/event.html", context)


def _alarm(event: AccessEvent, user: Any) -> Escalation | None:
    """The alarm that the event raised or was added to, where the person may see it."""
    concerned = event.fellowship or event.dataset
    if concerned is None:
        return None
    open_then = Q(closed_at=None) | Q(closed_at__gte=event.received_at)
    alarms = Escalation.objects.visible_to(user).filter(
        open_then,
        program_id=event.program_id,
        kind=EscalationKind.OUT_OF_SCOPE,
    )
    return alarms.about(concerned).order_by("id").first()


def _read(value: Any) -> Any:
    return joined(", ", map(str, value)) if isinstance(value, list) else value


def _why(event: AccessEvent) -> str:
    """Where the decision about this act, at its own time, is explained clause by clause."""
    if event.person is None or event.dataset is None:
        return ""
    asked = {
        "person": event.person.username,
        "dataset": event.dataset.ref,
        "operation": event.operation,
        "at": event.at.isoformat(),
    }
    return f"{reverse('access:why')}?{urlencode(asked)}"


def _known_now(event: AccessEvent) -> SourceIdentity | None:
    """Whom the steward has named since, where nobody was known when the event came in."""
    if event.person_id is not None:
        return None
    named = SourceIdentity.objects.in_force().filter(
        program=event.program_id, source=event.source, identity=event.identity
    )
    return named.select_related("person").first()
