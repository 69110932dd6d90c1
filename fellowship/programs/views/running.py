"""Running a call: write it, publish it, move its end, close it, open it again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.programs import policy, services
from fellowship.programs.forms import PUBLIC_REASON, CallForm, EndForm
from fellowship.programs.views.common import person, program_of, run_call
from fellowship.web import forms
from fellowship.web.actions import act, attempt, form_page, form_verb, verb


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
    found = run_call(request, ref)
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
    found = run_call(request, ref)
    return act(
        request,
        lambda: services.publish_call(call=found, by=person(request)),
        success=say("Published. Proposals are taken from its opening time on."),
        to=reverse("programs:call", args=[ref]),
    )


@login_required
def extend(request: HttpRequest, ref: str) -> HttpResponse:
    """Move the closing time later."""
    found = run_call(request, ref)
    form = EndForm(request.POST or None, initial={"closes_at": found.closes_at})
    return form_verb(
        request,
        form,
        lambda: services.extend_call(call=found, by=person(request), **form.cleaned_data),
        template="programs/extend.html",
        context=lambda: {
            "call": found,
            "refused": policy.may_extend_at_all(found, person(request)),
        },
        to=found.get_absolute_url(),
        success=say("Extended. Everyone with a draft is told."),
    )


@login_required
def reopen(request: HttpRequest, ref: str) -> HttpResponse:
    """Open a closed call again."""
    found = run_call(request, ref)
    form = EndForm(request.POST or None, initial={"closes_at": found.closes_at})
    return form_verb(
        request,
        form,
        lambda: services.reopen_call(call=found, by=person(request), **form.cleaned_data),
        template="programs/reopen.html",
        context=lambda: {"call": found, "refused": policy.may_reopen(found, person(request))},
        to=found.get_absolute_url(),
        success=say("Open again. Everyone with a draft is told."),
    )


@verb
def close(request: HttpRequest, ref: str) -> HttpResponse:
    """Close the call before its time."""
    found = run_call(request, ref)
    reason = forms.ReasonForm(request.POST, hint=PUBLIC_REASON)
    if not reason.is_valid():
        return form_page(request, "programs/close.html", reason, {"call": found})
    return act(
        request,
        lambda: services.close_call(call=found, by=person(request), **reason.cleaned_data),
        success=say("Closed. Drafts under way are kept."),
        to=reverse("programs:call", args=[ref]),
    )
