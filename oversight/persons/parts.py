"""Whose part is over, since when, and until when the rules let them be named.

A person is due when nothing they take part in goes on anywhere, and the days of every part they had
are over: who had several is kept as long as the longest says. A case is held to the rule it began
under (`RulePin`), everything else to the one in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.db.models import Max, Q
from django.db.models.functions import Coalesce, Greatest

from fellowship.accounts import roles
from fellowship.accounts.models import Departure, RoleAssignment, User
from fellowship.programs.models import Program
from governance.models import RulePin, RuleVersion
from governance.retention_terms import Retention, retention
from governance.states import RuleKind
from oversight.models import Erasure
from oversight.states import Ground
from proposals.models import Proposal
from proposals.states import ProposalState
from publications.models import Author, AuthorshipParty
from scoping.models import Collaborator, Fellowship

OUTSIDE: Final = (roles.APPLICANT, roles.FELLOW, roles.COLLABORATOR)
"""Roles that say what somebody came as: whether it goes on is told by their cases."""
_UNDECIDED: Final = (
    ProposalState.SUBMITTED,
    ProposalState.IN_REVIEW,
    ProposalState.WITH_BOARD,
    ProposalState.ACCEPTED,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part somebody had: over since `since`, or going on where that is None.

    `pinned` is the version the case is held to, where it began under one.
    """

    person: int
    program: int | None
    ground: Ground
    since: dt.datetime | None
    pinned: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Until when somebody is kept: by which part, in which programme, by which version."""

    person: int
    program: int
    ground: Ground
    since: dt.datetime
    due_at: dt.datetime
    rule: RuleVersion | None


class Rules:
    """The retention rule of every programme, and the versions cases are held to."""

    def __init__(self, at: dt.datetime) -> None:
        self.programs = {p.pk: p for p in Program.objects.select_related("realm").order_by("pk")}
        current = RuleVersion.objects.current(at=at).filter(kind=RuleKind.RETENTION)
        self.in_force = {rule.program_id: rule for rule in current}
        self._pinned: dict[int, RuleVersion] = {}

    def terms(self, program: int) -> Retention:
        """What is in force; what a new programme starts with where it has no such rule yet."""
        rule = self.in_force.get(program)
        return rule.params if rule else retention()

    def longest(self, name: str) -> tuple[int, int]:
        """The programme that keeps this longest, and for how many days."""
        days = {pk: getattr(self.terms(pk), name).amount for pk in self.programs}
        pk = max(days, key=lambda key: (days[key], -key))
        return pk, days[pk]

    def due(self, part: Part, since: dt.datetime) -> Due:
        """Until when a part that ended at `since` keeps its person."""
        program = part.program or self.longest(part.ground.period)[0]
        rule = self._held_to(part.pinned) or self.in_force.get(program)
        terms: Retention = rule.params if rule else retention()
        calendar = self.programs[program].calendar()
        due_at = getattr(terms, part.ground.period).due(since, calendar)
        return Due(part.person, program, part.ground, since, due_at, rule)

    def _held_to(self, pinned: int | None) -> RuleVersion | None:
        if pinned is None:
            return None
        if pinned not in self._pinned:
            self._pinned[pinned] = RuleVersion.objects.get(pk=pinned)
        return self._pinned[pinned]


def due(at: dt.datetime, people: Collection[int] | None = None) -> list[Due]:
    """Everybody whose days are over at `at`, the longest overdue first; of `people` where given.

    Who was forgotten already is not among them.
    """
    known = Rules(at)
    if not known.programs:
        return []
    last: dict[int, Due] = {}
    going_on: set[int] = set()
    for part in _parts(at, people):
        if part.since is None or part.since > at:
            going_on.add(part.person)
        elif part.person not in going_on:
            found = known.due(part, part.since)
            before = last.get(part.person)
            if before is None or found.due_at > before.due_at:
                last[part.person] = found
    gone = set(Erasure.objects.filter(done_at__isnull=False).values_list("person_id", flat=True))
    kept = going_on | gone
    over = [one for key, one in last.items() if key not in kept and one.due_at <= at]
    return sorted(over, key=lambda one: (one.due_at, one.person))


def goes_on(person: int, at: dt.datetime) -> bool:
    """Whether the person takes part in something that is not over."""
    return any(part.since is None or part.since > at for part in _parts(at, [person]))


def _parts(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    seen: set[int] = set()
    for source in (_of_proposals, _of_fellowships, _beside, _of_authors, _of_roles):
        for part in source(at, people):
            seen.add(part.person)
            yield part
    yield from _of_newcomers(people, seen)


def _among(rows: Any, name: str, people: Collection[int] | None) -> Any:
    return rows if people is None else rows.filter(**{f"{name}__in": people})


def _pins(label: str, keys: Any) -> dict[int, int]:
    rows = RulePin.objects.filter(
        kind=RuleKind.RETENTION, subject_type=label, subject_id__in=keys
    ).order_by()
    return dict(rows.values_list("subject_id", "rule_version_id"))


def _of_proposals(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    """Proposals that led to no fellowship; undecided, or a draft still in time, they go on."""
    rows = _among(Proposal.objects.filter(fellowship=None).order_by(), "applicant", people)
    pins = _pins("proposals.proposal", rows.values("pk"))
    ended = Greatest("call__closes_at", Coalesce("decided_at", "call__closes_at"))
    asked = rows.values_list("pk", "applicant_id", "program_id", "state", ended)
    for key, person, program, state, since in asked.iterator(chunk_size=2_000):
        over = None if state in _UNDECIDED else since
        yield Part(person, program, Ground.APPLICANT, over, pins.get(key))


def _of_fellowships(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    """Fellowships, over with their closeout."""
    rows = _among(Fellowship.objects.order_by(), "fellow", people)
    pins = _pins("scoping.fellowship", rows.values("pk"))
    asked = rows.values_list("pk", "fellow_id", "program_id", "closeout__closed_at")
    for key, person, program, since in asked.iterator(chunk_size=2_000):
        yield Part(person, program, Ground.FELLOW, since, pins.get(key))


def _beside(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    """Collaborators, until they are removed or the case is closed."""
    rows = _among(Collaborator.objects.exclude(person=None).order_by(), "person", people)
    pins = _pins("scoping.fellowship", rows.values("fellowship_id"))
    since = Coalesce("removed_at", "fellowship__closeout__closed_at")
    asked = rows.values_list("fellowship_id", "person_id", "fellowship__program_id", since)
    for key, person, program, over in asked.iterator(chunk_size=2_000):
        yield Part(person, program, Ground.FELLOW, over, pins.get(key))


def _of_authors(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    """Who is named in the works of a case, or agreed to be, until it is closed."""
    for rows, person, case in (
        (Author.objects.exclude(user=None), "user", "publication__fellowship"),
        (AuthorshipParty.objects.all(), "person", "agreement__fellowship"),
    ):
        named = _among(rows.order_by(), person, people)
        pins = _pins("scoping.fellowship", named.values(case))
        columns = (case, person, f"{case}__program", f"{case}__closeout__closed_at")
        for key, who, program, over in named.values_list(*columns).iterator(chunk_size=2_000):
            yield Part(who, program, Ground.FELLOW, over, pins.get(key))


def _of_roles(at: dt.datetime, people: Collection[int] | None) -> Iterator[Part]:
    """Roles of the company's side, until they end."""
    held = RoleAssignment.objects.exclude(role__in=OUTSIDE).order_by()
    asked = _among(held, "user", people).values_list("user_id", "realm_id", "ends_at")
    for person, program, ends_at in asked.iterator(chunk_size=2_000):
        yield Part(person, program, Ground.LEFT, ends_at)


def _of_newcomers(people: Collection[int] | None, seen: set[int]) -> Iterator[Part]:
    """Accounts that never took a part. Whom the directory knows leaves by it; operators stay."""
    rows = _among(User.objects.filter(is_superuser=False).order_by(), "pk", people)
    left = dict(Departure.objects.order_by().values_list("person").annotate(Max("left_at")))
    signs = UserSession.objects.order_by().values_list("user").annotate(Max("last_seen_at"))
    last = dict(signs)
    known = rows.exclude(Q(is_active=True) & ~Q(directory_key=""))
    for person, since in known.values_list("pk", "date_joined"):
        if person not in seen:
            days = [day for day in (since, left.get(person), last.get(person)) if day]
            yield Part(person, None, Ground.NEWCOMER, max(days))
