"""Telling people what they took over from somebody who left, and what waits for them to settle."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from fellowship.accounts.models import Departure, HandOver, Realm, User
from fellowship.accounts.services import tell
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import joined, say, say_n
from fellowship.notices.services import notify
from fellowship.web.work import WorkItem, register_for


@tell
def told(departure: Departure, hand_overs: list[HandOver]) -> None:
    """One notice for each person and programme: what is theirs now, and what they settle."""
    by_person: dict[tuple[User, Realm], list[HandOver]] = defaultdict(list)
    for row in hand_overs:
        if row.to is not None:
            by_person[row.to, row.realm].append(row)
    for (person, realm), rows in by_person.items():
        waiting = sum(row.settled_at is None for row in rows)
        notify(
            kind="accounts.handed_over",
            to=[person],
            realm=realm,
            title=say(
                "{person} has left: {count}",
                person=departure.person,
                count=_count(len(rows) - waiting, waiting),
            ),
            body=joined("\n", (joined(": ", (row.label, row.title)) for row in rows[:50])),
            url=reverse("accounts:hand_overs"),
            urgent=waiting > 0,
        )


def _count(taken: int, waiting: int) -> str:
    parts = []
    if taken:
        parts.append(say_n(taken, "{n} thing is yours now", "{n} things are yours now"))
    if waiting:
        parts.append(say_n(waiting, "{n} waits for you to settle", "{n} wait for you to settle"))
    return joined(", ", parts)


@prepared
def _waiting(key: int, at: dt.datetime) -> QuerySet[HandOver]:
    return HandOver.objects.waiting().filter(to=key)


@register_for(when=_waiting)
def to_settle(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """What the person is to find a new holder for, as one line."""
    count = HandOver.objects.waiting().filter(to=user).count()
    if count:
        what = say("one thing") if count == 1 else say("{count} things", count=count)
        yield WorkItem(
            title=say("Settle who has {what} now, of people who left", what=what),
            url=reverse("accounts:hand_overs"),
            kind="People",
        )
