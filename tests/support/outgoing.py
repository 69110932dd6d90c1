"""What leaves the house by itself: notices with their mails and files, messages to systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import transaction
from django.db.models import Max, Model, QuerySet

from fellowship.accounts.models import User
from fellowship.clocks.services import sweep
from fellowship.kernel.time import now
from fellowship.notices.messages import compose
from fellowship.notices.models import Delivery, Mail, Notice
from tests.support.cast import CAST
from tests.support.house import House
from tests.support.walked import Row, asking

DAYS: Final = (2, 31, 500)
"""So many days later the house is swept: what is due by then has been reminded of or has ended."""
SYSTEMS: Final = "steward"
"""Who sets up where messages go, and sees what went."""


def of_verbs(house: House, verbs: Iterable[tuple[Row, str]]) -> Iterator[tuple[str, str, str]]:
    """What follows from asking each of them as somebody: what was asked, who is told, the text."""
    for row, who in verbs:
        with _after() as last, asking(house, who, row):
            yield from ((str(row), *told) for told in _since(house, last))


def of_time(house: House) -> Iterator[tuple[str, str, str]]:
    """What follows from nothing being done: how many days later, who is told, the text."""
    with _after() as last, transaction.atomic():
        for days in DAYS:
            sweep(now() + dt.timedelta(days=days))
            yield from ((f"{days} days later", *told) for told in _since(house, last))
        transaction.set_rollback(True)


_Last = dict[type[Model], int]


@contextmanager
def _after() -> Iterator[_Last]:
    yield {model: _newest(model._base_manager.all()) for model in (Notice, Delivery)}


def _newest(rows: QuerySet[Model]) -> int:
    return rows.aggregate(last=Max("pk"))["last"] or 0


def _since(house: House, last: _Last) -> Iterator[tuple[str, str]]:
    """Whom each thing that was written since is for, and all of its text; what a conflict closes
    to them is in no inbox and no mail.
    """
    written = Notice.objects.filter(pk__gt=last[Notice])
    people = User.objects.filter(pk__in=written.values("recipient"))
    known = {person.pk: name for name, person in house.world.people.items() if name not in CAST}
    known |= {house.world.people[name].pk: name for name in CAST if name in house.world.people}
    for person in people:
        for notice in written.visible_to(person):
            message = compose(Mail(recipient=person, created_at=notice.created_at), [notice])
            files = [str(content).replace("\r\n ", "") for _, content, _ in message.attachments]
            parts = [notice.title, notice.body, str(notice.words), message.subject, message.body]
            yield known[person.pk], "\n".join([notice.kind, *parts, *files])
    for delivery in Delivery.objects.filter(pk__gt=last[Delivery]):
        yield SYSTEMS, delivery.body
