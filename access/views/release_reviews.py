"""Reviewing what would leave: the form of one review, and what follows where two disagree."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from access import criteria, release_policy, services
from access.models import ReleaseRequest, ReleaseReview
from access.outputs import comparing
from access.release_forms import ReviewForm, VerdictForm
from access.release_states import Criterion, ReleaseState
from access.views.releases import find, shown
from fellowship.kernel.saying import begun, say
from fellowship.web.actions import form_verb


@login_required
def review(request: HttpRequest, ref: str) -> HttpResponse:
    """One of the two reviews: each file by each criterion, beside what a machine found."""
    found = find(request, ref)
    user: Any = request.user
    mine = ReleaseReview.objects.filter(request=found, round=found.round, reviewer=user)
    sent = mine.standing().first()
    refusal = release_policy.may_review(found, user)
    if refusal and not sent and refusal.code not in ("wrong_state",):
        raise Http404
    limits = criteria.of_request(found)
    outputs = list(found.outputs.filter(removed_at=None).order_by("id"))
    for output in outputs:
        output.request = found
    form = ReviewForm(
        request.POST if request.method == "POST" else None, outputs=outputs, limits=limits
    )
    earlier = _earlier(found, limits)

    def context() -> dict[str, Any]:
        return {
            "it": found,
            "limits": limits,
            "refusal": refusal,
            "sent": sent,
            "files": [
                (
                    shown(output, limits),
                    form.questions(output),
                    comparing.compare(output, earlier, limits.smallest_group),
                )
                for output in outputs
            ],
            "looked_at": len(earlier),
        }

    def send() -> ReleaseReview:
        done = services.send_release_review(request=found, by=user, **form.asked())
        messages.success(request, _sent(found))
        return done

    return form_verb(
        request,
        form,
        send,
        template="access/release_review.html",
        context=context,
        to=found.get_absolute_url(),
    )


def _sent(found: ReleaseRequest) -> str:
    """What the review that was just sent led to."""
    found.refresh_from_db(fields=["state"])
    if found.state == ReleaseState.IN_REVIEW:
        return say("Sent, and sealed. Both reviews open when the second is in.")
    if found.state == ReleaseState.DISAGREED:
        return say("Sent. You two see it differently: each may revise, or a third person settles.")
    return say(
        "Sent. It was the second review, and both are open: {state}.",
        state=begun(found.get_state_display()),
    )


def _earlier(found: Any, limits: criteria.Limits) -> list[Any]:
    """What left before of the same fellowship or datasets, as far as reviewers hold it against."""
    if Criterion.DIFFERENCING not in limits.asked():
        return []
    return list(comparing.earlier(found, own=False)[: comparing.MOST])


@login_required
def revise(request: HttpRequest, ref: str) -> HttpResponse:
    """Revise one's own verdict, having read the other's."""
    found = find(request, ref)
    user: Any = request.user
    mine = ReleaseReview.objects.filter(request=found, round=found.round, reviewer=user)
    one = mine.standing().first()
    if one is None or not one.opened_at:
        raise Http404
    one.request = found
    form = VerdictForm(request.POST if request.method == "POST" else None)
    return form_verb(
        request,
        form,
        lambda: services.revise_release_review(review=one, by=user, **form.cleaned_data),
        template="access/release_decide.html",
        context=lambda: {
            **_opened(found),
            "title": say("Revise your review"),
            "label": say("Revise it"),
            "refusal": release_policy.may_revise(one, user),
        },
        to=found.get_absolute_url(),
        success=say("Revised. What you first found stands beside it."),
    )


@login_required
def settle(request: HttpRequest, ref: str) -> HttpResponse:
    """Settle it as a third person."""
    found = find(request, ref)
    user: Any = request.user
    reviews = list(found.reviews.filter(round=found.round).standing())
    refusal = release_policy.may_settle(found, reviews, user)
    if refusal and refusal.code == "wrong_role":
        raise Http404
    form = VerdictForm(request.POST if request.method == "POST" else None)
    return form_verb(
        request,
        form,
        lambda: services.settle_release(request=found, by=user, **form.cleaned_data),
        template="access/release_decide.html",
        context=lambda: {
            **_opened(found),
            "title": say("Settle the disagreement"),
            "label": say("Decide"),
            "refusal": refusal,
        },
        to=found.get_absolute_url(),
        success=say("Settled."),
    )


def _opened(found: Any) -> dict[str, Any]:
    """The two reviews side by side, where they are open."""
    reviews = found.reviews.filter(round=found.round, opened_at__isnull=False).standing()
    rows = list(reviews.select_related("reviewer").prefetch_related("answers__output"))
    open_now = found.state != ReleaseState.IN_REVIEW
    return {"it": found, "reviews": rows if open_now else []}
