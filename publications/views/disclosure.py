"""The disclosure plan of a work: what comes later, on which day, and what moved it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from publications import policy, services, terms, withholding
from publications.forms import OWN, ExtendForm, StepForm
from publications.models import DisclosureStep, Publication
from publications.views.shared import pages_of, publication_of


@login_required
def disclosure(request: HttpRequest, ref: str) -> HttpResponse:
    """The steps in the order of their days, and a form for one more."""
    publication = publication_of(request, ref)
    by: Any = request.user
    version = publication.latest
    refused = policy.may_plan(publication, by)
    if version is None:
        context = {"publication": publication, "steps": [], "links": pages_of(publication)}
        return render(request, "publications/disclosure.html", context)
    form = StepForm(
        request.POST or None,
        publication=publication,
        version=version,
        presets=_presets(publication),
    )
    return form_verb(
        request,
        form,
        lambda: services.plan_step(
            publication=publication, version=version, by=by, **_said(form, publication)
        ),
        template="publications/disclosure.html",
        context=lambda: {
            "publication": publication,
            "refused": refused,
            "version": version,
            "steps": _steps(publication, by),
            "links": pages_of(publication),
        },
        to=reverse("publications:disclosure", args=[ref]),
        success=say("Planned. The passage is public from its date on, by itself."),
    )


def _presets(publication: Publication) -> list[tuple[str, Any]]:
    """The policy's lengths for a vulnerability, with the day each comes to now."""
    calendar = publication.program.calendar()
    return [
        (str(window), window.due(now(), calendar))
        for window in terms.vulnerability_presets(publication.fellowship)
    ]


def _said(form: Any, publication: Publication) -> dict[str, Any]:
    """The form's answers as the verb takes them; a day ends at its end in the programme."""
    said = form.cleaned_data
    start, end = said["passage"]
    on = form.presets.get(said["when"])
    if said["when"] == OWN:
        on = publication.program.calendar().end_of_day(said["on"])
    return {
        "start": start,
        "end": end,
        "on": on,
        "ground": said["ground"],
        "summary": said["summary"],
        "finding": said.get("finding"),
    }


def _steps(publication: Publication, by: Any) -> list[tuple[Any, ...]]:
    at = now()
    rows = publication.disclosure_steps.select_related(
        "objection", "finding", "extended_by", "early_by", "planned_by", "version"
    )
    steps = list(rows)
    for step in steps:
        step.publication = publication
    read = withholding.excerpts(steps, by)
    found = []
    for step in steps:
        extend = policy.may_extend_step(step, None, by)
        early_ = policy.may_release_early(step, by)
        found.append((step, read[step.pk].passage, step.out(at), extend, early_))
    return found


@login_required
def extend(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Put a step off, once."""
    step = _step(request, ref, pk)
    by: Any = request.user
    calendar = step.publication.program.calendar()
    form = ExtendForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.extend_step(
            step=step,
            by=by,
            on=calendar.end_of_day(form.cleaned_data["on"]),
            reason=form.cleaned_data["reason"],
        ),
        template="publications/extend_step.html",
        context=lambda: {
            "publication": step.publication,
            "step": step,
            "passage": withholding.excerpts([step], by)[step.pk].passage,
            "refused": policy.may_extend_step(step, None, by),
        },
        to=step.get_absolute_url(),
        success=say("Put off. The author and the reviewers are told."),
    )


@verb
def early(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Let a passage out before its date."""
    step = _step(request, ref, pk)
    by: Any = request.user
    return act(
        request,
        lambda: services.release_early(step=step, by=by, reason=reason_of(request)),
        success=say("The passage is public now. The author and the reviewers are told."),
        to=step.get_absolute_url(),
    )


def _step(request: HttpRequest, ref: str, pk: int) -> DisclosureStep:
    rows = DisclosureStep.objects.select_related(
        "publication__fellowship__fellow", "publication__program", "objection", "version"
    )
    found: DisclosureStep = visible_or_404(rows, request.user, pk=pk, publication__ref=ref)
    return found
