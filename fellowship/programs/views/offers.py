"""What a programme offers: its terms and every version of them, adding, changing, retiring."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.kernel.saying import say
from fellowship.programs import policy, services, usual, versions
from fellowship.programs.forms import PUBLIC_REASON, TERMS, ResidencyForm, TermsForm
from fellowship.programs.models import (
    FellowshipModel,
    Offer,
    OutputType,
    PathStep,
    Program,
    StageStandard,
    Track,
    Versioned,
)
from fellowship.programs.setup import PARTS
from fellowship.programs.views.common import person, program_of
from fellowship.web import forms
from fellowship.web.actions import act, form_verb, verb

MODELS: dict[str, type[Versioned]] = {
    model.PART: model for model in (Track, FellowshipModel, OutputType, PathStep, StageStandard)
}


@require_safe
def offer(request: HttpRequest, slug: str, part: str, offer: str) -> HttpResponse:
    """The terms as they stand, and every version before."""
    term = _readable(request, slug, part, offer)
    found = versions.versions(term)
    return render(request, "programs/offer.html", _page(request, term, found, found[0]))


@require_safe
def offer_version(
    request: HttpRequest, slug: str, part: str, offer: str, number: int
) -> HttpResponse:
    """The terms as they stood in one version, with what it changed."""
    term = _readable(request, slug, part, offer)
    found = versions.versions(term)
    shown = next((version for version in found if version.number == number), None)
    if shown is None:
        raise Http404
    return render(request, "programs/offer.html", _page(request, term, found, shown))


@require_safe
def standards(request: HttpRequest, slug: str) -> HttpResponse:
    """The eight stages with their owners and standards, for everyone who is bound by them."""
    known = Program.objects.visible_to(request.user).select_related("realm")
    program = known.filter(realm__slug=slug).first()
    if program is None:
        raise Http404
    rows = program.stage_standards.select_related("owner")
    return render(request, "programs/standards.html", {"program": program, "standards": rows})


@require_safe
def talent_path(request: HttpRequest, slug: str) -> HttpResponse:
    """The four steps of the talent path, for everyone once a call was published."""
    known = Program.objects.with_terms_for(request.user).select_related("realm")
    program = known.filter(realm__slug=slug).first()
    if program is None:
        raise Http404
    steps = list(program.path_steps.offered())
    for step in steps:
        step.program = program
    edits = request.user.is_authenticated and not policy.may_set_up(program, person(request))
    context = {"program": program, "steps": steps, "edits": edits}
    return render(request, "programs/talent_path.html", context)


def _page(
    request: HttpRequest, term: Versioned, found: list[versions.Version], shown: versions.Version
) -> dict[str, Any]:
    before = next((v for v in found if v.number == shown.number - 1), None)
    inside = has_role(request.user, term.program.pk, *roles.ROLES)
    return {
        "program": term.program,
        "term": term,
        "part": PARTS[term.PART][0],
        "shown": shown,
        "before": before,
        "changes": versions.changes(before.record, shown.record) if before else [],
        "versions": found,
        "inside": inside,
        "offers": isinstance(term, Offer),
        "refused": policy.may_set_up(term.program, person(request)) if inside else None,
        "office": inside and has_role(request.user, term.program.pk, *OFFICE),
        "hybrid": isinstance(term, FellowshipModel) and term.key == FellowshipModel.Key.HYBRID,
    }


OFFICE = (roles.MANAGER, roles.ADMINISTRATOR)


@login_required
def furnish(request: HttpRequest, slug: str, part: str) -> HttpResponse:
    """Add one track, fellowship model, output type or stage standard."""
    program = program_of(request, slug)
    if part not in TERMS:
        raise Http404
    label, relation = PARTS[part]
    form = TERMS[part](request.POST or None, by=person(request), program=program)
    rows = getattr(program, relation).all()
    return form_verb(
        request,
        form,
        lambda: services.furnish(
            program=program, by=person(request), **{form.ADDS: [form.cleaned_data]}
        ),
        template="programs/furnish.html",
        context=lambda: {
            "program": program,
            "label": label,
            "part": part,
            "there": rows,
            "complete": form.complete,
            "usual": relation in usual.OFFERS and not rows,
            "refused": policy.may_set_up(program, person(request)),
        },
        to=reverse("programs:furnish", args=[slug, part]),
        success=say("Added."),
    )


@verb
def take_usual(request: HttpRequest, slug: str) -> HttpResponse:
    """Take over what most programmes offer; what is there is kept."""
    program = program_of(request, slug)
    return act(
        request,
        lambda: services.furnish(program=program, by=person(request), **usual.OFFERS),
        success=say("The usual offers stand here. Change what is different."),
        to=reverse(
            "programs:set_up" if request.POST.get("to") == "set_up" else "programs:program",
            args=[slug],
        ),
    )


@login_required
def revise(request: HttpRequest, slug: str, part: str, offer: str) -> HttpResponse:
    """Make the next version of the terms."""
    program = program_of(request, slug)
    term = _term(program, part, offer)
    form = TERMS[part](request.POST or None, by=person(request), program=program, term=term)
    return _revision(request, term, form, "programs/offer_edit.html")


@login_required
def stages(request: HttpRequest, slug: str) -> HttpResponse:
    """The stages of the hybrid residency, as the next version of its terms."""
    program = program_of(request, slug)
    term = FellowshipModel.of(program, FellowshipModel.Key.HYBRID)
    if term is None:
        raise Http404
    form = ResidencyForm(request.POST or None, term=term)
    return _revision(request, term, form, "programs/residency.html")


def _revision(request: HttpRequest, term: Versioned, form: Any, template: str) -> HttpResponse:
    return form_verb(
        request,
        form,
        lambda: services.revise_terms(
            term=term,
            version=form.cleaned_data["version"],
            by=person(request),
            reason=form.cleaned_data["reason"],
            **form.values(),
        ),
        template=template,
        context=lambda: {
            "program": term.program,
            "term": term,
            "refused": policy.may_set_up(term.program, person(request)),
            **_meanwhile(term, form),
        },
        to=lambda made: made.get_absolute_url(),
        success=say(
            "It stands as you sent it. Cases under way keep the version they were begun with."
        ),
    )


def _meanwhile(term: Versioned, form: Any) -> dict[str, Any]:
    """What somebody else changed since the page was opened, and the version to save against.

    What the person had not touched is shown as it stands now, so that saving undoes nothing unseen.
    """
    seen = form.cleaned_data.get("version") if form.is_bound else term.version
    now = type(term).of(term.program, term.name_in_program) or term
    before = versions.at(now, seen) if seen and seen != now.version else None
    if before is not None and isinstance(form, TermsForm):
        form.carry_over(before, now)
    return {
        "against": now.version,
        "meanwhile": versions.changes(before, now) if before is not None else [],
        "carried": isinstance(form, TermsForm),
    }


@login_required
def retire(request: HttpRequest, slug: str, part: str, offer: str) -> HttpResponse:
    """Offer it no more, with the reason; or, retired, offer it again."""
    program = program_of(request, slug)
    term = _term(program, part, offer)
    if not isinstance(term, Offer):
        raise Http404
    done = services.offer_again if term.retired_at else services.retire_offer
    form = forms.ReasonForm(request.POST or None, hint=PUBLIC_REASON)
    return form_verb(
        request,
        form,
        lambda: done(offer=term, by=person(request), reason=form.cleaned_data["reason"]),
        template="programs/retire.html",
        context=lambda: {
            "program": program,
            "term": term,
            "refused": policy.may_set_up(program, person(request)),
        },
        to=term.get_absolute_url(),
        success=say("Offered again.")
        if term.retired_at
        else say("Retired. Cases that chose it keep it."),
    )


def _readable(request: HttpRequest, slug: str, part: str, offer: str) -> Versioned:
    """What is offered, for everyone once a call was published; the standards for those bound."""
    known = Program.objects.with_terms_for(request.user)
    if part == StageStandard.PART:
        known = Program.objects.visible_to(request.user)
    program = known.select_related("realm").filter(realm__slug=slug).first()
    if program is None:
        raise Http404
    return _term(program, part, offer)


def _term(program: Program, part: str, key: str) -> Versioned:
    model = MODELS.get(part)
    if model is None:
        raise Http404
    found = model.of(program, key)
    if found is None:
        raise Http404
    return found
