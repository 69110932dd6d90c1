"""What workers do for oversight: large exports, and the words by which events are found."""

from __future__ import annotations

from celery import shared_task

from fellowship.kernel.connections import close_stale
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
