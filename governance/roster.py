"""Who is on call, derived from rotas, absences and overrides: one reading, then plain arithmetic.

An override counts before the rota; who is away, or holds the role no longer, is passed over and the
next of the rota takes the turn. No timer decides: with every worker dead the answer is still right.
Why it is so: docs/adr/0034-on-call-derived-paged-in-order.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from governance.models import OncallAbsence, OncallOverride, Rota

CALLED = (roles.ONCALL, roles.CHAIR, roles.MANAGER)
"""Who may take a turn: those who may answer an alarm."""
AROUND = dt.timedelta(days=29)
"""Further than any turn is long: what must be read around an instant."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is called on a line from `starts_at` until `ends_at`; nobody where all are away.

    `regular` is whose turn the rota says it is; `why` says why somebody else takes it.
    """

    line: int
    user: User | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    regular: User | None = None
    why: str = ""


@dataclass
class Roster:
    """What was read of a programme for a time. All instants asked of it must lie in that time."""

    program: Program
    calendar: WorkCalendar
    rotas: list[Rota]
    overrides: list[OncallOverride]
    absences: list[OncallAbsence]
    able: set[int]
    since: dt.datetime
    until: dt.datetime
    members: dict[int, list[User]] = field(default_factory=dict)

    @property
    def lines(self) -> list[int]:
        """The lines there are, the first called first."""
        return sorted({rota.line for rota in self.rotas})

    def kept(self, at: dt.datetime) -> dict[int, Rota]:
        """The lines that are kept at the instant or will be, each with the latest that was set."""
        standing = [r for r in self.rotas if r.ended_at is None or r.ended_at > at]
        return {rota.line: rota for rota in sorted(standing, key=lambda r: (r.line, r.starts_at))}

    def rota_at(self, line: int, at: dt.datetime) -> Rota | None:
        """The rota that counts on the line at the instant."""
        for rota in self.rotas:
            alive = rota.ended_at is None or rota.ended_at > at
            if rota.line == line and rota.starts_at <= at and alive:
                return rota
        return None

    def order_at(self, rota: Rota, at: dt.datetime) -> list[User]:
        """The members in the order in which they would take the turn at the instant."""
        people = self.members[rota.pk]
        if not people:
            return []
        first = self._turn(rota, at) % len(people)
        return [*people[first:], *people[:first]]

    def _turn(self, rota: Rota, at: dt.datetime) -> int:
        """How many turns of the rota lie before the one at the instant."""
        wall = self.calendar.local(at).replace(tzinfo=None)
        first = self.calendar.local(rota.starts_at).replace(tzinfo=None)
        return (wall - first) // dt.timedelta(days=rota.every_days)

    def free(self, user: User, at: dt.datetime) -> bool:
        """Whether the person may be called at the instant: holds the role, and is not away."""
        away = any(a.user_id == user.pk and a.starts_at <= at < a.ends_at for a in self.absences)
        return user.pk in self.able and not away

    def duty(self, line: int, at: dt.datetime) -> tuple[User | None, User | None, str]:
        """Who is called on the line, whose regular turn it is, and why it is another's."""
        rota = self.rota_at(line, at)
        order = self.order_at(rota, at) if rota else []
        regular = order[0] if order else None
        for override in reversed(self.overrides):
            covers = override.starts_at <= at < override.ends_at
            if override.line == line and covers and self.free(override.user, at):
                return override.user, regular, override.reason
        for user in order:
            if self.free(user, at):
                why = "" if user == regular else say("{regular} is away", regular=regular)
                return user, regular, why
        return None, regular, say("Everybody is away") if order else ""

    def calling_order(self, at: dt.datetime) -> list[User]:
        """Whom to page, one after the other: the lines' people, then the others who take turns."""
        on_duty = [self.duty(line, at)[0] for line in self.lines]
        rotas = [self.rota_at(line, at) for line in self.lines]
        others = [user for rota in rotas if rota for user in self.order_at(rota, at)]
        found = [user for user in (*on_duty, *others) if user and self.free(user, at)]
        return list(dict.fromkeys(found))

    def turns(self, line: int, since: dt.datetime, until: dt.datetime) -> list[Turn]:
        """The turns on the line that touch the time, in order; the first began before it."""
        found: list[Turn] = []
        handovers = set(self._handovers(line))
        points = sorted(
            p
            for p in {self.since, *handovers, *self._changes(line)}
            if self.since <= p < min(until, self.until)
        )
        for start, end in zip(points, [*points[1:], min(until, self.until)], strict=True):
            user, regular, why = self.duty(line, start)
            last = found[-1] if found else None
            if last and last.user == user and start not in handovers:
                found[-1] = Turn(line, user, last.starts_at, end, last.regular, last.why)
            elif self.rota_at(line, start) or user:
                found.append(Turn(line, user, start, end, regular, why))
        return [turn for turn in found if turn.ends_at > since]

    def turn_at(self, line: int, at: dt.datetime) -> Turn | None:
        """The turn on the line at the instant."""
        around = self.turns(line, at, at + AROUND)
        return around[0] if around and around[0].starts_at <= at else None

    def _handovers(self, line: int) -> Iterator[dt.datetime]:
        """When turns of the line's rotas begin, within the time that was read."""
        for rota in self.rotas:
            if rota.line != line:
                continue
            number = max(self._turn(rota, self.since), 0)
            end = min(rota.ended_at or self.until, self.until)
            while (start := self._begins(rota, number)) < end:
                yield start
                number += 1
            if rota.ended_at:
                yield rota.ended_at

    def _begins(self, rota: Rota, number: int) -> dt.datetime:
        return self.calendar.add_calendar_days(rota.starts_at, number * rota.every_days)

    def _changes(self, line: int) -> Iterator[dt.datetime]:
        """When somebody else may have to be called: absences and overrides begin or end."""
        for override in self.overrides:
            if override.line == line:
                yield from (override.starts_at, override.ends_at)
        for absence in self.absences:
            yield from (absence.starts_at, absence.ends_at)


def read(program: Program, at: dt.datetime, ahead: dt.timedelta = AROUND) -> Roster:
    """The roster of a programme around `at` and `ahead` of it, in five queries."""
    since, until = at - AROUND, at + max(ahead, AROUND)
    lines = Rota.objects.filter(program=program).between(since, until)
    rotas = list(lines.prefetch_related("members__user"))
    overrides = OncallOverride.objects.filter(program=program).between(since, until)
    absences = OncallAbsence.objects.filter(program=program).between(since, until)
    able = holders(program, *CALLED, at=at).filter(is_active=True)
    return Roster(
        program=program,
        calendar=program.calendar(),
        rotas=rotas,
        overrides=list(overrides.select_related("user").order_by("id")),
        absences=list(absences.select_related("user")),
        able=set(able.values_list("pk", flat=True)),
        since=since,
        until=until,
        members={rota.pk: [m.user for m in rota.members.all()] for rota in rotas},
    )
