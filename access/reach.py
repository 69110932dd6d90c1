"""What a fellowship may do and reach: every dataset and operation, by the one decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q, QuerySet

from access import facts as known
from access.between import Between, Obstacle, Unnamed, catalogue
from access.clauses import quoted
from access.decisions import Decision, judge
from access.models import Dataset, Grant
from access.states import Operation
from fellowship.accounts.models import User
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from scoping import casefile
from scoping import reach as told
from scoping.models import Fellowship, ScopeOfWork
from scoping.queries import signed_scope

_SHOWN = (
    *("ref", "starts_at", "ends_at", "revoked_at", "fellowship", "dataset__ref"),
    *("dataset__name", "dataset__tier", "person__name", "person__email", "person__is_active"),
    *("agreement__ref", "agreement__accepted_at", "request__state", "fields", "row_filters"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no for one operation, with the clause that decided."""

    operation: str
    label: str
    decision: Decision
    obstacle: Obstacle | None = None
    """What is in the way of asking, where nothing is granted."""


@dataclass(frozen=True, slots=True)
class SameAnswer:
    """Operations answered alike: they read as one line."""

    answers: list[Answer]

    @property
    def first(self) -> Answer:
        """The answer that stands for all."""
        return self.answers[0]

    @property
    def clause(self) -> str:
        """The clause that decided, or that is in the way."""
        found = self.first.obstacle
        return found.clause if found else self.first.decision.clause

    @property
    def text(self) -> str:
        """Why it is, or is not, allowed."""
        return _said(self.first) if len(self.answers) > 1 else _reason(self.first)

    @property
    def cited(self) -> str:
        """The reason after its clause, which is not said twice."""
        return self.text if self.text.startswith(self.clause) else f"{self.clause}: {self.text}"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a dataset a grant that is live opens: its fields and rows, and until when."""

    grant: Grant
    fields: list[str]
    of: int
    rows: list[str]


@dataclass(frozen=True, slots=True)
class DatasetAnswers:
    """Every operation on one dataset for one person."""

    person: User
    dataset: Dataset
    answers: list[Answer]
    limits: list[Limits] = field(default_factory=list)

    @property
    def caption(self) -> str:
        """What its table says, to who cannot see where it stands."""
        return say("{name}: what is allowed", name=self.dataset.name)

    @property
    def allowed(self) -> list[Answer]:
        """The operations allowed now."""
        return [answer for answer in self.answers if answer.decision.allowed]

    @property
    def alike(self) -> list[SameAnswer]:
        """The answers with those that say the same together: what is allowed first."""
        found: dict[tuple[object, ...], list[Answer]] = {}
        for answer in self.answers:
            decision, obstacle = answer.decision, answer.obstacle
            clause = obstacle.clause if obstacle else decision.clause
            key = (decision.allowed, decision.until, clause, _said(answer))
            found.setdefault(key, []).append(answer)
        groups = [SameAnswer(answers) for answers in found.values()]
        return sorted(groups, key=lambda group: not group.first.decision.allowed)

    @property
    def closed(self) -> Decision | None:
        """The one reason why nothing at all is allowed, where there is only one."""
        said = {(a.decision.allowed, a.decision.clause, a.decision.reason) for a in self.answers}
        return self.answers[0].decision if len(said) == 1 and not self.allowed else None

    @property
    def until(self) -> dt.datetime | None:
        """When the first of what is allowed ends."""
        return min((a.decision.until for a in self.allowed if a.decision.until), default=None)


def _reason(answer: Answer) -> str:
    return answer.obstacle.text if answer.obstacle else answer.decision.reason


def _said(answer: Answer) -> str:
    """The reason without the operation's own name, as others may share it."""
    return str(_reason(answer)).replace(str(quoted(answer.operation)), str(say("it")))


def matrix(
    fellowship: Fellowship,
    at: dt.datetime,
    scope: ScopeOfWork | None = None,
    person: User | None = None,
) -> list[DatasetAnswers]:
    """Dataset by operation for the fellow: what is granted, and what the signed scope names.

    For a collaborator (`person`) what was granted to them alone.

    `scope`: the version in force at `at`, where it was read already. Five queries at most, whatever
    the number of datasets.
    """
    who = person or fellowship.fellow
    mine = Grant.objects.filter(person=who, fellowship__program_id=fellowship.program_id)
    facts = known.load(mine)
    granted = {
        dataset_id
        for (_, dataset_id), grants in facts.grants.items()
        if any(grant.fellowship_id == fellowship.pk for grant in grants)
    }
    scope = scope or signed_scope(fellowship, at)
    names = scope.datasets if scope and who.pk == fellowship.fellow_id else []
    shown = Q(pk__in=granted) | Q(ref__in=names) | Q(slug__in=names) | Q(name__in=names)
    datasets = Dataset.objects.filter(shown, program_id=fellowship.program_id)
    return [
        _answers(facts, who, dataset, at)
        for dataset in datasets.defer("description").order_by("name", "id")
    ]


def what_may(fellowship: Fellowship, at: dt.datetime, scope: ScopeOfWork | None) -> WhatMay:
    """The matrix as the fellow reads it: with fields and rows, and what stands between."""
    rows, between = matrix(fellowship, at, scope), Between(fellowship, scope, at)
    limits = _limits(rows, grants_of(fellowship), fellowship.fellow_id, at)
    told = [
        replace(
            row,
            limits=limits.get(row.dataset.pk, []),
            answers=[_obstructed(answer, between, row.dataset) for answer in row.answers],
        )
        for row in rows
    ]
    others, more = catalogue(between, [row.dataset.pk for row in rows])
    return WhatMay(told, others, more)


def granted_to(fellowship: Fellowship, at: dt.datetime, person: User) -> WhatMay:
    """What a collaborator may do through the case: what was granted to them, fields and rows."""
    rows = matrix(fellowship, at, person=person)
    limits = _limits(rows, grants_of(fellowship), person.pk, at)
    return WhatMay([replace(row, limits=limits.get(row.dataset.pk, [])) for row in rows], [], False)


@dataclass(frozen=True, slots=True)
class WhatMay:
    """Every dataset the case has to do with, and the rest of the catalogue in a line each."""

    rows: list[DatasetAnswers]
    others: list[Unnamed]
    more: bool


def _obstructed(answer: Answer, between: Between, dataset: Dataset) -> Answer:
    if answer.decision.grant_id is not None:
        return answer
    return replace(answer, obstacle=between.operation(dataset, answer.operation))


def _limits(
    rows: Iterable[DatasetAnswers], grants: Iterable[Grant], person_id: int, at: dt.datetime
) -> dict[int, list[Limits]]:
    datasets = {row.dataset.pk: row.dataset for row in rows}
    found: dict[int, list[Limits]] = {}
    for grant in grants:
        data = datasets.get(grant.dataset_id)
        if (
            data is None
            or grant.person_id != person_id
            or not grant.starts_at <= at < grant.over_at
        ):
            continue
        labels = {row["key"]: row["label"] for row in data.row_filters}
        narrowed = [labels.get(key, key) for key in grant.row_filters]
        limit = Limits(grant, grant.fields, len(data.fields), narrowed)
        found.setdefault(data.pk, []).append(limit)
    return found


def grants_of(fellowship: Fellowship) -> list[Grant]:
    """Every grant of the case, the first to end first, read once for all parts of a page."""

    def ask() -> list[Grant]:
        found = _granted(fellowship.pk)
        for grant in found:
            grant.fellowship = fellowship
        return found

    return casefile.of(fellowship).once("access.grants", ask)


@read
def _granted(fellowship: int) -> QuerySet[Grant]:
    rows = Grant.objects.filter(fellowship_id=fellowship)
    shown = rows.select_related("dataset", "person", "agreement", "request")
    return shown.only(*_SHOWN).order_by("ends_at", "id")


def reachable(
    fellowship: Fellowship, at: dt.datetime, grants: Iterable[Grant] | None = None
) -> list[DatasetAnswers]:
    """What anyone can reach through the fellowship at `at`: only where something is allowed.

    `grants`: its grants with person and dataset, where they were read already.
    """
    return reachable_by(Grant.objects.filter(fellowship=fellowship), at, grants)


def reachable_by(
    which: QuerySet[Grant], at: dt.datetime, grants: Iterable[Grant] | None = None
) -> list[DatasetAnswers]:
    """What these grants let anyone reach at `at`, by dataset and person. Four queries at most."""
    if grants is None:
        grants = which.select_related("person", "dataset")
    facts = known.load(which)
    pairs = {(g.person_id, g.dataset_id): (g.person, g.dataset) for g in grants}
    found = [_answers(facts, person, dataset, at) for person, dataset in pairs.values()]
    return sorted((a for a in found if a.allowed), key=lambda a: (a.dataset.name, a.person.pk))


def in_values(reach: Iterable[DatasetAnswers]) -> list[dict[str, Any]]:
    """What is reachable as plain values, to be kept: names of datasets, keys of people."""
    return [
        {
            "person": one.person.pk,
            "dataset": one.dataset.ref,
            "name": one.dataset.name,
            "grants": sorted({answer.decision.clause for answer in one.allowed}),
            "operations": [answer.operation for answer in one.allowed],
            "until": one.until.isoformat() if one.until else None,
        }
        for one in reach
    ]


@dataclass(frozen=True, slots=True)
class Reached:
    """One line of what was reachable when a suspension closed it."""

    person: Any
    dataset: str
    name: str
    operations: list[str]
    until: dt.datetime | None


def recalled(rows: Iterable[dict[str, Any]]) -> list[Reached]:
    """What `in_values` kept, for a page: people by their names of today, in one query."""
    rows = list(rows)
    people = User.objects.in_bulk({row["person"] for row in rows})
    return [
        Reached(
            person=people.get(row["person"], "somebody"),
            dataset=row["dataset"],
            name=row["name"],
            operations=[str(Operation(op).label) for op in row["operations"]],
            until=dt.datetime.fromisoformat(row["until"]) if row["until"] else None,
        )
        for row in rows
    ]


@told.register
def _of_fellowship(fellowship: Fellowship, at: dt.datetime) -> list[dict[str, Any]]:
    return in_values(reachable(fellowship, at))


def in_words(reach: Iterable[DatasetAnswers]) -> str:
    """What was reachable, one dataset a line."""
    lines = [
        f"{one.person}: {one.dataset} ({joined(', ', (a.label.lower() for a in one.allowed))})"
        for one in reach
    ]
    return "\n".join(lines) or say("Nothing was reachable.")


def _answers(facts: Any, person: User, dataset: Dataset, at: dt.datetime) -> DatasetAnswers:
    return DatasetAnswers(
        person,
        dataset,
        [
            Answer(op, str(Operation(op).label), _decided(facts, person, dataset, op, at))
            for op in Operation.values
        ],
    )


def _decided(facts: Any, person: User, dataset: Dataset, op: str, at: dt.datetime) -> Decision:
    return judge(facts, person.pk, dataset.pk, op, at).decision
