"""The timeline of a scope, single events, one case end to end, and saved scopes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.actions import act, attempt, verb
from oversight import casebook, services
from oversight.audit import scope as scopes
from oversight.audit import search, trail
from oversight.audit_forms import SaveScopeForm, ScopeForm
from oversight.models import SavedScope
from oversight.views.audit.beside import of_rooms
from oversight.views.audit.shared import audited, program_of, shown
from oversight.views.programs import choose
from scoping.models import Fellowship


@login_required
@require_safe
def rooms(request: HttpRequest) -> HttpResponse:
    """The programmes the person audits; straight in where there is one."""
    return choose(
        request,
        roles.AUDITOR,
        route="oversight:room",
        title=say("Audit room"),
        lede=say(
            "Choose a programme. Inside, everything is read-only, and every look and export is"
            " itself recorded."
        ),
        beside=of_rooms,
    )


@audited
@require_safe
def room(request: HttpRequest, program: Program) -> HttpResponse:
    """The timeline of a scope."""
    return _timeline(request, program, SaveScopeForm())


def _timeline(request: HttpRequest, program: Program, saving: SaveScopeForm) -> HttpResponse:
    user: Any = request.user
    form = ScopeForm(program, request.GET)
    scope = scopes.Scope.of(program, user, **form.asked())
    if scope.words:
        search.index(search.BATCH)
    before = request.GET.get("before", "")
    page = trail.page(scope.events(), before)
    older = request.GET.copy()
    older["before"] = page.older
    looked = {"page": "timeline", **scope.said(), **({"before": before} if before else {})}
    return shown(
        request,
        "oversight/timeline.html",
        program,
        looked,
        form=form,
        saving=saving,
        saved=_saved(user, now(), program.pk),
        entries=trail.entries(page.events, program.slug),
        older=f"?{older.urlencode()}" if page.older else "",
        first=not before,
        case_ref=_case_ref(scope),
        narrowed=bool(scope.said()),
        unread=search.waiting() if scope.words else 0,
    )


@read_for
def _saved(user: Any, _: dt.datetime, realm: int) -> QuerySet[SavedScope]:
    """The scopes kept in a programme by its auditors."""
    rows = SavedScope.objects.visible_to(user).filter(program=realm)
    return rows.select_related("owner", "program__realm")[:50]


def _case_ref(scope: scopes.Scope) -> str:
    """The reference, where it is a fellowship's."""
    return scope.reference.upper() if scope.reference.upper().startswith("FEL-") else ""


@verb
def save_scope(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the scope that is shown under a name; where it is refused, its timeline again."""
    program = program_of(request, slug)
    user: Any = request.user
    form = SaveScopeForm(request.POST)
    query = ScopeForm(program, _query(request.POST.get("query", ""))).query
    if form.is_valid():
        saved = attempt(
            form,
            lambda: services.save_scope(
                program=program, name=form.cleaned_data["name"], query=query, by=user
            ),
        )
        if saved is not None:
            messages.success(request, say("Saved as “{name}”.", name=saved.name))
            return redirect(saved.get_absolute_url())
    request.GET = _query(query)
    response = _timeline(request, program, form)
    response.status_code = 422
    return response


def _query(text: str) -> Any:
    return QueryDict(text)


@verb
def remove_scope(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a saved scope of one's own."""
    program = program_of(request, slug)
    user: Any = request.user
    saved = SavedScope.objects.visible_to(user).filter(program=program, pk=min(pk, 2**62)).first()
    if saved is None:
        raise Http404
    return act(
        request,
        lambda: services.remove_scope(saved=saved, by=user),
        success=say("“{name}” is removed.", name=saved.name),
        to=reverse("oversight:room", args=[slug]),
    )


@audited
@require_safe
def event(request: HttpRequest, program: Program, uid: Any) -> HttpResponse:
    """One event: its records before and after, its place in the log, its exact body."""
    hidden = scopes.Scope.of(program, request.user)
    found = hidden.events().filter(uid=uid).select_related("actor", "seal").order_by("pk").first()
    if found is None:
        raise Http404
    rows = trail.row_changes([found]).get(str(found.uid), [])
    return shown(
        request,
        "oversight/event.html",
        program,
        {"page": "event", "uid": str(found.uid)},
        event=found,
        entry=trail.entries([found], program.slug)[0],
        rows=rows,
        seal=getattr(found, "seal", None),
    )


@audited
@require_safe
def case(request: HttpRequest, program: Program, ref: str) -> HttpResponse:
    """One case end to end: every event of all its records."""
    user: Any = request.user
    found = _traced(user, now(), program.pk, ref)
    if not found:
        raise Http404
    fellowship: Fellowship = found[0]
    hidden = {label: {*ids} for label, ids in scopes.conflicted(user).items()}
    records = casebook.subjects(fellowship)
    if hidden:
        left = {label: sorted({*ids} - hidden.get(label, set())) for label, ids in records.items()}
        records = {label: ids for label, ids in left.items() if ids}
    before = request.GET.get("before", "")
    page = trail.page_of(records, before)
    names = dict(scopes.kinds())
    return shown(
        request,
        "oversight/trace.html",
        program,
        {"page": "case", "reference": fellowship.ref, **({"before": before} if before else {})},
        fellowship=fellowship,
        counts=[(names.get(label, label), len(ids)) for label, ids in records.items()],
        entries=trail.entries(page.events, program.slug),
        older=f"?before={page.older.replace('+', '%2B')}" if page.older else "",
    )


@read_for
def _traced(user: Any, _: dt.datetime, realm: int, ref: str) -> QuerySet[Fellowship]:
    return Fellowship.objects.visible_to(user).filter(program_id=realm, ref=ref)
