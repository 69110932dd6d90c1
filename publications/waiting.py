"""What of the reviews waits for a person, on their home page: each step of an objection by itself.

Silence decides each of these steps, so that every line says when and what it means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import begun, say
from fellowship.web import work
from publications.ladder import SILENCE, step_of
from publications.models import Objection, Question
from publications.services import objection_url
from publications.states import ObjectionState

_O = ObjectionState


@prepared
def _to_author(key: int, at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(
        publication__fellowship__fellow_id=key,
        state__in=(_O.OPEN, _O.PROPOSED),
        step_due_at__gt=at,
    )


@prepared
def _with_others(key: int, at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(
        publication__fellowship__fellow_id=key,
        state__in=(_O.REWORDED, _O.CONTESTED),
        step_due_at__gt=at,
    )


@prepared
def _asked(key: int, at: dt.datetime) -> QuerySet[Question]:
    return Question.objects.filter(
        publication__fellowship__fellow_id=key, ended_at=None, due_at__gt=at
    )


@prepared
def _to_reviewer(key: int, at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(
        Q(raised_by_id=key) | Q(owner_id=key),
        state__in=(_O.REWORDED, _O.PROPOSED),
        step_due_at__gt=at,
    )


@prepared
def _mediated(key: int, at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(
        mediation__mediator_id=key, state=_O.CONTESTED, step_due_at__gt=at
    )


@prepared
def _without_mediator(key: int, at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(
        mediation__mediator=None, state=_O.CONTESTED, step_due_at__gt=at
    )


@work.register_for(roles.FELLOW, when=_to_author)
def to_answer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Objections and proposals that wait for the author."""
    mine = _running(at).filter(publication__fellowship__fellow=user)
    unsaid = Q(state=_O.PROPOSED, mediation__author_takes=None)
    yield from _items(
        mine.filter(Q(state=_O.OPEN) | unsaid),
        {
            _O.OPEN: say("Answer the objection to one passage of"),
            _O.PROPOSED: say("Say whether you take the mediator’s proposal:"),
        },
    )


@work.register_for(roles.FELLOW, when=_with_others)
def answered(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What the author offered or contested, and on whom it waits."""
    mine = _running(at).filter(
        publication__fellowship__fellow=user, state__in=(_O.REWORDED, _O.CONTESTED)
    )
    people = ("publication__fellowship__fellow", "owner", "mediation__mediator")
    yield from _items(
        mine.select_related(*people),
        {
            _O.REWORDED: say("The wording you offered for one passage of"),
            _O.CONTESTED: say("The passage you contested of"),
        },
        holder=lambda objection: _with_whom(objection, at),
    )


def _with_whom(objection: Objection, at: dt.datetime) -> str:
    step = step_of(objection, getattr(objection, "mediation", None), at)
    return step.holder if step else say("the board")


@work.register_for(roles.FELLOW, when=_asked)
def to_reply(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Questions that wait for the author."""
    rows = Question.objects.filter(
        publication__fellowship__fellow=user, ended_at=None, due_at__gt=at
    ).select_related("publication")
    for question in rows.order_by("due_at", "id")[: work.GIVEN]:
        rests = say("The window runs on without an answer.") if question.pauses else ""
        yield work.WorkItem(
            title=say(
                "Answer the reviewer’s question about {title}", title=question.publication.title
            ),
            url=f"{question.publication.get_absolute_url()}#{question.ref}",
            due=question.due_at,
            silence=rests or say("The review goes on without an answer."),
            kind="question",
            case_ref=question.ref,
            program_id=question.program_id,
        )


@work.register_for(when=_to_reviewer)
def to_judge(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Wording and proposals that wait for who objected, or answers for it."""
    mine = _running(at).filter(Q(raised_by=user) | Q(owner=user))
    unsaid = Q(state=_O.PROPOSED, mediation__reviewer_takes=None)
    yield from _items(
        mine.filter(Q(state=_O.REWORDED) | unsaid),
        {
            _O.REWORDED: say("Answer the wording offered for one passage of"),
            _O.PROPOSED: say("Say whether you take the mediator’s proposal:"),
        },
    )


@work.register_for(when=_mediated)
def to_propose(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Contested passages the person mediates."""
    rows = _running(at).filter(mediation__mediator=user, state=_O.CONTESTED)
    yield from _items(rows, {_O.CONTESTED: say("Mediate: propose a way for one passage of")})


@work.register_for(roles.MANAGER, when=_without_mediator)
def to_name(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Contested passages nobody mediates yet, for managers who have no part in them."""
    rows = _running(at).filter(
        state=_O.CONTESTED,
        mediation__mediator=None,
        program__in=realm_ids_where(user, roles.MANAGER),
    )
    rows = rows.exclude(raised_by=user).exclude(owner=user)
    yield from _items(rows, {_O.CONTESTED: say("Name a mediator for one passage of")})


def _running(at: dt.datetime) -> QuerySet[Objection]:
    return Objection.objects.filter(step_due_at__gt=at).select_related("publication")


def _items(
    rows: QuerySet[Objection],
    titles: dict[_O, str],
    holder: Callable[[Objection], str] = lambda _: work.ME,
) -> Iterable[work.WorkItem]:
    for objection in rows.order_by("step_due_at", "id")[: work.GIVEN]:
        state = _O(objection.state)
        silence = SILENCE[state]
        yield work.WorkItem(
            title=f"{titles[state]} {objection.publication.title}",
            url=objection_url(objection),
            due=objection.step_due_at,
            holder=holder(objection),
            silence=say(
                "{silence}; the rest goes on.",
                silence=begun(silence),
            ),
            kind="objection",
            case_ref=objection.ref,
            program_id=objection.program_id,
        )
