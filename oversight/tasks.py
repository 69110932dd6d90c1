"""What workers and time do for oversight: large exports, words to search, governance health."""

from __future__ import annotations

import datetime as dt

from celery import shared_task

from fellowship.clocks import registry
from fellowship.kernel.connections import close_stale
from oversight import services
from oversight.audit import search
from oversight.export import making

HOURS = 12


@shared_task(name="oversight.exports", time_limit=HOURS * 3600)
def make_exports() -> str:
    """Make the exports that wait; a repeated or a lost run does no harm."""
    close_stale()
    return f"{making.make_waiting()} made"


@shared_task(name="oversight.index_words")
def index_words() -> str:
    """Take the words of events written since the last time, so that searches find them."""
    close_stale()
    return f"{search.index()} read"


@registry.sweeper("oversight.health")
def measure_governance(at: dt.datetime) -> int:
    """Measure every programme not measured yet on its day."""
    return services.measure_due(at)
