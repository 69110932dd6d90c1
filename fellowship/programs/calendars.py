"""Calls as iCalendar: one call's dates, and a public feed of all that are open or to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from fellowship.kernel.saying import say
from fellowship.notices.calendar import Entry, serialised
from fellowship.programs.models import Call
from fellowship.programs.states import CallState

RECENT = dt.timedelta(days=30)
"""How long a closed call stays in the public feed."""
MOST = 200


def feed(at: dt.datetime) -> bytes:
    """Every published call that has not closed long ago, as of `at`."""
    rows = Call.objects.filter(state=CallState.PUBLISHED, closes_at__gt=at - RECENT)
    found = rows.select_related("program").order_by("closes_at")[:MOST]
    return serialised(_entries(found), name="Calls for proposals", at=at)


def of(call: Call, at: dt.datetime) -> bytes:
    """One call's dates; none for a call closed before its time."""
    return serialised(_entries([call]), name=call.title, at=at)


def _entries(calls: Iterable[Call]) -> Iterator[Entry]:
    for call in calls:
        if call.state != CallState.PUBLISHED:
            continue
        page = call.get_absolute_url()
        about = f"{call.ref}, {call.program}"
        yield Entry(
            f"{call.ref}-opens", say("Opens: {title}", title=call.title), call.opens_at, about, page
        )
        yield Entry(
            f"{call.ref}-closes",
            say("Closes: {title}", title=call.title),
            call.closes_at,
            about,
            page,
        )
