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
            title=f"{departure.person} has left: {_count(len(rows) - waiting, waiting)}",
            body="\n".join(f"{row.label}: {row.title}" for row in rows[:50]),
            url=reverse("accounts:hand_overs"),
            urgent=waiting > 0,
        )


def _count(taken: int, waiting: int) -> str:
    parts = []
    if taken:
        parts.append(f"{taken} {'thing is' if taken == 1 else 'things are'} yours now")
    if waiting:
        parts.append(f"{waiting} {'waits' if waiting == 1 else 'wait'} for you to settle")
    return ", ".join(parts)


@prepared
def _waiting(key: int, at: dt.datetime) -> QuerySet[HandOver]:
    return HandOver.objects.waiting().filter(to=key)


@register_for(when=_waiting)
def to_settle(user: Any, at: dt.datetime) -> Iterator[WorkItem]:
    """What the person is to find a new holder for, as one line."""
    count = HandOver.objects.waiting().filter(to=user).count()
    if count:
        what = "one thing" if count == 1 else f"{count} things"
        yield WorkItem(
            title=f"Settle who has {what} now, of people who left",
            url=reverse("accounts:hand_overs"),
            kind="People",
        )
