"""A person's deadlines as an iCalendar feed (RFC 5545); applications register what is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from fellowship.accounts.models import User
from fellowship.notices import links

if TYPE_CHECKING:
    from icalendar import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """One deadline. `key` stays the same while the deadline moves; `path` is of this site."""

    key: str
    title: str
    at: dt.datetime
    description: str = ""
    path: str = ""


Source = Callable[[User, dt.datetime], Iterable[Entry]]
_sources: list[Source] = []


def source(function: Source) -> Source:
    """Add a source of entries, asked with the person and the present instant; a decorator."""
    if function not in _sources:
        _sources.append(function)
    return function


def feed(user: User, at: dt.datetime) -> bytes:
    """The person's calendar as of `at`."""
    entries = (entry for each in _sources for entry in each(user, at))
    return serialised(entries, name="Fellowship deadlines", at=at)


def serialised(entries: Iterable[Entry], *, name: str, at: dt.datetime) -> bytes:
    """Entries as one calendar of that name, in the order of their time."""
    from icalendar import Calendar  # 5 MB that only calendars need

    calendar = Calendar()
    calendar.add("prodid", "-//Fellowship//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.key)):
        calendar.add_component(_event(entry, at))
    content: bytes = calendar.to_ical()
    return content


def _event(entry: Entry, at: dt.datetime) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{entry.key}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}")
    event.add("dtstamp", at.astimezone(dt.UTC))
    event.add("dtstart", entry.at.astimezone(dt.UTC))
    event.add("dtend", entry.at.astimezone(dt.UTC))
    event.add("summary", entry.title)
    event.add("transp", "TRANSPARENT")
    if entry.description:
        event.add("description", entry.description)
    if entry.path and links.is_local(entry.path):
        event.add("url", links.absolute(entry.path))
    return event
