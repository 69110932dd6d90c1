"""Words of the record: what an event said and wrote, so that it is found by them.

An event's words are its reason, its reference, and the texts in the history rows it wrote: past
wordings are found as well as present ones. Names and addresses of people are kept out, so that
erasing them leaves nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fellowship.history.models import Event
from oversight.audit import trail
from oversight.audit.words import texts_of
from oversight.models import EventWords

BATCH: Final = 500
MOST: Final = 20_000
"""Characters kept of one event."""
LEAST: Final = 2
"""Letters a word must have to be looked for."""
MOST_WORDS: Final = 6


def split(asked: str) -> list[str]:
    """The words to look for, in folded case; what stands in quotation marks stays together."""
    parts = asked.split('"')
    phrases = [" ".join(part.split()) for part in parts[1::2]]
    singles = [word for part in parts[::2] for word in part.split()]
    found = [word.casefold() for word in (*phrases, *singles)]
    return [word for word in found if len(word) >= LEAST][:MOST_WORDS]


def narrowed(events: Any, asked: str) -> Any:
    """The events in which every word occurs."""
    for word in split(asked):
        events = events.filter(words__text__icontains=word)
    return events


def index(most: int = 20 * BATCH) -> int:
    """Take the words of events that have none yet, and of those not whole; how many it took.

    By anti-join, so that one that commits late is not missed. Finds nothing to do a second time,
    but for events whose rows are withheld still.
    """
    done = 0
    missing = Event.objects.filter(words=None).order_by("pk")
    while done < most and (batch := list(missing[: min(BATCH, most - done)])):
        EventWords.objects.bulk_create(_words(batch), ignore_conflicts=True)
        done += len(batch)
    partial = Event.objects.filter(words__whole=False).order_by("pk")
    for event in _words(partial[:BATCH]):
        if event.whole:
            EventWords.objects.filter(pk=event.pk).update(text=event.text, whole=True)
            done += 1
    return done


def waiting() -> int:
    """How many events have no words yet, counted no further than a thousand."""
    return Event.objects.filter(words=None).order_by().values("pk")[:1000].count()


def _words(events: Iterable[Event]) -> Iterator[EventWords]:
    listed = list(events)
    rows: dict[str, int] = {}
    read: dict[str, list[str]] = {}
    for one in trail.written(listed, before=False):
        rows[one.row.event] = rows.get(one.row.event, 0) + 1
        texts = texts_of(trail.model_of(one.label), one.row.values)
        read.setdefault(one.row.event, []).extend(texts)
    for event in listed:
        uid = str(event.uid)
        named = sum(1 for label, _ in trail.rows_of(event) if trail.is_kept(label))
        text = " ".join([event.subject_ref, event.reason, *dict.fromkeys(read.get(uid, []))])
        yield EventWords(
            event=event,
            text=" ".join(text.split()).casefold()[:MOST],
            whole=rows.get(uid, 0) >= named,
        )
