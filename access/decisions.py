"""May this person do this with this dataset, now or then? One function for page, API and check.

Access is never stored. It follows from a live grant, the signed scope of work, training, conditions
of the decision, the handling of the dataset's tier, suspensions and the fellowship itself; it ends
with the first of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from access import facts as known
from access.facts import ALWAYS, Facts, FellowshipFacts, GrantFacts, Span
from access.handling import NO
from access.models import Dataset, Grant
from access.states import TIERS, Operation
from fellowship.kernel.time import now
from scoping.sections import cite


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: whether, the clause that decided, why in a sentence, and until when it holds.

    `until` is the end of what is allowed; None where nothing is.
    """

    allowed: bool
    clause: str
    reason: str
    until: dt.datetime | None = None
    grant_id: int | None = None
    fellowship_id: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a decision rests on: whether it holds, the clause, the evidence, and its end."""

    key: str
    title: str
    holds: bool
    clause: str
    evidence: str
    until: dt.datetime = ALWAYS


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every step behind it, in the order they are asked."""

    decision: Decision
    steps: list[Step]


NO_GRANT: Final = Decision(
    False, "Data access agreement", "There is no grant of this dataset to this person."
)
INACTIVE: Final = Decision(False, "Account", "This person's account is not active.")


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
    at = at or now()
    if operation not in Operation.values:
        reason = f"“{operation}” is none of the operations agreements know."
        return Explanation(Decision(False, "Operation", reason), [])
    if not person.is_active:
        return Explanation(INACTIVE, [])
    facts = known.load(Grant.objects.filter(person_id=person.pk, dataset_id=dataset.pk))
    return judge(facts, person.pk, dataset.pk, operation, at)


def judge(
    facts: Facts, person_id: int, dataset_id: int, operation: str, at: dt.datetime
) -> Explanation:
    """The decision from facts already loaded. Asks the database nothing."""
    found = [
        _explained(facts, grant, operation, at)
        for grant in facts.grants.get((person_id, dataset_id), ())
    ]
    if not found:
        step = Step("grant", "A grant", False, NO_GRANT.clause, NO_GRANT.reason)
        return Explanation(NO_GRANT, [step])
    return max(found, key=_closeness)


def _closeness(explanation: Explanation) -> tuple[bool, dt.datetime, int, int]:
    decision = explanation.decision
    held = sum(step.holds for step in explanation.steps)
    return (decision.allowed, decision.until or ALWAYS, held, decision.grant_id or 0)


def _explained(facts: Facts, grant: GrantFacts, operation: str, at: dt.datetime) -> Explanation:
    fellowship = facts.fellowships[grant.fellowship_id]
    steps = [
        *_granted(grant, operation, at),
        *_scoped(fellowship, grant, operation, at),
        _trained(facts, grant, at),
        _conditions(facts, grant, at),
        _handled(grant, operation),
        _suspended(facts, fellowship, grant, at),
        _active(fellowship, at),
    ]
    failed = next((step for step in steps if not step.holds), None)
    until = min(step.until for step in steps)
    decision = Decision(
        allowed=failed is None,
        clause=failed.clause if failed else grant.ref,
        reason=failed.evidence
        if failed
        else f"{grant.ref} with {grant.agreement} allows it: {grant.decided}.",
        until=None if failed else until,
        grant_id=grant.pk,
        fellowship_id=grant.fellowship_id,
    )
    return Explanation(decision, steps)


def _granted(grant: GrantFacts, operation: str, at: dt.datetime) -> Iterator[Step]:
    ends = min(grant.span.until, grant.revoked_at or ALWAYS)
    accepted = grant.accepted_at is not None and grant.accepted_at <= at
    yield Step(
        "agreement",
        "The agreement is accepted",
        accepted,
        grant.agreement,
        f"Accepted on {_day(grant.accepted_at)}."
        if accepted and grant.accepted_at
        else f"{grant.agreement} is not accepted by the person it names.",
    )
    live = grant.span.since <= at < ends
    yield Step("grant", "The grant is live", live, grant.ref, _grant_evidence(grant, at), ends)
    named = operation in grant.operations
    label = Operation(operation).label.lower()
    yield Step(
        "operation",
        "The grant names the operation",
        named,
        grant.ref,
        f"{grant.ref} {'names' if named else 'does not name'} “{label}”.",
    )


def _grant_evidence(grant: GrantFacts, at: dt.datetime) -> str:
    if grant.revoked_at is not None and grant.revoked_at <= at:
        return f"{grant.ref} was revoked on {_day(grant.revoked_at)}."
    if at < grant.span.since:
        return f"{grant.ref} begins on {_day(grant.span.since)}."
    if at >= grant.span.until:
        return f"{grant.ref} ended on {_day(grant.span.until)}."
    return f"{grant.ref} runs until {_day(grant.span.until)}: {grant.decided}."


def _scoped(
    fellowship: FellowshipFacts, grant: GrantFacts, operation: str, at: dt.datetime
) -> Iterator[Step]:
    scope = next((s for s in fellowship.scopes if s.span.holds(at)), None)
    if scope is None:
        reason = f"No scope of work of {fellowship.ref} was signed."
        yield Step("scope", "The scope of work covers the dataset", False, "Scope of work", reason)
        return
    version = scope.label
    named = bool(grant.dataset.names & scope.datasets)
    within = TIERS.index(grant.dataset.tier) <= scope.tier_rank
    clause = f"{version}, {cite('datasets' if not named else 'max_tier')}"
    yield Step(
        "scope",
        "The scope of work covers the dataset",
        named and within,
        clause if not (named and within) else f"{version}, {cite('datasets')}",
        f"{version} {'names' if named else 'does not name'} {grant.dataset.name}"
        + ("." if within else ", whose tier lies above its highest."),
        scope.span.until,
    )
    allowed = operation in scope.operations
    label = Operation(operation).label.lower()
    yield Step(
        "scope_operation",
        "The scope of work allows the operation",
        allowed,
        f"{version}, {cite('operations')}",
        f"{version} {'allows' if allowed else 'does not allow'} “{label}”.",
        scope.span.until,
    )


def _trained(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = "Security training is valid", "Security training"
    valid = [s for s in facts.trainings[(grant.person_id, grant.program_id)] if s.holds(at)]
    if valid:
        until = max(span.until for span in valid)
        return Step("training", title, True, clause, f"Valid until {_day(until)}.", until)
    excepted = [s for s in facts.late_trainings[grant.fellowship_id] if s.holds(at)]
    if excepted:
        span = max(excepted, key=lambda s: s.until)
        reason = f"Excepted by {span.label} until {_day(span.until)}."
        return Step("training", title, True, span.label, reason, span.until)
    return Step("training", title, False, clause, "No security training was valid.")


def _conditions(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = "The decision's conditions are met", "Conditions of the decision"
    subjects = (
        ("access.accessrequest", grant.request_id),
        ("scoping.fellowship", grant.fellowship_id),
    )
    open_ = [s for subject in subjects for s in facts.conditions[subject] if s.holds(at)]
    if open_:
        reason = f"Not verified yet: {'; '.join(sorted(s.label for s in open_))}"
        return Step("conditions", title, False, clause, reason)
    later = [s.since for subject in subjects for s in facts.conditions[subject] if s.since > at]
    until = min(later, default=ALWAYS)
    return Step("conditions", title, True, clause, "None is open.", until)


def _handled(grant: GrantFacts, operation: str) -> Step:
    answer = grant.handling[operation]
    tier = grant.dataset.tier.replace("_", " ")
    label = Operation(operation).label.lower()
    verb = "never allows" if answer == NO else "allows"
    return Step(
        "handling",
        "The tier's handling allows the operation",
        answer != NO,
        f"{grant.handling_label}, {tier} tier",
        f"{grant.handling_label} {verb} “{label}” for {tier} data.",
    )


def _suspended(
    facts: Facts, fellowship: FellowshipFacts, grant: GrantFacts, at: dt.datetime
) -> Step:
    title, clause = "Nothing is suspended", "Suspension"
    spans = [
        *((grant.dataset.name, s) for s in facts.suspended_datasets[grant.dataset.pk]),
        *(("This person", s) for s in facts.suspended_people[(grant.person_id, grant.program_id)]),
        *((fellowship.ref, s) for s in fellowship.suspensions),
    ]
    live = [(what, s) for what, s in spans if s.holds(at)]
    if live:
        what, span = max(live, key=lambda one: one[1].until)
        reason = f"{what} is suspended since {_day(span.since)}: {span.label}"
        return Step("suspension", title, False, clause, reason)
    until = min((s.since for _, s in spans if s.since > at), default=ALWAYS)
    return Step("suspension", title, True, clause, "No suspension is in force.", until)


def _active(fellowship: FellowshipFacts, at: dt.datetime) -> Step:
    active = fellowship.active.holds(at)
    when = f"from {_day(fellowship.active.since)} until {_day(fellowship.active.until)}"
    return Step(
        "fellowship",
        "The fellowship is under way",
        active,
        fellowship.ref,
        f"{fellowship.ref} runs {when}.",
        fellowship.active.until,
    )


def _day(at: dt.datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at and at < ALWAYS else "further notice"


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
        yield from _both_ends(facts.suspended_datasets[grant.dataset.pk])
        yield from _both_ends(facts.suspended_people[(grant.person_id, grant.program_id)])
        yield from _both_ends(scope.span for scope in fellowship.scopes)
        yield from _both_ends(facts.trainings[(grant.person_id, grant.program_id)])
        yield from _both_ends(facts.late_trainings[grant.fellowship_id])
        yield from _both_ends(facts.conditions[("access.accessrequest", grant.request_id)])
        yield from _both_ends(facts.conditions[("scoping.fellowship", grant.fellowship_id)])


def _both_ends(spans: Iterable[Span]) -> Iterator[dt.datetime]:
    for span in spans:
        yield span.since
        yield span.until
