"""Collaborators: the fellow names them, the programme confirms them, each sees their own part."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from scoping import collaborating, document, frame, policy, services
from scoping.forms import TrainingForm
from scoping.forms_collaborators import CollaboratorForm
from scoping.models import Collaborator, Training
from scoping.queries import signed_scope
from scoping.states import TrainingKind
from scoping.views.people import instant
from scoping.views.scopes import form_methods

_RELATED = ("person", "named_by", "confirmed_by", "removed_by")
_CASE = ("fellowship__program__realm", "fellowship__fellow", "fellowship__mentor")


@login_required
@form_methods
def collaborators(request: HttpRequest, ref: str) -> HttpResponse:
    """Everyone a fellow works with, what each can reach, and a form to name another."""
    case = frame.load(request, ref)
    form = CollaboratorForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.name_collaborator(fellowship=case, by=_me(request), **form.cleaned_data),
        template="scoping/collaborators.html",
        context=lambda: frame.context(request, case, **_listed(request, case)),
        to=reverse("scoping:collaborators", args=[case.ref]),
        success=say("Named. The programme manager confirms who it is."),
    )


def _listed(request: HttpRequest, case: Any) -> dict[str, Any]:
    user, at = _me(request), now()
    found = list(Collaborator.objects.filter(fellowship=case).select_related(*_RELATED))
    for one in found:
        one.fellowship = case
    present = [one for one in found if one.removed_at is None]
    reach = collaborating.reach([one for one in present if one.person_id], at)
    trained = set(
        Training.objects.valid(at)
        .filter(
            person_id__in=[one.person_id for one in present if one.person_id],
            realm_id=case.program_id,
            kind=TrainingKind.SECURITY,
        )
        .values_list("person_id", flat=True)
    )
    return {
        "present": [
            {
                "it": one,
                "reach": reach.get(one.person_id or 0, []),
                "trained": one.person_id in trained,
                "may_confirm": policy.may_confirm_collaborator(one, user)
                if not one.confirmed_at
                else None,
                "may_remove": policy.may_remove_collaborator(one, user),
                "confirm_url": reverse("scoping:confirm_collaborator", args=[case.ref, one.pk]),
                "remove_url": reverse("scoping:remove_collaborator", args=[case.ref, one.pk]),
            }
            for one in present
        ],
        "gone": [one for one in found if one.removed_at is not None],
        "may_name": policy.may_name_collaborator(case, user),
    }


@verb
def confirm(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Confirm who the person is."""
    found = _of_case(request, ref, pk)
    return act(
        request,
        lambda: services.confirm_collaborator(collaborator=found, by=_me(request)),
        success=say("Confirmed. Data can be granted to them by name."),
        to=reverse("scoping:collaborators", args=[ref]),
    )


@verb
def remove(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """End the collaboration, and with it every grant of the person here."""
    found = visible_or_404(
        Collaborator.objects.select_related(*_CASE, *_RELATED),
        request.user,
        pk=pk,
        fellowship__ref=ref,
    )
    own = found.person_id == request.user.pk
    return act(
        request,
        lambda: services.remove_collaborator(
            collaborator=found, by=_me(request), reason=reason_of(request)
        ),
        success=say("Removed. What was granted to them here is closed."),
        to=reverse("scoping:collaborations")
        if own
        else reverse("scoping:collaborators", args=[ref]),
    )


@verb
def train(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Record a training of the collaborator."""
    found = _of_case(request, ref, pk)
    if found.person is None:
        raise Http404
    person, form = found.person, TrainingForm(request.POST)
    return form_verb(
        request,
        form,
        lambda: services.record_training(
            person=person,
            program=found.fellowship.program,
            by=_me(request),
            completed_at=instant(form.cleaned_data["completed_on"], found.fellowship.program),
            kind=form.cleaned_data["kind"],
            evidence=form.cleaned_data["evidence"],
        ),
        template="scoping/form.html",
        context=lambda: frame.context(request, found.fellowship, label=say("Record the training")),
        to=found.get_absolute_url(),
        success=say("The training is recorded."),
    )


@login_required
@require_safe
def collaboration(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """What a collaborator sees of a fellowship: their part, training, agreements and what they may.

    The fellow and the programme see the same page.
    """
    found = visible_or_404(
        Collaborator.objects.select_related(*_CASE, *_RELATED),
        request.user,
        pk=pk,
        fellowship__ref=ref,
    )
    case, at = found.fellowship, now()
    trainings = Training.objects.none()
    if found.person is not None:
        trainings = Training.objects.filter(person=found.person, realm_id=case.program_id)
    context = {
        "it": found,
        "case": case,
        "trainings": list(trainings[:10]),
        "trained": any(t.completed_at <= at < t.expires_at for t in trainings[:10]),
        "scope": signed_scope(case, at),
        "panels": frame.shown(request, case, collaborating.panels(found, at)),
        "own": found.person_id == request.user.pk,
        "may_remove": policy.may_remove_collaborator(found, _me(request)),
        "may_train": policy.may_record_training(case.program, found.person, _me(request))
        if found.person
        else None,
        "training_form": TrainingForm(),
    }
    return render(request, "scoping/collaboration.html", context)


@login_required
@require_safe
def scope(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The signed scope of work as a document, for the collaborator who works under it."""
    found = visible_or_404(
        Collaborator.objects.active().select_related(*_CASE),
        request.user,
        pk=pk,
        fellowship__ref=ref,
    )
    case = found.fellowship
    signed = signed_scope(case)
    if signed is None:
        raise Http404
    signed.fellowship = case
    context = {
        "fellowship": case,
        "case": case,
        "calendar": case.program.calendar(),
        "scope": signed,
        "document": list(document.read(signed)),
        "signatures": list(signed.signatures.select_related("person")),
        "intact": document.is_intact(signed),
    }
    return render(request, "scoping/print.html", context)


@login_required
@require_safe
def collaborations(request: HttpRequest) -> HttpResponse:
    """The fellowships one works on as a collaborator."""
    mine = Collaborator.objects.active().filter(person_id=request.user.pk)
    rows = mine.select_related("fellowship__fellow", "fellowship__program__realm")
    return render(request, "scoping/collaborations.html", {"mine": rows[:100]})


def _of_case(request: HttpRequest, ref: str, pk: int) -> Collaborator:
    case = frame.load(request, ref)
    found = Collaborator.objects.filter(fellowship=case, pk=pk).select_related(*_RELATED).first()
    if found is None:
        raise Http404
    found.fellowship = case
    return found


def _me(request: HttpRequest) -> Any:
    return request.user
