"""What workers and time do for oversight: large exports, words to search, governance health."""

from __future__ import annotations

import datetime as dt

from celery import shared_task

from fellowship.clocks import registry
from fellowship.history import erasing
from fellowship.kernel.connections import close_stale
from fellowship.kernel.saying import say
from oversight import services
from oversight.audit import search
from oversight.export import making
from oversight.models import Erasure
from oversight.persons import copying

HOURS = 12


@shared_task(name="oversight.exports", time_limit=HOURS * 3600)
def make_exports() -> str:
    """Make the exports and the copies that wait; a repeated or a lost run does no harm."""
    close_stale()
    return say("{make_waiting} made", make_waiting=making.make_waiting() + copying.make_waiting())


@shared_task(name="oversight.index_words")
def index_words() -> str:
    """Take the words of events written since the last time, so that searches find them."""
    close_stale()
    return say("{index} read", index=search.index())


@registry.sweeper("oversight.health")
def measure_governance(at: dt.datetime) -> int:
    """Measure every programme not measured yet on its day."""
    return services.measure_due(at)


@registry.sweeper("oversight.retention")
def keep_to_retention(at: dt.datetime) -> int:
    """Once a day propose the erasures that the retention rule asks for; people decide them."""
    return services.keep_to_retention(at)


@registry.sweeper("oversight.erasures")
def erase_people(at: dt.datetime) -> int:
    """Carry out approved erasures where this process may: embedded, its role owns the tables.

    On PostgreSQL it is the owner's command (`manage.py erase_people`).
    """
    if not (waiting := list(Erasure.objects.approved())) or not erasing.may_write():
        return 0
    return sum(bool(services.erase_person(erasure=e, by=services.ERASING)) for e in waiting)
