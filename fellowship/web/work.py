"""A person's own work: what needs them, and what they wait for, from every application."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models.expressions import RawSQL
from django.utils.safestring import SafeString

from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel import time
from fellowship.kernel.prepared import any_of
from fellowship.kernel.saying import begun, joined, say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.components import times
from fellowship.web.markup import markup
from fellowship.web.tables import told

ME: Final = "me"
NO_DEADLINE: Final = say("No deadline")
UNMOVED: Final = say("Nothing happens by itself; it stays as it is.")
_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One piece of work, due on a day or at an instant.

    `holder` is `ME`, or names whom the person waits for.
    """

    title: str
    url: str
    due: dt.date | None = None
    holder: str = ME
    silence: str = ""
    kind: str = ""
    case_ref: str = ""
    program_id: int | None = None
    pressing: bool = False
    """Whether it stands before all else, what is overdue too: somebody is called for it now."""
    happened: str = ""
    """What its end has brought already; `silence` is then what is still to come, if anything."""

    @property
    def calendar(self) -> WorkCalendar | None:
        """The working days its distance is counted in: its programme's."""
        return calendars.of(self.program_id)

    @property
    def at(self) -> dt.datetime:
        """When it is due, to put it in order; the end of time where it is not."""
        return times.instant(self.due, self.calendar) if self.due else _FAR


@dataclass(frozen=True, slots=True)
class More:
    """What needs the person beyond the items given: where the rest of a list is, and how many.

    `capped` says that it was not worth counting on.
    """

    title: str
    url: str
    number: int
    overdue: int = 0
    capped: bool = False

    @property
    def number_text(self) -> str:
        """How many, “500+” where it was not counted on."""
        return told(self.number + self.capped, self.number)


Provider = Callable[[Any, dt.datetime], Iterable[WorkItem | More]]
Question = Callable[[int, dt.datetime], RawSQL]


@dataclass(frozen=True, slots=True)
class _Entry:
    provider: Provider
    roles: tuple[str, ...]
    when: Question | None


_providers: list[_Entry] = []


def register(provider: Provider) -> Provider:
    """Add a provider; usable as a decorator. It is asked with the person and the instant."""
    return register_for()(provider)


def register_for(*roles: str, when: Question | None = None) -> Callable[[Provider], Provider]:
    """Add a provider that need not be asked each time.

    With `roles`, it is asked only for who holds one of them anywhere. `when` is a prepared question
    put with the person's key and the instant: where it finds nothing, the provider has nothing to
    say. It may find more than the provider will show, never less. All are put in one query.
    """

    def add(provider: Provider) -> Provider:
        if all(entry.provider != provider for entry in _providers):
            _providers.append(_Entry(provider, roles, when))
        return provider

    return add


@dataclass(frozen=True, slots=True)
class Work:
    """What needs the person, and what they wait for; each by due time, the undated last.

    `more` are the rests of lists too long to stand here whole.
    """

    mine: list[WorkItem]
    waiting: list[WorkItem]
    more: Sequence[More] = ()

    @property
    def total(self) -> int:
        """How many things need the person, as far as they are counted."""
        return len(self.mine) + sum(rest.number for rest in self.more)

    @property
    def total_text(self) -> str:
        """The same in words: “33”, or “520+”."""
        return told(self.total + any(rest.capped for rest in self.more), self.total)

    def overdue(self, at: dt.datetime) -> int:
        """How many of them are late at `at`."""
        return sum(i.at <= at for i in self.mine) + sum(rest.overdue for rest in self.more)

    def list_of_mine(self) -> SafeString:
        """What needs the person, as HTML."""
        return markup(
            '<ul class="work">{}</ul>', SafeString("".join(_item(item) for item in self.mine))
        )

    def table_of_waiting(self) -> Table[WorkItem]:
        """What they wait for and on whom."""
        return Table(say("What you wait for and on whom"), _WAITING, self.waiting)


def of(user: Any, at: dt.datetime) -> Work:
    """Everything the providers know of `user` at `at`."""
    given = [item for provider in _asked(user, at) for item in provider(user, at)]
    items = [item for item in given if isinstance(item, WorkItem)]
    with calendars.kept():
        items.sort(key=lambda item: (not item.pressing, item.at, item.case_ref, item.title))
    return Work(
        mine=[item for item in items if item.holder == ME],
        waiting=[item for item in items if item.holder != ME],
        more=[rest for rest in given if isinstance(rest, More) and rest.number],
    )


def _asked(user: Any, at: dt.datetime) -> Sequence[Provider]:
    """The providers that may have something to say to the person."""
    fitting = [e for e in _providers if not e.roles or holds_anywhere(user, *e.roles, at=at)]
    questions = [entry.when(user.pk, at) for entry in fitting if entry.when]
    answers = iter(any_of(questions))
    return [entry.provider for entry in fitting if entry.when is None or next(answers)]


def _item(item: WorkItem) -> SafeString:
    when = (
        say("Its time has run out")
        if item.due and item.at <= time.now()
        else say("If nothing happens")
    )
    silence = joined(": ", (when, item.silence)) if item.silence else UNMOVED
    if item.happened:
        said = [joined(": ", (say("Its time has run out"), item.happened))]
        if item.silence:
            said.append(joined(": ", (say("If nothing happens"), item.silence)))
        silence = joined(" ", said)
    return markup(
        '<li><div><p class="title"><a href="{}">{}</a></p><p class="meta">{}</p></div>'
        "<div>{}</div></li>",
        *(item.url, item.title, joined(" · ", (part for part in (item.case_ref, silence) if part))),
        cells.due(item.due, item.calendar) if item.due else cells.tag(NO_DEADLINE),
    )


_WAITING: tuple[Column[WorkItem], ...] = (
    Column(say("What"), lambda i: cells.link(i.url, i.title, i.case_ref)),
    Column(say("With"), lambda i: begun(i.holder)),
    Column(say("Until"), lambda i: cells.due(i.due, i.calendar) if i.due else NO_DEADLINE),
    Column(say("If they stay silent"), lambda i: i.silence or UNMOVED),
)
