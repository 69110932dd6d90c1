"""Telling owners and the board which exceptions end soon or have ended: once each, in digests.

Whether an exception is live does not depend on any of this.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, User
from fellowship.accounts.queries import holders
from fellowship.history.bulk import create_many
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say, say_n
from fellowship.notices.services import Message, notify_each
from governance import links, rearming
from governance.models import ExceptionRecord, ExceptionReminder, RuleVersion, visibility
from governance.services.measures import drop_tests
from governance.states import ExceptionState, RuleKind

SWEEP = journal.System("governance.exceptions")
BATCH = 1000
LISTED = 100
BOARD = (roles.CHAIR, roles.BOARD_MEMBER, roles.MANAGER)
"""Who hears of every end in a programme."""


def announce(at: dt.datetime) -> int:
    """Tell owners, once for each, which of their exceptions end soon or ended; returns how many.

    It only writes down and tells. After an outage the nearest threshold alone is announced. Queries
    grow with batches and with the people to be told, not with exceptions.
    """
    expired = ExceptionRecord.objects.expired(at).filter(~Exists(_told(0)))
    told = _in_batches(expired, 0, at, "governance.exception_expired")
    for program_id, days in _thresholds(at):
        crossed = ExceptionRecord.objects.filter(
            ~Exists(_told(days)),
            program_id=program_id,
            state=ExceptionState.GRANTED,
            expires_at__gt=at,
            expires_at__lte=at + dt.timedelta(days=days),
            starts_at__lte=F("expires_at") - dt.timedelta(days=days),
        )
        told += _in_batches(crossed, days, at, "governance.exception_reminded")
    return told


def _told(days: int) -> QuerySet[ExceptionReminder]:
    """What was announced already: this threshold or a nearer one."""
    return ExceptionReminder.objects.filter(exception=OuterRef("pk"), days__lte=days)


def _thresholds(at: dt.datetime) -> list[tuple[int, int]]:
    """Each programme's reminder days, the nearest first, so that only that one is announced."""
    in_force = RuleVersion.objects.current(RuleKind.EXCEPTIONS, at)
    pairs = [(rule.program_id, days) for rule in in_force for days in rule.params.reminder_days]
    return sorted(pairs, key=lambda pair: (pair[0], pair[1]))


def _in_batches(crossed: QuerySet[ExceptionRecord], days: int, at: dt.datetime, verb: str) -> int:
    told = 0
    rows = crossed.select_related("program").order_by("pk").only(*_READ)
    while batch := list(rows[:BATCH]):
        with journal.acting(verb, by=SWEEP):
            _remind(batch, days, at)
        told += len(batch)
    return told


_READ = (
    *("program_id", "ref", "title", "kind", "subject_type", "subject_id", "owner_id"),
    *("expires_at", "waits", "program__zone", "program__holidays"),
)


def _remind(batch: list[ExceptionRecord], days: int, at: dt.datetime) -> None:
    by_pk = {exception.pk: exception for exception in batch}
    create_many(
        [ExceptionReminder(exception=one, days=days, at=at) for one in by_pk.values()],
        change=lambda row: {
            "exception": by_pk[row.exception_id].ref,
            "days": row.days,
            "until": by_pk[row.exception_id].expires_at,
        },
    )
    if days == 0:
        drop_tests(by_pk, by=SWEEP)
    ending = Ending(days, rearming.still_covering(batch, at) if days == 0 else {})
    owners: dict[tuple[int, int], list[ExceptionRecord]] = defaultdict(list)
    for exception in batch:
        owners[exception.program_id, exception.owner_id].append(exception)
    people = User.objects.in_bulk({owner_id for _, owner_id in owners})
    messages = [
        ending.message([people[owner_id]], program_id, theirs)
        for (program_id, owner_id), theirs in owners.items()
    ]
    if days == 0:
        messages += _to_boards(batch, people, ending)
    notify_each(messages)


def _to_boards(
    batch: list[ExceptionRecord], owners: Mapping[int, User], ending: Ending
) -> list[Message]:
    """One digest for each board: a member reads nothing of what a conflict closes to them."""
    programs: dict[int, list[ExceptionRecord]] = defaultdict(list)
    for exception in batch:
        programs[exception.program_id].append(exception)
    messages = []
    for program_id, ended in programs.items():
        board = list(holders(program_id, *BOARD).exclude(pk__in=list(owners)))
        closed = _closed_to(board, ended)
        messages.append(ending.message([p for p in board if p.pk not in closed], program_id, ended))
        for person in board:
            theirs = [e for e in ended if e.pk not in closed.get(person.pk, ())]
            if person.pk in closed and theirs:
                messages.append(ending.message([person], program_id, theirs))
    return messages


def _closed_to(people: Iterable[User], batch: Sequence[ExceptionRecord]) -> dict[int, set[int]]:
    """The exceptions that a declared conflict closes to each of these."""
    of_these = Conflict.objects.recusing().filter(user__in=[person.pk for person in people])
    ended = {exception.pk for exception in batch}
    named: dict[int, set[int]] = defaultdict(set)
    for user, label, key in of_these.values_list("user_id", "subject_type", "subject_id"):
        named[user] |= {key} if label == ExceptionRecord._meta.label_lower else set()
    theirs = ExceptionRecord.objects.filter(pk__in=ended).order_by()
    for user, keys in named.items():
        found = theirs.filter(pk__in=visibility.closed_exceptions(user))
        keys |= set(found.values_list("pk", flat=True))
    closed = {user: ended & keys for user, keys in named.items()}
    return {user: keys for user, keys in closed.items() if keys}


@dataclass(frozen=True, slots=True)
class Ending:
    """Exceptions that end within `days`, or have ended (0): how that is told.

    `covered` names, by the key of one that ended, another that still covers the same.
    """

    days: int
    covered: Mapping[int, ExceptionRecord]

    def message(
        self, to: Iterable[User], program_id: int, exceptions: Sequence[ExceptionRecord]
    ) -> Message:
        """One notice about several exceptions, so that an outage ends in a digest, not a flood."""
        one, single = exceptions[0], len(exceptions) == 1
        return Message(
            kind="governance.exception_ends",
            to=to,
            realm=program_id,
            subject_obj=one if single else None,
            title=self._one(one) if single else self._several(exceptions),
            body=self._listed(exceptions),
            url=one.get_absolute_url() if single else links.to("exceptions"),
        )

    def _within(self) -> str:
        return say_n(self.days, "within {n} day", "within {n} days")

    def _one(self, one: ExceptionRecord) -> str:
        if self.days == 0:
            return say("{ref} has ended: {title}", ref=one.ref, title=one.title)
        return say(
            "{ref} ends {within}: {title}", ref=one.ref, within=self._within(), title=one.title
        )

    def _several(self, exceptions: Sequence[ExceptionRecord]) -> str:
        if self.days:
            return say("{n} exceptions end {within}", n=len(exceptions), within=self._within())
        covered = sum(exception.pk in self.covered for exception in exceptions)
        if covered == 0:
            said = say("what they excepted applies again")
        elif covered == len(exceptions):
            said = say("others still cover what they excepted")
        else:
            said = say("for {n} the rule applies again", n=len(exceptions) - covered)
        return say("{n} exceptions ended: {said}", n=len(exceptions), said=said)

    def _listed(self, exceptions: Sequence[ExceptionRecord]) -> str:
        lines = [self._line(exception) for exception in exceptions[:LISTED]]
        more = len(exceptions) - len(lines)
        return joined("\n", [*lines, say("and {more} more", more=more)] if more else lines)

    def _line(self, exception: ExceptionRecord) -> str:
        last_day = exception.program.last_day
        said = say(
            "{ref}, until {expires_at:%-d %B %Y}: {title}",
            ref=exception.ref,
            expires_at=last_day(exception.expires_at),
            title=exception.title,
        )
        other = self.covered.get(exception.pk)
        if other:
            return say(
                "{said}. {ref} still covers it, until {expires_at:%-d %B %Y}.",
                said=said,
                ref=other.ref,
                expires_at=last_day(other.expires_at),
            )
        if self.days:
            return said
        if exception.waits:
            return say("{said}. It never began: its conditions were not settled.", said=said)
        return joined(". ", (said, rearming.gate(exception.kind).again))
