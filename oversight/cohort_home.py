"""What the end of a case and of a cohort asks of people: their part of the first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.web import work
from oversight.models import (
    Closeout,
    ClosingText,
    Recommendation,
    SurveyInvitation,
    Waiver,
)
from oversight.states import ClosingKind
from scoping.models import Fellowship

SIDES: Final = {"fellow_id": ClosingKind.FELLOW, "mentor_id": ClosingKind.MENTOR}


def _missing(kind: ClosingKind) -> Q:
    """Ended cases not closed whose text of this kind is neither written nor excepted."""
    case = {"fellowship": OuterRef("pk")}
    return Q(
        ~Exists(Closeout.objects.filter(**case)),
        ~Exists(ClosingText.objects.filter(kind=kind, **case)),
        ~Exists(Waiver.objects.filter(key=f"closing.{kind}", **case)),
        ended_at__isnull=False,
    )


@prepared
def _to_review(key: int, at: dt.datetime) -> QuerySet[Fellowship]:
    mine = Q(fellow_id=key) & _missing(ClosingKind.FELLOW)
    return Fellowship.objects.filter(mine | (Q(mentor_id=key) & _missing(ClosingKind.MENTOR)))


@work.register_for(when=_to_review)
def reviews_to_write(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """The review that a fellow or mentor has still to write of a case that ended."""
    for field, kind in SIDES.items():
        rows = Fellowship.objects.visible_to(user).filter(_missing(kind), **{field: user.pk})
        for ref, program in rows.order_by("id").values_list("ref", "program_id")[: work.GIVEN]:
            yield work.WorkItem(
                title=say("Write your review of {ref}", ref=ref),
                url=reverse("oversight:closing_text", args=[ref, kind]),
                silence=say("The case stays open."),
                kind="Closeout",
                case_ref=ref,
                program_id=program,
            )


def _asked_of(key: int, at: dt.datetime) -> QuerySet[SurveyInvitation]:
    return SurveyInvitation.objects.filter(person_id=key, answered=False, survey__closes_at__gt=at)


_asked = prepared(_asked_of)


@work.register_for(when=_asked)
def surveys_to_answer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Surveys that take answers and wait for the person's."""
    for row in _asked_of(user.pk, at).select_related("survey__cohort").order_by("id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Say how {cohort} was, as a {side}", cohort=row.survey.cohort, side=row.side),
            url=row.survey.get_absolute_url(),
            due=row.survey.closes_at,
            silence=say("It closes without your answer."),
            kind="Survey",
            program_id=row.survey.program_id,
        )


def _owned_by(key: int, at: dt.datetime) -> QuerySet[Recommendation]:
    return Recommendation.objects.waiting().filter(owner_id=key)


_owned = prepared(_owned_by)


@work.register_for(when=_owned)
def recommendations_to_carry_out(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What the person is to do before the next call."""
    for row in _owned_by(user.pk, at).order_by("due_on", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=row.text,
            url=row.get_absolute_url(),
            due=row.due_on,
            silence=say("It stays on the launch checklist as overdue."),
            kind="Next call",
            program_id=row.program_id,
        )
