"""What a decision rests on, one clause after another: each holds or not, with its evidence.

Access needs all of them. They are asked in this order, and the first that does not hold is the one
a denial names; each says until when it holds, and the first of those ends is where access ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from access.facts import ALWAYS, Facts, FellowshipFacts, GrantFacts, ScopeFacts, Span
from access.fitting import HANDLING, LONGEST, SCOPE
from access.handling import NO
from access.states import TIERS, Operation, Tier
from scoping.sections import cite
from scoping.states import Environment

NO_SCOPE: Final = "Scope of work"


@dataclass(frozen=True, slots=True)
class Record:
    """The record a step rests on: which kind, and what finds it."""

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Step:
    """One clause: whether it holds, how it is cited, the evidence, and when that ends.

    `needed` says what would have to change where it does not hold.
    """

    key: str
    title: str
    holds: bool
    clause: str
    evidence: str
    until: dt.datetime = ALWAYS
    needed: str = ""
    record: Record | None = None


def steps(facts: Facts, grant: GrantFacts, operation: str, at: dt.datetime) -> list[Step]:
    """Every clause that one grant's answer rests on, in the order they are asked."""
    fellowship = facts.fellowships[grant.fellowship_id]
    scope = next((s for s in fellowship.scopes if s.span.holds(at)), None)
    return [
        _account(facts, grant, at),
        _accepted(grant, at),
        _live(grant, at),
        _named(grant, operation),
        *_longest(facts, grant, at),
        *(
            _excepted(facts, grant, SCOPE, step, at)
            for step in _scoped(fellowship, scope, grant, operation, at)
        ),
        _trained(facts, fellowship, grant, at),
        _conditions(facts, grant, at),
        _excepted(facts, grant, HANDLING, _handled(grant, operation, at), at),
        *_placed(scope, grant, at),
        _suspended(facts, fellowship, grant, at),
        _active(fellowship, at),
    ]


def _account(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = "The account is active", "Account"
    closed = facts.closed_accounts[grant.person_id]
    if any(span.holds(at) for span in closed):
        needed = "An administrator opens the account again."
        said = "This person's account was not active."
        return Step("account", title, False, clause, said, needed=needed)
    until = min((span.since for span in closed if span.since > at), default=ALWAYS)
    return Step("account", title, True, clause, "This person's account was active.", until)


def _accepted(grant: GrantFacts, at: dt.datetime) -> Step:
    accepted = grant.accepted_at is not None and grant.accepted_at <= at
    return Step(
        "agreement",
        "The agreement is accepted",
        accepted,
        grant.agreement,
        f"Accepted on {day(grant.accepted_at)}."
        if accepted
        else f"{grant.agreement} is not accepted by the person it names.",
        needed=f"The person it names reads and accepts {grant.agreement}.",
        record=Record("agreement", grant.agreement),
    )


def _live(grant: GrantFacts, at: dt.datetime) -> Step:
    ends = min(grant.span.until, grant.revoked_at or ALWAYS)
    return Step(
        "grant",
        "The grant is live",
        grant.span.since <= at < ends,
        grant.ref,
        _grant_evidence(grant, at),
        ends,
        needed=f"Wait until {day(grant.span.since)}."
        if at < grant.span.since
        else "Ask for the dataset again: a renewal is a new decision.",
        record=Record("grant", grant.ref),
    )


def _grant_evidence(grant: GrantFacts, at: dt.datetime) -> str:
    if grant.revoked_at is not None and grant.revoked_at <= at:
        return f"{grant.ref} was revoked on {day(grant.revoked_at)}."
    if at < grant.span.since:
        return f"{grant.ref} begins on {day(grant.span.since)}."
    if at >= grant.span.until:
        return f"{grant.ref} ended on {day(grant.span.until)}."
    return f"{grant.ref} runs until {day(grant.span.until)}: {grant.decided}."


def _named(grant: GrantFacts, operation: str) -> Step:
    named = operation in grant.operations
    label = Operation(operation).label.lower()
    return Step(
        "operation",
        "The grant names the operation",
        named,
        grant.ref,
        f"{grant.ref} {'names' if named else 'does not name'} “{label}”.",
        needed=f"Ask for access that names “{label}”.",
        record=Record("grant", grant.ref),
    )


def _scoped(
    fellowship: FellowshipFacts,
    scope: ScopeFacts | None,
    grant: GrantFacts,
    operation: str,
    at: dt.datetime,
) -> Iterator[Step]:
    title = "The scope of work covers the dataset"
    if scope is None:
        reason = f"No scope of work of {fellowship.ref} was signed."
        needed = "Both sides sign a scope of work."
        yield Step("scope", title, False, NO_SCOPE, reason, needed=needed)
        return
    version, record = scope.label, Record("scope", f"{fellowship.ref}/{scope.number}")
    data = grant.dataset
    named = bool(data.names_at(fellowship.signed_at(scope)) & scope.datasets)
    tier = data.tier_at(at)
    within = TIERS.index(tier.label) <= scope.tier_rank
    yield Step(
        "scope",
        title,
        named and within,
        f"{version}, {cite('datasets' if within or not named else 'max_tier')}",
        f"{version} {'names' if named else 'does not name'} {data.name}"
        + ("." if within else ", whose tier lies above its highest."),
        min(scope.span.until, tier.until),
        needed=f"Amend the scope of work: name {data.name}."
        if not named
        else f"Amend the highest data tier of the scope, or use a lesser variant of {data.name}.",
        record=record,
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
        needed=f"Amend the scope of work: allow “{label}”.",
        record=record,
    )


def _longest(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Iterator[Step]:
    """Of a grant for longer than its tier allows: past that time an exception alone opens it."""
    if grant.longest_at is None:
        return
    within = at < grant.longest_at
    step = Step(
        "longest",
        "It lasts no longer than its tier allows",
        within,
        grant.handling_label,
        f"Data of this tier is granted until {day(grant.longest_at)} at the longest.",
        grant.longest_at if within else ALWAYS,
        needed="Ask for an exception from the rule.",
        record=Record("rule", str(grant.handling_id)),
    )
    yield _excepted(facts, grant, LONGEST, step, at)


def _excepted(facts: Facts, grant: GrantFacts, what: str, step: Step, at: dt.datetime) -> Step:
    """The step, or that an exception for the grant's request opens what it refuses, while it lasts.

    What a scope or a rule says is opened; that there is any signed scope at all is not.
    """
    if step.holds or what not in grant.excepted or step.clause == NO_SCOPE:
        return step
    live = [span for span in facts.exceptions[grant.request_id] if span.holds(at)]
    if not live:
        return replace(step, evidence=f"{step.evidence} No exception for it is in force.")
    span = max(live, key=lambda one: one.until)
    return replace(
        step,
        holds=True,
        clause=span.label,
        evidence=f"{step.evidence} Excepted by {span.label} until {day(span.until)}.",
        until=min(step.until, span.until),
        record=Record("exception", span.ref),
    )


def _placed(scope: ScopeFacts | None, grant: GrantFacts, at: dt.datetime) -> Iterator[Step]:
    """Where the work is done: on own equipment, whatever is done with data downloads it first."""
    if scope is None or scope.environment != Environment.OWN:
        return
    span = grant.dataset.tier_at(at)
    kept = grant.handling[span.label][Operation.DOWNLOAD.value] == NO
    tier = Tier(span.label).label.lower()
    yield Step(
        "environment",
        "The data may be where the work is done",
        not kept,
        f"{scope.label}, {cite('environment')}",
        f"The work is done on the fellow's own equipment; {grant.handling_label} "
        f"{'never lets' if kept else 'lets'} {tier} data be downloaded to it.",
        min(scope.span.until, span.until),
        needed="Amend the scope of work: an environment of the company.",
        record=Record("rule", str(grant.handling_id)),
    )


def _trained(facts: Facts, fellowship: FellowshipFacts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = "Security training is valid", "Security training"
    record = Record("people", fellowship.ref)
    valid = [s for s in facts.trainings[(grant.person_id, grant.program_id)] if s.holds(at)]
    if valid:
        until = max(span.until for span in valid)
        said = f"Valid until {day(until)}."
        return Step("training", title, True, clause, said, until, record=record)
    excepted = [s for s in facts.late_trainings[grant.fellowship_id] if s.holds(at)]
    if excepted:
        span = max(excepted, key=lambda s: s.until)
        reason = f"Excepted by {span.label} until {day(span.until)}."
        record = Record("exception", span.ref)
        return Step("training", title, True, span.label, reason, span.until, record=record)
    needed = "Complete the security training and have it recorded."
    said = "No security training was valid."
    return Step("training", title, False, clause, said, needed=needed, record=record)


def _conditions(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = "The decision's conditions are met", "Conditions of the decision"
    subjects = (
        ("access.accessrequest", grant.request_id),
        ("scoping.fellowship", grant.fellowship_id),
    )
    spans = [span for subject in subjects for span in facts.conditions[subject]]
    open_ = sorted((s for s in spans if s.holds(at)), key=lambda span: span.label)
    if open_:
        reason = f"Not verified yet: {'; '.join(span.label for span in open_)}"
        needed = "Its owner meets the condition, and its verifier looks."
        record = Record("condition", open_[0].ref)
        return Step("conditions", title, False, clause, reason, needed=needed, record=record)
    until = min((span.since for span in spans if span.since > at), default=ALWAYS)
    return Step("conditions", title, True, clause, "None is open.", until)


def _handled(grant: GrantFacts, operation: str, at: dt.datetime) -> Step:
    span = grant.dataset.tier_at(at)
    answer = grant.handling[span.label][operation]
    tier = Tier(span.label).label.lower()
    label = Operation(operation).label.lower()
    verb = "never allows" if answer == NO else "allows"
    return Step(
        "handling",
        "The tier's handling allows the operation",
        answer != NO,
        f"{grant.handling_label}, {tier} tier",
        f"{grant.handling_label} {verb} “{label}” for {tier} data.",
        span.until,
        needed="Use a lesser variant of the data, or ask for an exception from the rule.",
        record=Record("rule", str(grant.handling_id)),
    )


Closing = tuple[str, Span, Record]


def _suspended(
    facts: Facts, fellowship: FellowshipFacts, grant: GrantFacts, at: dt.datetime
) -> Step:
    title, clause = "Nothing is suspended", "Suspension"
    data, who = grant.dataset, (grant.person_id, grant.program_id)
    case = Record("case", fellowship.ref)
    spans: list[Closing] = [
        *((data.name, s, Record("suspension", s.ref)) for s in facts.suspended_datasets[data.pk]),
        *(("This person", s, Record("suspension", s.ref)) for s in facts.suspended_people[who]),
        *((fellowship.ref, s, case) for s in fellowship.suspensions),
    ]
    live = [one for one in spans if one[1].holds(at)]
    if live:
        what, span, record = max(live, key=lambda one: one[1].until)
        reason = f"{what} is suspended since {day(span.since)}: {span.label}"
        needed = "Somebody other than who suspended lifts it."
        if span.until < ALWAYS:
            needed = f"Wait until {day(span.until)}, when it ends, or until somebody lifts it."
        return Step("suspension", title, False, clause, reason, needed=needed, record=record)
    until = min((s.since for _, s, _ in spans if s.since > at), default=ALWAYS)
    return Step("suspension", title, True, clause, "No suspension is in force.", until)


def _active(fellowship: FellowshipFacts, at: dt.datetime) -> Step:
    when = f"from {day(fellowship.active.since)} until {day(fellowship.active.until)}"
    return Step(
        "fellowship",
        "The fellowship is under way",
        fellowship.active.holds(at),
        fellowship.ref,
        f"{fellowship.ref} runs {when}.",
        fellowship.active.until,
        needed=f"Wait until {day(fellowship.active.since)}."
        if at < fellowship.active.since
        else "Nothing: the work has ended, and access with it.",
        record=Record("case", fellowship.ref),
    )


PLAIN: Final = "%Y-%m-%d %H:%M UTC"


def day(at: dt.datetime | None) -> str:
    """An instant as evidence tells it; pages put it into the reader's zone."""
    return at.strftime(PLAIN) if at and at < ALWAYS else "further notice"
