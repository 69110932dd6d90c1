"""Where replies, reviews and overrides asked for stand on people's desks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import RecusalOverride
from fellowship.accounts.queries import realm_ids_where
from fellowship.accounts.states import OverrideState
from fellowship.clocks.models import Clock
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.web import work
from governance import recused
from governance.links import to
from governance.models import IndependentReview, Reply, ReviewSeat
from governance.models.visibility import NAMERS
from governance.policy.replies import may_name
from governance.recourse import ANSWER_CLOCK
from governance.review_states import ENDED_REVIEW, ReviewState
from governance.services.reviews import SILENCE


@work.register_for(roles.CHAIR)
def replies_to_answer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Replies that wait for the chair's answer."""
    for reply in _replies(user, at):
        matter = reply.decision.matter
        yield work.WorkItem(
            title=say("Answer a reply: {title}", title=matter.title),
            url=to("reply_answer", matter.ref, reply.pk),
            due=reply.until,
            silence=say("The sponsor is told; the decision stands meanwhile."),
            kind="reply",
            case_ref=matter.ref,
            program_id=matter.program_id,
        )


@read_for
def _replies(user: Any, at: dt.datetime) -> QuerySet[Reply]:
    chaired = realm_ids_where(user, roles.CHAIR, at=at)
    rows = Reply.objects.visible_to(user).filter(
        answered_at=None, decision__matter__program_id__in=chaired
    )
    clock = Clock.objects.filter(
        kind=ANSWER_CLOCK, subject_type=Reply._meta.label_lower, subject_id=OuterRef("pk")
    )
    until = Subquery(clock.order_by("-id").values("due_at")[:1])
    waiting = rows.exclude(author_id=user.pk).annotate(until=until)
    return waiting.select_related("decision__matter")[: work.GIVEN]


@work.register_for(*NAMERS)
def reviewers_to_name(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Reviews for which the person may name who carries them out."""
    rows = IndependentReview.objects.visible_to(user).filter(state=ReviewState.ASKED)
    for review in rows.select_related("decision__matter")[: work.GIVEN]:
        if may_name(review, user) is None:
            yield _item(
                review, say("Name who reviews: {title}", title=review.decision.matter.title)
            )


@work.register_for(*recused.DECIDING)
def overrides_to_decide(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Recusals which somebody else asked to set aside."""
    for override in _overrides(user, at):
        yield work.WorkItem(
            title=say("Decide on an override: the recusal of {person}", person=override.person),
            url=to("recusal", override.conflict_id),
            silence=say("The recusal counts."),
            kind="override",
            program_id=override.realm_id,
        )


@read_for
def _overrides(user: Any, at: dt.datetime) -> QuerySet[RecusalOverride]:
    asked = RecusalOverride.objects.filter(
        state=OverrideState.REQUESTED,
        declared_at=F("conflict__declared_at"),
        conflict__in=recused.rows(user).values("pk"),
        realm_id__in=realm_ids_where(user, *recused.DECIDING, at=at),
    ).exclude(requested_by_id=user.pk)
    return asked.select_related("person").order_by("requested_at", "id")[: work.GIVEN]


def _seats(key: int, at: dt.datetime) -> QuerySet[ReviewSeat]:
    return ReviewSeat.objects.waiting().filter(reviewer_id=key)


@work.register_for(when=prepared(_seats))
def findings_to_give(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Decisions the person is asked to review."""
    if not user.is_active:
        return
    for seat in _seats(user.pk, at).select_related("review__decision__matter")[: work.GIVEN]:
        yield _item(
            seat.review, say("Review a decision: {title}", title=seat.review.decision.matter.title)
        )


def _asked(key: int, at: dt.datetime) -> QuerySet[IndependentReview]:
    return IndependentReview.objects.exclude(state__in=ENDED_REVIEW).filter(asked_by_id=key)


@work.register_for(when=prepared(_asked))
def reviews_asked_for(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Reviews the person waits for."""
    if not user.is_active:
        return
    for review in _asked(user.pk, at).select_related("decision__matter")[: work.GIVEN]:
        title = say("Independent review: {title}", title=review.decision.matter.title)
        yield _item(review, title, holder=say("people who did not vote"))


def _item(review: IndependentReview, title: str, holder: str = work.ME) -> work.WorkItem:
    return work.WorkItem(
        title=title,
        url=review.get_absolute_url(),
        due=review.due_at,
        holder=holder,
        silence=SILENCE,
        kind="review",
        case_ref=review.ref,
        program_id=review.decision.matter.program_id,
    )
