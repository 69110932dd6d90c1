"""Classifying a dataset: two people answer apart, a third settles what they saw differently."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from access import classifying, services
from access.catalogue_forms import DIMENSION_LABELS, AnswersForm, SettleForm
from access.models import Classification, ClassificationAnswers, Dataset
from access.standing import of_classification
from access.states import UNREAD, ClassificationState
from fellowship.history.queries import latest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.web.actions import act, form_page, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404


@verb
def begin(request: HttpRequest, ref: str) -> HttpResponse:
    """Put the questions in force to the two roles."""
    dataset = visible_or_404(Dataset, request.user, ref=ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.open_classification(
            dataset=dataset,
            by=request.user,  # type: ignore[arg-type]
            reason=reason,
        ),
        success=say("Both roles have been asked."),
        to=lambda made: made.get_absolute_url(),
    )


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One classification: the questions for whoever answers, both answers once both are in."""
    found = _classification(request, ref)
    user: Any = request.user
    sent = list(found.answers.select_related("person"))
    asks = classifying.may_answer(found, user, sent)
    settles = classifying.may_settle(found, user, sent)
    if asks is None:
        answers = AnswersForm(request.POST or None, rule=classifying.standard(found))
        return form_verb(
            request,
            answers,
            lambda: services.send_answers(
                classification=found,
                answers=answers.answers(),
                remarks=answers.cleaned_data["remarks"],
                by=user,
            ),
            template="access/classification.html",
            context=lambda: _context(found, user, sent, asks=asks, settles=settles),
            to=found.get_absolute_url(),
            success=say("Sent. Nobody reads it until both roles have answered."),
        )
    if settles is None:
        both = classifying.compared(found, sent)
        settling = SettleForm(request.POST or None, differing=[one for one in both if one.differs])
        return form_verb(
            request,
            settling,
            lambda: services.settle_classification(
                classification=found,
                answers=settling.settled("q"),
                because=settling.settled("because"),
                by=user,
            ),
            template="access/classification.html",
            context=lambda: _context(found, user, sent, asks=asks, settles=settles),
            to=found.get_absolute_url(),
            success=say("Settled. The dataset has its class."),
        )
    if request.method == "POST":
        refuse(asks if found.state == ClassificationState.OPEN else settles)
    empty = SettleForm(differing=[])
    context = _context(found, user, sent, asks=asks, settles=settles)
    return form_page(request, "access/classification.html", empty, context)


@verb
def call_off(request: HttpRequest, ref: str) -> HttpResponse:
    """Call it off while answers are missing."""
    found = _classification(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.call_off_classification(
            classification=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason,
        ),
        success=say("Called off. The dataset stays as it was."),
        to=found.dataset.get_absolute_url(),
    )


def _classification(request: HttpRequest, ref: str) -> Classification:
    rows = Classification.objects.select_related(
        "dataset__program", "dataset__steward", "rule", "opened_by", "settler"
    )
    return visible_or_404(rows, request.user, ref=ref)


def _context(
    found: Classification,
    user: Any,
    sent: list[ClassificationAnswers],
    *,
    asks: Refusal | None,
    settles: Refusal | None,
) -> dict[str, Any]:
    shown = None if found.state in UNREAD else classifying.compared(found, sent)
    rule = classifying.standard(found)
    settled = found.state == ClassificationState.SETTLED
    mine = next((one for one in sent if one.person_id == user.pk), None)
    by_role = {one.role: one for one in sent}
    return {
        "it": found,
        "dataset": found.dataset,
        "roles": [
            (classifying.role_labels([role]), by_role.get(role)) for role in rule.answered_by
        ],
        "settlers": classifying.role_labels(rule.settled_by),
        "answers": asks is None,
        "settles": settles is None,
        "asks_refusal": None if settled else asks,
        "compared": shown,
        "sent": sent if shown is not None else [one for one in sent if one == mine],
        "mine": classifying.compared(found, [mine]) if mine and shown is None else None,
        "differ": sum(one.differs for one in shown or ()),
        "scores": [
            (label, rule.scores(found.settled)[dimension])
            for dimension, label in DIMENSION_LABELS.items()
        ]
        if settled
        else [],
        "affected": classifying.affected(found.dataset) if shown is not None else [],
        "standing": of_classification(
            found,
            answers=classifying.role_labels(
                [role for role in rule.answered_by if role not in by_role]
            ),
            settlers=classifying.role_labels(rule.settled_by),
            waiting=asks is None or (settles is None),
        ),
        "call_off_url": reverse("access:call_off", args=[found.ref]),
        "may_call_off": classifying.may_call_off(found, user) is None,
        "events": latest(found, 20),
    }
