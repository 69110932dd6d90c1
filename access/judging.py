"""The verdict on each reported row, by the same decision as everywhere, from facts loaded once."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import Q

from access import facts as known
from access.decisions import Decision as Answer
from access.decisions import edges, judge
from access.models import Dataset, Grant, SourceIdentity
from access.named import Named
from access.rows import FALSE, NULL, TRUE, Row, escaped, line
from access.states import Verdict
from fellowship.accounts.models import User
from fellowship.kernel.canonical import instant
from fellowship.kernel.saying import clipped, say
from fellowship.programs.models import Program
from scoping.models import Fellowship

CLAUSE_MAX: Final = 200
REASON_MAX: Final = 500


@dataclass(frozen=True)
class Outcome:
    """What is said of a row: the verdict, and the case and grant it belongs to."""

    verdict: str
    clause: str
    reason: str
    fellowship_id: int | None
    grant_id: int | None

    @cached_property
    def case(self) -> str:
        """The keys of case and grant, as they stand in the line."""
        return line((self.fellowship_id, self.grant_id)).decode()

    @cached_property
    def tail(self) -> str:
        """Verdict, clause and reason, as they stand in the line."""
        return line((self.verdict, self.clause, self.reason)).decode()


class Judged(NamedTuple):
    """A row's outcome, whom and what it names, and the line that is hashed and stored.

    `key` is how the line begins: programme, source, id and instant.
    """

    outcome: Outcome
    person_id: int | None
    dataset_id: int | None
    late: bool
    key: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A fellowship of a person, with when it is under way."""

    pk: int
    since: dt.datetime
    until: dt.datetime


@dataclass(slots=True)
class Lane:
    """One person's operation on one dataset: an outcome for each stretch between two changes."""

    person_id: int | None
    dataset_id: int | None
    edges: list[dt.datetime]
    judge: Callable[[dt.datetime], Outcome]
    outcomes: list[Outcome | None]

    def at(self, at: dt.datetime) -> Outcome:
        """The outcome at an instant, judged once for its stretch."""
        place = bisect_right(self.edges, at)
        outcome = self.outcomes[place]
        if outcome is None:
            outcome = self.outcomes[place] = self.judge(at)
        return outcome


@dataclass(slots=True)
class Judge:
    """Everything that decides about the rows of one batch."""

    program: Program
    rows: list[Row]
    people: dict[tuple[str, str], User]
    datasets: dict[str, int]
    facts: known.Facts
    cases: dict[int, list[Case]]
    named: Named
    lanes: dict[tuple[str, str, str, str], Lane] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, rows: list[Row]) -> Judge:
        """Load the facts for these rows. The number of queries does not depend on theirs."""
        people = _people(program, {(row.source, row.identity) for row in rows})
        datasets = _datasets(program, {row.dataset_name for row in rows})
        ids = {user.pk for user in people.values()}
        grants = Grant.objects.filter(
            person_id__in=ids,
            dataset_id__in=set(datasets.values()),
            fellowship__program=program,
        )
        facts = known.load(grants) if ids and datasets else known.Facts()
        return cls(
            program=program,
            rows=rows,
            people=people,
            datasets=datasets,
            facts=facts,
            cases=_cases(program, ids),
            named=Named.of(program, rows, grants),
        )

    def judge_all(self, received_at: dt.datetime) -> Iterator[Judged]:
        """Every row's outcome and line, in order, as they are asked for."""
        head, received = str(self.program.pk), instant(received_at)
        late = received_at - dt.timedelta(days=settings.EVENTS_LATE_DAYS)
        return (self._judged(row, head, received, late) for row in self.rows)

    def _judged(self, row: Row, head: str, received: str, late: dt.datetime) -> Judged:
        """The line holds `rows.COLUMNS`; what was reported is escaped only where it must be."""
        asked = (row.source, row.identity, row.dataset_name, row.operation)
        lane = self.lanes.get(asked) or self._lane(asked)
        outcome = lane.at(row.at)
        if row.named is not None:
            outcome = self._narrowed(row, outcome)
        person_id, dataset_id = lane.person_id, lane.dataset_id
        source, external_id = row.source, row.external_id
        session, details = row.session, row.details
        identity, dataset_name = row.identity, row.dataset_name
        if not row.plain:
            source, external_id, session = map(escaped, (source, external_id, session))
            identity, dataset_name, details = map(escaped, (identity, dataset_name, details))
        is_late = row.at < late
        key = f"{head}\t{source}\t{external_id}\t{row.stamp}"
        line = (
            f"{key}\t{received}\t{identity}\t"
            f"{NULL if person_id is None else person_id}\t{dataset_name}\t"
            f"{NULL if dataset_id is None else dataset_id}\t{outcome.case}\t"
            f"{row.kind}\t{row.operation}\t{session}\t{details}\t{outcome.tail}\t"
            f"{TRUE if is_late else FALSE}"
        )
        return Judged(outcome, person_id, dataset_id, is_late, key, line.encode())

    def _lane(self, key: tuple[str, str, str, str]) -> Lane:
        source, identity, name, operation = key
        person = self.people.get((source, identity))
        dataset_id = self.datasets.get(name)
        changes: set[dt.datetime] = set()
        if person:
            for case in self.cases.get(person.pk, ()):
                changes |= {case.since, case.until}
            if dataset_id:
                changes.update(edges(self.facts, person.pk, dataset_id))
        lane = self.lanes[key] = Lane(
            person.pk if person else None,
            dataset_id,
            sorted(changes),
            lambda at: self._outcome(person, name, dataset_id, operation, at),
            [None] * (len(changes) + 1),
        )
        return lane

    def _outcome(
        self,
        person: User | None,
        name: str,
        dataset_id: int | None,
        operation: str,
        at: dt.datetime,
    ) -> Outcome:
        if person is None:
            return UNKNOWN_PERSON
        case = self._case(person.pk, at)
        if not name:
            return _said(NO_DATASET, case)
        if dataset_id is None:
            return _said(UNKNOWN_DATASET, case, Verdict.UNKNOWN_DATASET)
        return _said(judge(self.facts, person.pk, dataset_id, operation, at).decision, case)

    def _narrowed(self, row: Row, outcome: Outcome) -> Outcome:
        """What was released may leave; what names more than its grant may not."""
        if outcome.fellowship_id and (release := self.named.release(row, outcome.fellowship_id)):
            clause = say("Release {ref}", ref=release.ref)
            return replace(outcome, verdict=Verdict.WITHIN.value, clause=clause, reason="")
        if outcome.verdict != Verdict.WITHIN:
            return outcome
        breach = self.named.breach(row, outcome.grant_id) or self.named.unreleased(row)
        if breach is None:
            return outcome
        return replace(
            outcome,
            verdict=Verdict.OUT_OF_SCOPE.value,
            clause=clipped(breach.clause, CLAUSE_MAX),
            reason=clipped(breach.reason, REASON_MAX),
        )

    def _case(self, person_id: int, at: dt.datetime) -> int | None:
        """The person's fellowship at the time, or else their latest: whose trail it belongs to."""
        cases = self.cases.get(person_id)
        if not cases:
            return None
        return next((c.pk for c in cases if c.since <= at < c.until), cases[-1].pk)


def _said(answer: Answer, case: int | None, otherwise: Verdict = Verdict.OUT_OF_SCOPE) -> Outcome:
    return Outcome(
        (Verdict.WITHIN if answer.allowed else otherwise).value,
        clipped(answer.clause, CLAUSE_MAX),
        "" if answer.allowed else clipped(answer.reason, REASON_MAX),
        answer.fellowship_id or case,
        answer.grant_id,
    )


NO_DATASET: Final = Answer(True, say("No dataset named"), "")
UNKNOWN_DATASET: Final = Answer(
    False, say("Catalogue"), say("The catalogue has no dataset of this name.")
)
UNKNOWN_PERSON: Final = Outcome(
    Verdict.UNKNOWN_PERSON.value, say("Identity"), say("Nobody is known by this name."), None, None
)


def find_people(identities: Iterable[str]) -> dict[str, User]:
    """People by what systems call them: e-mail address in any case, short name, or key."""
    lowered = {identity.lower(): identity for identity in identities}
    keys = [int(i) for i in lowered if i.isascii() and i.isdigit() and len(i) < 19]
    found: dict[str, User] = {}
    users = User.objects.filter(
        Q(email__in=identities) | Q(email__in=lowered) | Q(username__in=identities) | Q(pk__in=keys)
    ).only("pk", "email", "username", "is_active")
    names: dict[str, User] = {}
    for user in users:
        names[str(user.pk)] = user
    for user in users:
        names[user.email.lower()] = user
        names[user.username] = user
    for identity in identities:
        user_found = names.get(identity) or names.get(identity.lower())
        if user_found:
            found[identity] = user_found
    return found


def _people(program: Program, named: set[tuple[str, str]]) -> dict[tuple[str, str], User]:
    """Whom each source means: by the names the steward gave it, else by the name anyone goes by."""
    found = find_people({identity for _, identity in named})
    people = {key: found[key[1]] for key in named if key[1] in found}
    told = SourceIdentity.objects.in_force().filter(
        program=program, source__in={source for source, _ in named}
    )
    for one in told.select_related("person"):
        if (one.source, one.identity) in named:
            people[(one.source, one.identity)] = one.person
    return people


def _datasets(program: Program, names: set[str]) -> dict[str, int]:
    """Datasets of the programme by short name, reference or name, in that order of precedence."""
    wanted = names - {""}
    found: dict[str, int] = {}
    rows = Dataset.objects.filter(
        Q(slug__in=wanted) | Q(ref__in=wanted) | Q(name__in=wanted), program=program
    ).values_list("pk", "slug", "ref", "name")
    for place in (2, 1, 0):
        for pk, *known_as in rows:
            name = str(known_as[place])
            if name in wanted:
                found[name] = pk
    return found


def _cases(program: Program, people: set[int]) -> dict[int, list[Case]]:
    cases: dict[int, list[Case]] = defaultdict(list)
    for row in Fellowship.objects.filter(program=program, fellow_id__in=people).order_by("id"):
        active = known.under_way(row, program.zone)
        cases[row.fellow_id].append(Case(row.pk, active.since, active.until))
    return cases
