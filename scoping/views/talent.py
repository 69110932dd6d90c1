"""The talent path of a case: the published steps, what was proposed, decided and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.programs import versions
from fellowship.programs.models import PathStep
from fellowship.web.actions import form_verb
from scoping import frame, policy, services
from scoping.forms import TalentAnswerForm, TalentDecisionForm, TalentForm
from scoping.models import Fellowship, TalentStep
from scoping.states import TalentState
from scoping.views.scopes import form_methods


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of this case, with the published terms it pins."""

    step: TalentStep
    terms: PathStep | None


@login_required
@form_methods
def path(request: HttpRequest, ref: str) -> HttpResponse:
    """The published path, the steps taken, and a proposal for the next."""
    case = frame.load(request, ref)
    form = TalentForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.propose_talent_step(fellowship=case, by=_me(request), **form.cleaned_data),
        template="scoping/talent.html",
        context=lambda: _page(request, case),
        to=reverse("scoping:talent", args=[case.ref]),
        success=say("Proposed. The sponsor or the chair decides."),
    )


@login_required
@form_methods
def decide(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Offer the proposed step to the fellow, or not."""
    case, step = _step(request, ref, pk)
    form = TalentDecisionForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.decide_talent_step(
            step=step,
            agree=form.cleaned_data["decision"] == "agree",
            by=_me(request),
            reason=form.cleaned_data["reason"],
        ),
        template="scoping/form.html",
        context=lambda: frame.context(
            request,
            case,
            label=say("Decide the step"),
            refusal=policy.may_decide_talent(step, _me(request), "offer"),
        ),
        to=reverse("scoping:talent", args=[case.ref]),
        success=say("Decided."),
    )


@login_required
@form_methods
def answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The fellow agrees to what is offered, or declines it."""
    case, step = _step(request, ref, pk)
    form = TalentAnswerForm(frame.posted(request))
    return form_verb(
        request,
        form,
        lambda: services.answer_talent_step(
            step=step,
            agree=form.cleaned_data["answer"] == "agree",
            by=_me(request),
            reason=form.cleaned_data["reason"],
        ),
        template="scoping/form.html",
        context=lambda: frame.context(
            request,
            case,
            label=say("Answer the offer"),
            refusal=policy.may_answer_talent(step, _me(request), "agree"),
        ),
        to=reverse("scoping:talent", args=[case.ref]),
        success=say("Your answer is recorded."),
    )


def _page(request: HttpRequest, case: Fellowship) -> dict[str, Any]:
    """The published path, the steps of the case, and the one that waits for somebody."""
    steps = list(case.talent_steps.select_related("proposed_by", "decided_by"))
    for step in steps:
        step.fellowship = case
    path = list(PathStep.objects.filter(program_id=case.program_id))
    for one in path:
        one.program = case.program
    proposed = next((step for step in steps if step.state == TalentState.PROPOSED), None)
    offered = next((step for step in steps if step.state == TalentState.OFFERED), None)
    me = _me(request)
    return frame.context(
        request,
        case,
        steps=[Taken(step, _terms(step, path)) for step in steps],
        path=path,
        proposed=proposed,
        offered=offered,
        may_propose=policy.may_propose_talent(case, me),
        may_decide=policy.may_decide_talent(proposed, me, "offer") if proposed else None,
        may_answer=policy.may_answer_talent(offered, me, "agree") if offered else None,
        decision_form=TalentDecisionForm(),
        answer_form=TalentAnswerForm(),
    )


def _terms(step: TalentStep, path: list[PathStep]) -> PathStep | None:
    """The version of the published terms the step pins; read anew only where a later one stands."""
    there = next((one for one in path if one.key == step.step), None)
    if there is None or step.terms_version is None or there.version == step.terms_version:
        return there
    return versions.at(there, step.terms_version)


def _step(request: HttpRequest, ref: str, pk: int) -> tuple[Fellowship, TalentStep]:
    case = frame.load(request, ref)
    step = get_object_or_404(TalentStep, pk=pk, fellowship=case)
    step.fellowship = case
    return case, step


def _me(request: HttpRequest) -> Any:
    return request.user
