"""May this person do this with this dataset, now or then? One function for page, API and check.

Access is never stored. It follows from a live grant, the signed scope of work, training, conditions
of the decision, the handling of the dataset's tier, suspensions and the fellowship itself; it ends
with the first of them. Each is judged by what it was at the time asked about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from access import facts as known
from access.clauses import Step, steps
from access.facts import ALWAYS, Facts, GrantFacts, Span
from access.models import Dataset
from access.states import Operation
from fellowship.kernel.saying import say
from fellowship.kernel.time import now


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: whether, the clause that decided, why in a sentence, and until when it holds.

    `until` is the first instant at which it is no longer allowed; None where nothing is.
    """

    allowed: bool
    clause: str
    reason: str
    until: dt.datetime | None = None
    grant_id: int | None = None
    fellowship_id: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every step behind it, in the order they are asked."""

    decision: Decision
    steps: list[Step]

    @property
    def missing(self) -> list[Step]:
        """What would have to change, the first thing first."""
        return [step for step in self.steps if not step.holds]


NO_GRANT: Final = Decision(
    False, say("Data access agreement"), say("There is no grant of this dataset to this person.")
)
_NO_GRANT: Final = Step(
    "grant",
    say("A grant"),
    False,
    NO_GRANT.clause,
    NO_GRANT.reason,
    needed=say("Ask for the dataset; it is granted to a named person by decision."),
)


def decide(
    *, person: Any, dataset: Dataset, operation: str, at: dt.datetime | None = None
) -> Decision:
    """Whether `person` may do `operation` with `dataset` at `at` (default now); three queries.

    Where several grants exist, the one that allows longest decides; where none allows, the one that
    comes closest explains.
    """
    return explain(person=person, dataset=dataset, operation=operation, at=at).decision


def explain(
    *, person: Any, dataset: Dataset, operation: str, at: dt.datetime | None = None
) -> Explanation:
    """The decision with its steps and their evidence, from the same three queries."""
    if operation not in Operation.values:
        reason = say(
            "“{operation}” is none of the operations agreements know.", operation=operation
        )
        return Explanation(Decision(False, say("Operation"), reason), [])
    facts = known.between(person.pk, dataset.pk)
    return judge(facts, person.pk, dataset.pk, operation, at or now())


def judge(
    facts: Facts, person_id: int, dataset_id: int, operation: str, at: dt.datetime
) -> Explanation:
    """The decision from facts already loaded. Asks the database nothing.

    Where another grant, training or scope carries on as one ends, `until` is where the last ends.
    """
    grants = facts.grants.get((person_id, dataset_id), ())
    if not grants:
        return Explanation(NO_GRANT, [_NO_GRANT])
    found = _closest(facts, grants, operation, at)
    decision = found.decision
    while decision.until is not None and decision.until < ALWAYS:
        then = _closest(facts, grants, operation, decision.until).decision
        if not then.allowed:
            break
        decision = replace(decision, until=then.until)
    return Explanation(decision, found.steps)


def _closest(
    facts: Facts, grants: Iterable[GrantFacts], operation: str, at: dt.datetime
) -> Explanation:
    return max((_explained(facts, grant, operation, at) for grant in grants), key=_closeness)


def _closeness(explanation: Explanation) -> tuple[bool, dt.datetime, int, int]:
    decision = explanation.decision
    held = sum(step.holds for step in explanation.steps)
    return (decision.allowed, decision.until or ALWAYS, held, decision.grant_id or 0)


def _explained(facts: Facts, grant: GrantFacts, operation: str, at: dt.datetime) -> Explanation:
    asked = steps(facts, grant, operation, at)
    failed = next((step for step in asked if not step.holds), None)
    decision = Decision(
        allowed=failed is None,
        clause=failed.clause if failed else grant.ref,
        reason=failed.evidence
        if failed
        else say(
            "{ref} with {agreement} allows it: {decided}.",
            ref=grant.ref,
            agreement=grant.agreement,
            decided=grant.decided,
        ),
        until=None if failed else min(step.until for step in asked),
        grant_id=grant.pk,
        fellowship_id=grant.fellowship_id,
    )
    return Explanation(decision, asked)


def edges(facts: Facts, person_id: int, dataset_id: int) -> list[dt.datetime]:
    """The instants at which a decision about the two may change, in order.

    Every fact is a span, so a decision is the same everywhere between two neighbouring ends of
    spans: a million events need no more judgements than there are stretches between changes.
    """
    return sorted(set(_edges(facts, (person_id, dataset_id))))


def _edges(facts: Facts, pair: tuple[int, int]) -> Iterator[dt.datetime]:
    for grant in facts.grants.get(pair, ()):
        yield from (grant.span.since, grant.span.until)
        yield from (t for t in (grant.accepted_at, grant.revoked_at) if t)
        fellowship = facts.fellowships[grant.fellowship_id]
        yield from _both_ends([fellowship.active, *fellowship.suspensions])
        yield from _both_ends(facts.closed_accounts[grant.person_id])
        yield from _both_ends(grant.dataset.tiers)
        yield from _both_ends(facts.suspended_datasets[grant.dataset.pk])
        yield from _both_ends(facts.suspended_people[(grant.person_id, grant.program_id)])
        yield from _both_ends(scope.span for scope in fellowship.scopes)
        yield from _both_ends(facts.trainings[(grant.person_id, grant.program_id)])
        yield from _both_ends(facts.exceptions[grant.request_id])
        yield from (grant.longest_at,) if grant.longest_at else ()
        yield from _both_ends(facts.late_trainings[grant.fellowship_id])
        yield from _both_ends(facts.conditions[("access.accessrequest", grant.request_id)])
        yield from _both_ends(facts.conditions[("scoping.fellowship", grant.fellowship_id)])


def _both_ends(spans: Iterable[Span]) -> Iterator[dt.datetime]:
    for span in spans:
        yield span.since
        yield span.until
