"""After a decision: what is open to whom, the letter on paper, the reply and its answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import has_role
from fellowship.clocks.models import Clock
from fellowship.clocks.queries import current
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.standing import Standing
from governance import ballot_box, recourse, services, standing
from governance.links import to
from governance.models import Decision, IndependentReview, Matter, Reply
from governance.policy import replies as policy
from governance.reply_forms import AnswerForm, ReplyForm
from governance.views.common import person, posted

RELATED = ("program", "decision__reply_rule", "decision__rule_version")


@dataclass(frozen=True, slots=True)
class Ways:
    """What is open to a person after a decision, for the page of its matter."""

    replies: list[Reply]
    review: IndependentReview | None
    reply_clock: Clock | None
    request_clock: Clock | None
    party: bool
    may_reply: Refusal | None
    may_ask: Refusal | None
    answers: bool

    def standing(self, matter: Matter) -> Standing:
        """Where the decided matter stands, with what still follows."""
        return standing.after(
            standing.of_matter(matter),
            reply=next((reply for reply in self.replies if reply.answered_at is None), None),
            review=self.review,
            open_to_party=self.said,
        )

    @property
    def said(self) -> list[str]:
        """What may still follow the decision, in sentences."""
        waiting = any(reply.answered_at is None for reply in self.replies)
        review = self.review is not None and self.review.ended_at is None
        lines = {
            "A party may reply, once.": self.may_reply is None and self.party,
            "The chair answers the reply.": waiting,
            "A party may ask for an independent review, once.": self.may_ask is None and self.party,
            "People who did not vote review the decision.": review,
        }
        return [text for text, holds in lines.items() if holds]


def ways(matter: Matter, decision: Decision, user: Any, *, party: bool) -> Ways | None:
    """The replies, the review and what the person may still do; None without a right of reply."""
    if decision.reply_rule_id is None:
        return None
    decision.matter = matter
    clocks = _times(matter) if party else {}
    return Ways(
        replies=_replies(user, now(), decision.pk),
        review=_of(decision, user),
        reply_clock=clocks.get(recourse.REPLY_CLOCK),
        request_clock=clocks.get(recourse.REQUEST_CLOCK),
        party=party,
        may_reply=policy.may_reply(decision, user) if party else None,
        may_ask=policy.may_ask(decision, user) if party else None,
        answers=not party and has_role(user, matter.program_id, roles.CHAIR),
    )


def _of(decision: Decision, user: Any) -> IndependentReview | None:
    """The review of the decision, for those who may see it; it knows its matter already."""
    review = next(iter(_reviews(user, now(), decision.pk)), None)
    if review is not None:
        review.decision = decision
    return review


@read_for
def _replies(user: Any, at: dt.datetime, decision: int) -> QuerySet[Reply]:
    rows = Reply.objects.visible_to(user).filter(decision_id=decision)
    return rows.select_related("author", "answered_by")


@read_for
def _reviews(user: Any, at: dt.datetime, decision: int) -> QuerySet[IndependentReview]:
    return IndependentReview.objects.visible_to(user).filter(decision_id=decision)[:1]


def _times(matter: Matter) -> dict[str, Clock]:
    """The latest times to reply and to ask for a review, by their kind."""
    kinds_of_time = (recourse.REPLY_CLOCK, recourse.REQUEST_CLOCK)
    rows = Clock.objects.about(matter).filter(kind__in=kinds_of_time).order_by("id")
    return {clock.kind: clock for clock in rows}


@login_required
@require_safe
def letter(request: HttpRequest, ref: str) -> HttpResponse:
    """The letter as it was sent, to print."""
    matter = decided(request, ref)
    return render(
        request,
        "governance/letter.html",
        {"matter": matter, "decision": matter.decision, "calendar": matter.program.calendar()},
    )


@login_required
def reply(request: HttpRequest, ref: str) -> HttpResponse:
    """A party's reply to the decision."""
    matter = decided(request, ref)
    if not ballot_box.is_party(matter, person(request)):
        raise Http404
    decision = matter.decision
    form = ReplyForm(posted(request))
    return form_verb(
        request,
        form,
        lambda: services.reply_to_decision(
            decision=decision, by=person(request), **form.cleaned_data
        ),
        template="governance/reply.html",
        context=lambda: {
            "matter": matter,
            "decision": decision,
            "refused": policy.may_reply(decision, person(request)),
            "clock": recourse.reply_clock(decision),
        },
        to=to("matter", matter.ref),
        success=say("Your reply is received. The board and the programme manager can read it."),
    )


@login_required
def answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The chair's answer to a reply."""
    matter = decided(request, ref)
    rows = Reply.objects.select_related("author", "decision__matter__program", "answered_by")
    found = visible_or_404(rows.filter(decision__matter=matter), request.user, pk=pk)
    if not has_role(request.user, matter.program_id, roles.CHAIR):
        raise Http404
    form = AnswerForm(posted(request))
    return form_verb(
        request,
        form,
        lambda: services.answer_reply(reply=found, by=person(request), **form.cleaned_data),
        template="governance/reply_answer.html",
        context=lambda: {
            "matter": matter,
            "reply": found,
            "clock": current(found, recourse.ANSWER_CLOCK),
            "refused": policy.may_answer(found, person(request)),
        },
        to=to("matter", matter.ref),
        success=say("Answered. The party was told."),
    )


def decided(request: HttpRequest, ref: str) -> Matter:
    """A decided matter whose public face the person may see."""
    rows = Matter.objects.select_related(*RELATED)
    matter: Matter = visible_or_404(rows, request.user, ref=ref)
    if getattr(matter, "decision", None) is None:
        raise Http404
    return matter
