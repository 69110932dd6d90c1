"""A person's own work: what needs them, and what they wait for, from every application."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models.expressions import RawSQL
from django.urls import reverse
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
AT_MOST: Final = 20
"""Items of one kind on a first page: the most urgent. Of the others it says how many there are."""
COUNTED: Final = 100
"""How far a kind is counted."""
GIVEN: Final = COUNTED + 1
"""So many a provider gives at most: one more than is counted says that there are more."""
WHOLE: Final = "show=all"
"""What asks the first page for all that is counted."""


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

    `capped` says that it was not worth counting on, `waits` that they wait for it.
    """

    title: str
    url: str
    number: int
    overdue: int = 0
    capped: bool = False
    waits: bool = False

    @property
    def number_text(self) -> str:
        """How many, “500+” where it was not counted on."""
        return told(self.number + self.capped, self.number)


Provider = Callable[[Any, dt.datetime], Iterable[WorkItem | More]]
Question = Callable[[int, dt.datetime], RawSQL]


@dataclass(frozen=True, slots=True)
class Rest:
    """The list that holds what is too much for a first page: what it is called there, and where."""

    title: str
    route: str
    query: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return reverse(self.route) + (f"?{self.query}" if self.query else "")


_HERE: Final = Rest(say("show all of them here"), "web:home", WHOLE)


@dataclass(frozen=True, slots=True)
class _Entry:
    provider: Provider
    roles: tuple[str, ...]
    when: Question | None
    rest: Rest


_providers: list[_Entry] = []


def register(provider: Provider) -> Provider:
    """Add a provider; usable as a decorator. It is asked with the person and the instant."""
    return register_for()(provider)


def register_for(
    *roles: str, when: Question | None = None, rest: Rest = _HERE
) -> Callable[[Provider], Provider]:
    """Add a provider that need not be asked each time, and say which list holds all it tells of.

    It gives all there is, up to `GIVEN`; the first page shows the most urgent of
    them, and says how many more there are, and where.

    With `roles`, it is asked only for who holds one of them anywhere. `when` is a prepared question
    put with the person's key and the instant: where it finds nothing, the provider has nothing to
    say. It may find more than the provider will show, never less. All are put in one query.
    """

    def add(provider: Provider) -> Provider:
        if all(entry.provider != provider for entry in _providers):
            _providers.append(_Entry(provider, roles, when, rest))
        return provider

    return add


@dataclass(frozen=True, slots=True)
class Work:
    """What needs the person, and what they wait for; each by due time, the undated last.

    `more` and `more_waiting` are the rests of lists too long to stand here whole.
    """

    mine: list[WorkItem]
    waiting: list[WorkItem]
    more: Sequence[More] = ()
    more_waiting: Sequence[More] = ()

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


def of(user: Any, at: dt.datetime, *, whole: bool = False) -> Work:
    """Everything the providers know of `user` at `at`: the most urgent of each kind, or the whole.

    The whole is what is counted.
    """
    most = COUNTED if whole else AT_MOST
    given = [
        item
        for entry in _asked(user, at)
        for item in _most_urgent([*entry.provider(user, at)], entry.rest, most, at)
    ]
    items = [item for item in given if isinstance(item, WorkItem)]
    with calendars.kept():
        items.sort(key=lambda item: (*_urgency(item), item.case_ref, item.title))
    rests = [rest for rest in given if isinstance(rest, More) and rest.number]
    return Work(
        mine=[item for item in items if item.holder == ME],
        waiting=[item for item in items if item.holder != ME],
        more=[rest for rest in rests if not rest.waits],
        more_waiting=[rest for rest in rests if rest.waits],
    )


def _urgency(item: WorkItem) -> tuple[bool, dt.datetime]:
    return not item.pressing, item.at


def _most_urgent(
    given: Sequence[WorkItem | More], rest: Rest, most: int, at: dt.datetime
) -> Iterator[WorkItem | More]:
    """The first of what needs the person and of what they wait for, and how many follow."""
    if len(given) <= most:
        yield from given
        return
    yield from (item for item in given if isinstance(item, More))
    items = [item for item in given if isinstance(item, WorkItem)]
    for waits in (False, True):
        these = [item for item in items if (item.holder != ME) == waits]
        with calendars.kept():
            these.sort(key=_urgency)
            late = 0 if waits else sum(item.at <= at for item in these[most:COUNTED])
        yield from these[:most]
        if over := len(these[most:COUNTED]) or len(these[most:]):
            yield More(rest.title, rest.url, over, late, len(these) > COUNTED, waits)


def _asked(user: Any, at: dt.datetime) -> Sequence[_Entry]:
    """The providers that may have something to say to the person."""
    fitting = [e for e in _providers if not e.roles or holds_anywhere(user, *e.roles, at=at)]
    questions = [entry.when(user.pk, at) for entry in fitting if entry.when]
    answers = iter(any_of(questions))
    return [entry for entry in fitting if entry.when is None or next(answers)]


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
