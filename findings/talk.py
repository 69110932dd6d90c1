"""What was decided and said about a finding, in one thread that both sides read whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from fellowship.history.models import Event
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from findings.models import Finding, Reply

DECISIONS: Final = {
    "findings.accept": say("Accepted"),
    "findings.defer": say("Deferred"),
    "findings.reject": say("Rejected"),
    "findings.reconsider": say("Taken up again"),
    "findings.rerate": say("Severity changed"),
    "findings.pause": say("Clock paused"),
    "findings.close": say("Closed"),
    "findings.close_as_duplicate": say("Closed as a repetition"),
    "findings.reopen": say("Opened again"),
}
"""Verbs whose reason the fellow reads, and how the thread calls them."""
LONGEST: Final = 60
LATEST: Final = 3
"""Entries that are read at once; the ones before them are folded."""


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: who, when, what. `decision` names the verb where something was decided."""

    at: dt.datetime
    who: str
    text: str
    decision: str = ""
    from_fellow: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """The thread, oldest first, and whose word is last."""

    words: tuple[Word, ...]
    holds: str

    @property
    def latest(self) -> tuple[Word, ...]:
        """The entries read at once."""
        return self.words[-LATEST:]

    @property
    def earlier(self) -> tuple[Word, ...]:
        """The entries before them."""
        return self.words[:-LATEST]

    @property
    def cut(self) -> bool:
        """Whether older entries are left out; the history below has them all."""
        return len(self.words) >= LONGEST


def of(finding: Finding, events: Iterable[Event], *, waits_on_fellow: bool) -> Talk:
    """The thread of a finding, in one query; `events` are of it, with their actors."""
    decided = [event for event in events if event.verb in DECISIONS]
    fellow = finding.fellowship.fellow_id
    words = [
        *(Word(e.at, e.actor_name, e.reason, DECISIONS[e.verb]) for e in decided[:LONGEST]),
        *(
            Word(r.said_at, str(r.author), r.text, from_fellow=r.author_id == fellow)
            for r in _replies(finding.pk)
        ),
    ]
    words.sort(key=lambda word: word.at)
    return Talk(tuple(words[-LONGEST:]), _holds(finding, words, waits_on_fellow))


@read
def _replies(finding: int) -> QuerySet[Reply]:
    rows = Reply.objects.filter(finding_id=finding).select_related("author")
    return rows.order_by("-id")[:LONGEST]


def _holds(finding: Finding, words: list[Word], waits_on_fellow: bool) -> str:
    """Who has the word. A reply starts no clock, so it is said who is expected to answer."""
    if waits_on_fellow:
        return say(
            "{fellow} has the word: the clock runs again with their reply.",
            fellow=finding.fellowship.fellow,
        )
    fellow, owner = finding.fellowship.fellow, finding.product_owner or say("the product owners")
    if not words:
        return say(
            "{fellow} and {owner} may write here. A reply moves no deadline.",
            fellow=fellow,
            owner=owner,
        )
    last = words[-1]
    if last.from_fellow:
        return say(
            "{who} had the last word; {owner} may answer. A reply moves no deadline.",
            who=last.who,
            owner=owner,
        )
    return say("{fellow} may reply. A reply moves no deadline.", fellow=fellow)
