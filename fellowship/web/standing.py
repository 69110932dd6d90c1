"""Where a case stands: who holds it, what comes next, what silence means, who can block it.

An app describes each lifecycle once, as a `Plan` over its transition table; a page asks the plan
for the case's state and gives what runs. The plan is checked against the table when it is made: a
state nobody holds, or a verb nobody makes, is an error. One look everywhere: `{% standing it %}`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.urls import NoReverseMatch, reverse

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import days_of
from fellowship.clocks.states import ALIVE
from fellowship.kernel.moves import MoveTable
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar

UNMOVED = say("Nothing happens by itself; it stays as it is.")
OVER = say("Nothing is waited for.")
CLOSED = say("Nothing more: it is closed.")
LEFT = say("No further step is needed.")
Span = tuple[str, dt.datetime | None, dt.datetime | None]
"""A stretch with `us` or `you`, from and until; without an end it is open, without a start none."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who makes a move, and what it does. With `grounds` it can stop the case, on these alone."""

    who: str
    does: str
    grounds: tuple[str, ...] = ()
    rule: str = ""
    silence: str = ""

    def __str__(self) -> str:
        return f"{self.who} {self.does}."


@dataclass(frozen=True, slots=True)
class Blocker:
    """Somebody who can still stop or hold up the case: how, on which grounds, until when."""

    who: str
    can: str
    grounds: tuple[str, ...]
    silence: str
    until: dt.datetime | None = None
    rule: str = ""
    rule_url: str = ""
    names: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything a person must know of where a case is."""

    where: str
    holder: str
    with_us: int
    with_you: int
    next: tuple[str, ...]
    silence: str
    blockers: tuple[Blocker, ...]
    due: dt.datetime | None = None
    paused: bool = False
    over: bool = False
    calendar: WorkCalendar | None = None

    def held_by(self, holder: str) -> Standing:
        """The same, with the holder named."""
        return replace(self, holder=holder)


@dataclass(frozen=True)
class Plan:
    """A lifecycle in words. `holders` and `silence` by state; `steps` by verb.

    A verb that means another thing in some state is found under `state.verb` first. `silence` is
    said where no running clock says it. Raises ValueError where table and words do not match.
    """

    table: MoveTable
    holders: Mapping[str, str]
    silence: Mapping[str, str]
    steps: Mapping[str, Step]
    more: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    """Who else can stop a case in a state, by no verb of its own."""

    def __post_init__(self) -> None:
        untold = self.table.states - set(self.holders)
        untold |= self.table.states - self.table.terminal - set(self.silence)
        told = set(self.steps)
        untold |= {m.verb for m in self.table.moves if not told & {m.verb, f"{m.source}.{m.verb}"}}
        if untold:
            raise ValueError(f"{self.table.name}: nothing is said of {sorted(untold)}")

    def at(
        self,
        state: str,
        *,
        calendar: WorkCalendar,
        clocks: Sequence[Clock] = (),
        spans: Iterable[Span] = (),
        due: dt.datetime | None = None,
        silence: str = "",
        names: Mapping[str, str] | None = None,
        rules: Mapping[str, str] | None = None,
        also: Iterable[Blocker] = (),
    ) -> Standing:
        """Where a case in `state` stands.

        `clocks` are all the case ever had, with their pauses; `spans` count days where no clock
        does. `names` are people by the step's `who`; `rules` addresses by the rule's title; `also`
        are blockers that stand beside the lifecycle, such as conditions.
        """
        days = days_of(clocks, now(), calendar) if clocks else _days(spans, calendar)
        closed = state in self.table.terminal
        running = [c for c in clocks if c.state in ALIVE and not (closed and c.due_at <= now())]
        clock = min(running, key=lambda c: c.due_at, default=None)
        due = due or (clock.due_at if clock else None)
        over = closed and clock is None
        steps = self._steps(state)
        stops = dict.fromkeys((*steps, *self.more.get(state, ())))
        said = silence or (clock.if_silent if clock else "") or self.silence.get(state, OVER)
        return Standing(
            where=str(self.table.labels.get(state, state)),
            holder=self.holders[state],
            with_us=days["us"],
            with_you=days["you"],
            next=tuple(str(step) for step in steps) or (LEFT if stops or due else CLOSED,),
            silence=said,
            blockers=(
                *also,
                *(_blocker(s, said, due, names or {}, rules or {}) for s in stops if s.grounds),
            ),
            due=due,
            paused=bool(clock and clock.paused_at),
            over=over,
            calendar=calendar,
        )

    def _steps(self, state: str) -> list[Step]:
        """The steps that may follow, each once, in the table's order."""
        found = [
            self.steps.get(f"{state}.{verb}") or self.steps[verb]
            for verb in self.table.verbs(state)
        ]
        return list(dict.fromkeys(found))


def _blocker(
    step: Step,
    silence: str,
    due: dt.datetime | None,
    names: Mapping[str, str],
    rules: Mapping[str, str],
) -> Blocker:
    return Blocker(
        who=step.who,
        can=step.does,
        grounds=step.grounds,
        silence=step.silence or silence,
        until=due,
        rule=step.rule,
        rule_url=rules.get(step.rule) or _rules() if step.rule else "",
        names=names.get(step.who, ""),
    )


def _rules() -> str:
    """The page of all rules, where pages of rules are served."""
    try:
        return reverse("governance:rules")
    except NoReverseMatch:
        return ""


def _days(spans: Iterable[Span], calendar: WorkCalendar) -> dict[str, int]:
    days = {"us": 0, "you": 0}
    for side, start, end in spans:
        if start is not None:
            days[side] += max(calendar.working_days_between(start, min(end or now(), now())), 0)
    return days
