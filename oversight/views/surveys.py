"""After a cohort: its survey opened and answered, recommendations made and settled."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Cohort, Program
from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import visible_or_404
from oversight import cohort_policy as policy
from oversight import services
from oversight.closing_forms import AnswerForm, RecommendationForm, SettleForm, SurveyForm
from oversight.models import CohortSurvey, Recommendation
from oversight.policy import OFFICE
from oversight.services.cohorts import review_url
from oversight.states import FEWEST, SurveySide
from oversight.views.office import cohort_of
from oversight.views.programs import links_of


def _cohort(request: HttpRequest, slug: str, pk: int) -> tuple[Program, Cohort]:
    """Programme and cohort for whoever works in its office; 404 to everybody else."""
    mine = realm_ids_where(request.user, *OFFICE)
    programs = Program.objects.select_related("realm")
    program = programs.filter(pk__in=mine, realm__slug=slug).first()
    found = cohort_of(program, str(pk)) if program else None
    if program is None or found is None:
        raise Http404
    return program, found


@login_required
def open_survey(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask the cohort's fellows and mentors."""
    program, cohort = _cohort(request, slug, pk)
    user: Any = request.user
    form = SurveyForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.open_survey(cohort=cohort, by=user, **form.cleaned_data),
        template="oversight/open_survey.html",
        context=lambda: {
            "program": program,
            "links": links_of(program, user),
            "cohort": cohort,
            "fewest": FEWEST,
            "refused": policy.may_open_survey(cohort, user),
        },
        to=review_url(program, cohort),
        success=say("It is open. Fellows and mentors are told."),
    )


@login_required
def survey(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a survey, for each side one is asked for; the next one not answered first."""
    found: CohortSurvey = visible_or_404(
        CohortSurvey.objects.select_related("cohort", "program"), request.user, pk=pk
    )
    user: Any = request.user
    asked = list(found.invitations.filter(person=user).order_by("answered", "id"))
    if not asked:
        raise Http404
    side = _side(request.POST.get("side", ""), asked[0].side)
    row = next((one for one in asked if one.side == side), None)
    form = AnswerForm(side, request.POST or None)
    if row is None or row.answered:
        return render(request, "oversight/survey_done.html", {"survey": found})
    return form_verb(
        request,
        form,
        lambda: services.answer_survey(
            survey=found,
            side=side,
            answers=form.given(),
            remark=form.cleaned_data["remark"],
            by=user,
        ),
        template="oversight/survey.html",
        context=lambda: {
            "survey": found,
            "side": side,
            "fewest": FEWEST,
            "refused": policy.may_answer(found, row, now()),
        },
        to=found.get_absolute_url(),
        success=say("Thank you. It is recorded that you answered, not what."),
    )


def _side(text: str, otherwise: str) -> str:
    return text if text in SurveySide.values else otherwise


@login_required
def recommend(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make a dated task for the next call out of the review."""
    program, cohort = _cohort(request, slug, pk)
    user: Any = request.user
    form = RecommendationForm(program.pk, request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.recommend(cohort=cohort, by=user, **form.cleaned_data),
        template="oversight/recommend.html",
        context=lambda: {
            "program": program,
            "links": links_of(program, user),
            "cohort": cohort,
            "refused": policy.may_recommend(cohort, user),
        },
        to=f"{review_url(program, cohort)}#recommendations",
        success=say("It stands on the launch checklist of the next call."),
    )


@login_required
def recommendation(request: HttpRequest, pk: int) -> HttpResponse:
    """One recommendation: what it comes from, and what became of it."""
    rows = Recommendation.objects.select_related(
        "program__realm", "cohort", "owner", "made_by", "settled_by"
    )
    row: Recommendation = visible_or_404(rows, request.user, pk=pk)
    user: Any = request.user
    form = SettleForm(request.POST or None)
    office = policy.may_recommend(row.cohort, user) is None
    return form_verb(
        request,
        form,
        lambda: services.settle_recommendation(recommendation=row, by=user, **form.cleaned_data),
        template="oversight/recommendation.html",
        context=lambda: {
            "row": row,
            "calendar": row.program.calendar(),
            "review": review_url(row.program, row.cohort) if office else "",
            "refused": first(policy.may_settle(row, user)),
        },
        to=reverse("oversight:recommendation", args=[pk]),
        success=say("Recorded."),
    )
