"""The public calls, and the programme's own pages for those who run it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.time import now
from fellowship.programs import parts, policy, services, setup
from fellowship.programs.forms import CallForm, EvidenceForm, ExtendForm
from fellowship.programs.models import Call, ChecklistItem, Program
from fellowship.programs.states import CallState, LaunchItem
from fellowship.web import forms
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.items import Task
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

AOE = dt.timezone(dt.timedelta(hours=-12), "AoE")
OFFICE = (roles.MANAGER, roles.SPONSOR, roles.AUDITOR, roles.ADMINISTRATOR, roles.CHAIR)


# --- for everyone ----------------------------------------------------------------------------


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Open calls first, then those to come, then the closed ones a page at a time."""
    at = now()
    public = Call.objects.public().select_related("program", "cohort")
    return render(
        request,
        "programs/calls.html",
        {
            "open": public.open(at).order_by("closes_at"),
            "coming": public.filter(state=CallState.PUBLISHED, opens_at__gt=at).order_by(
                "opens_at"
            ),
            "page": paginate(request, public.closed(at), per_page=20),
        },
    )


@require_safe
def call(request: HttpRequest, ref: str) -> HttpResponse:
    """One call: everything an applicant should know before applying."""
    queryset = Call.objects.select_related("program__realm", "cohort")
    found = visible_or_404(queryset, request.user, ref=ref)
    program = found.program
    runs = program.pk in realm_ids_where(request.user, roles.MANAGER)
    return render(
        request,
        "programs/call.html",
        {
            "call": found,
            "open": found.is_open(),
            "closed": policy.takes_proposals(found),
            "aoe": f"{found.closes_at.astimezone(AOE):%-d %B %Y, %H:%M}",
            "zoned": f"{found.closes_at.astimezone(ZoneInfo(program.zone)):%-d %B %Y, %H:%M}",
            "parts": parts.of(found, request.user),
            "tracks": program.tracks.all(),
            "models": program.models.all(),
            "outputs": program.output_types.all(),
            "runs": runs,
            "may_publish": policy.may_publish(found, person(request)) if runs else None,
            "may_close": policy.may_close(found, person(request)) if runs else None,
            "close_form": forms.ReasonForm(),
        },
    )


# --- for those who run the programme ---------------------------------------------------------


@login_required
@require_safe
def programs(request: HttpRequest) -> HttpResponse:
    """The programmes in whose office the person works; the only one at once."""
    found = list(_office(request)[:50])
    may_found = policy.may_found(person(request)) is None
    if len(found) == 1 and not may_found:
        return redirect("programs:program", slug=found[0].slug)
    context = {"programs": found, "may_found": may_found}
    return render(request, "programs/programs.html", context)


@login_required
@require_safe
def program(request: HttpRequest, slug: str) -> HttpResponse:
    """A programme: its launch checklist, calls, what it offers, and its stage standards."""
    found = program_of(request, slug)
    items = list(ChecklistItem.objects.filter(program=found).select_related("done_by"))
    return render(
        request,
        "programs/program.html",
        {
            "program": found,
            "items": items,
            "done": sum(1 for item in items if item.done_at),
            "may_manage": policy.may_manage(found, person(request)),
            "steps": _steps(found, person(request)),
            "page": paginate(request, found.calls.select_related("cohort"), per_page=20),
            "cohorts": found.cohorts.all(),
            "standards": found.stage_standards.select_related("owner"),
            "tracks": found.tracks.all(),
            "models": found.models.all(),
            "outputs": found.output_types.all(),
        },
    )


def _steps(program: Program, user: Any) -> list[Task]:
    """What it takes to set the programme up, for those who do; nothing once all is done."""
    if policy.may_set_up(program, user):
        return []
    found = setup.steps(program, user)
    return [] if all(step.done for step in found) else [_task(step) for step in found]


def _task(step: setup.Step) -> Task:
    return Task(
        title=step.title,
        url=step.url,
        status="Done" if step.done else "To do",
        tone="good" if step.done else "warn",
        hint=step.hint,
        refusal=step.refusal,
    )


@login_required
def checklist_item(request: HttpRequest, slug: str, item: str) -> HttpResponse:
    """Give the evidence of one item of the launch checklist."""
    found = program_of(request, slug)
    row = ChecklistItem.objects.filter(program=found, item=item).first()
    if row is None:
        raise Http404
    form = EvidenceForm(request.POST or None, initial={"evidence": row.evidence})
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.complete_checklist_item(
                program=found, item=item, by=person(request), **form.cleaned_data
            ),
        )
        if done:
            return redirect("programs:program", slug=slug)
    context = {"program": found, "item": row, "label": LaunchItem(item).label}
    return form_page(request, "programs/checklist_item.html", form, context)


@login_required
def draft_call(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a new call."""
    found = program_of(request, slug)
    form = CallForm(request.POST or None, program=found, initial={"places": 4})
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.draft_call(program=found, by=person(request), **form.cleaned_data),
        )
        if made:
            return redirect("programs:call", ref=made.ref)
    return form_page(
        request,
        "programs/call_form.html",
        form,
        {"program": found, "refusal": policy.may_manage(found, person(request))},
    )


@login_required
def edit_call(request: HttpRequest, ref: str) -> HttpResponse:
    """Change a call that is not published yet."""
    found = _run_call(request, ref)
    initial = {name: getattr(found, name) for name in CallForm.base_fields}
    form = CallForm(request.POST or None, program=found.program, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.edit_call(call=found, by=person(request), **form.cleaned_data),
        )
        if made:
            return redirect("programs:call", ref=made.ref)
    refusal = policy.may_edit(found, person(request))
    context = {"program": found.program, "call": found, "refusal": refusal}
    return form_page(request, "programs/call_form.html", form, context)


@verb
def publish(request: HttpRequest, ref: str) -> HttpResponse:
    """Publish the call."""
    found = _run_call(request, ref)
    return act(
        request,
        lambda: services.publish_call(call=found, by=person(request)),
        success="Published. Proposals are taken from its opening time on.",
        to=reverse("programs:call", args=[ref]),
    )


@login_required
def extend(request: HttpRequest, ref: str) -> HttpResponse:
    """Move the closing time later."""
    found = _run_call(request, ref)
    form = ExtendForm(request.POST or None, initial={"closes_at": found.closes_at})
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.extend_call(call=found, by=person(request), **form.cleaned_data),
        )
        if done:
            return redirect("programs:call", ref=ref)
    return form_page(request, "programs/extend.html", form, {"call": found})


@verb
def close(request: HttpRequest, ref: str) -> HttpResponse:
    """Close the call before its time."""
    found = _run_call(request, ref)
    reason = forms.ReasonForm(request.POST)
    if not reason.is_valid():
        return form_page(request, "programs/close.html", reason, {"call": found})
    return act(
        request,
        lambda: services.close_call(call=found, by=person(request), **reason.cleaned_data),
        success="Closed. Drafts under way are kept.",
        to=reverse("programs:call", args=[ref]),
    )


def _office(request: HttpRequest) -> Any:
    held = realm_ids_where(request.user, *OFFICE)
    return Program.objects.filter(pk__in=held).select_related("realm")


def program_of(request: HttpRequest, slug: str) -> Program:
    """The programme, where the person works in its office; 404 otherwise."""
    found: Program | None = _office(request).filter(realm__slug=slug).first()
    if found is None:
        raise Http404
    return found


def _run_call(request: HttpRequest, ref: str) -> Call:
    """A call of a programme in whose office the person works; services say what they may do."""
    held = realm_ids_where(request.user, *OFFICE)
    queryset = Call.objects.filter(program_id__in=held).select_related("program__realm")
    return visible_or_404(queryset, request.user, ref=ref)


def person(request: HttpRequest) -> Any:
    """Who asks; behind `login_required` always a user."""
    return request.user
