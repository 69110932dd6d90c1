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
from fellowship.kernel.saying import joined, say
from scoping.sections import cite
from scoping.states import Environment

NO_SCOPE: Final = say("Scope of work")


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
    title, clause = say("The account is active"), say("Account")
    closed = facts.closed_accounts[grant.person_id]
    if any(span.holds(at) for span in closed):
        needed = say("An administrator opens the account again.")
        said = say("This person's account was not active.")
        return Step("account", title, False, clause, said, needed=needed)
    until = min((span.since for span in closed if span.since > at), default=ALWAYS)
    return Step("account", title, True, clause, say("This person's account was active."), until)


def _accepted(grant: GrantFacts, at: dt.datetime) -> Step:
    accepted = grant.accepted_at is not None and grant.accepted_at <= at
    return Step(
        "agreement",
        say("The agreement is accepted"),
        accepted,
        grant.agreement,
        say("Accepted on {day}.", day=day(grant.accepted_at))
        if accepted
        else say("{agreement} is not accepted by the person it names.", agreement=grant.agreement),
        needed=say("The person it names reads and accepts {agreement}.", agreement=grant.agreement),
        record=Record("agreement", grant.agreement),
    )


def _live(grant: GrantFacts, at: dt.datetime) -> Step:
    ends = min(grant.span.until, grant.revoked_at or ALWAYS)
    return Step(
        "grant",
        say("The grant is live"),
        grant.span.since <= at < ends,
        grant.ref,
        _grant_evidence(grant, at),
        ends,
        needed=say("Wait until {day}.", day=day(grant.span.since))
        if at < grant.span.since
        else say("Ask for the dataset again: a renewal is a new decision."),
        record=Record("grant", grant.ref),
    )


def _grant_evidence(grant: GrantFacts, at: dt.datetime) -> str:
    if grant.revoked_at is not None and grant.revoked_at <= at:
        return say("{ref} was revoked on {day}.", ref=grant.ref, day=day(grant.revoked_at))
    if at < grant.span.since:
        return say("{ref} begins on {day}.", ref=grant.ref, day=day(grant.span.since))
    if at >= grant.span.until:
        return say("{ref} ended on {day}.", ref=grant.ref, day=day(grant.span.until))
    return say(
        "{ref} runs until {day}: {decided}.",
        ref=grant.ref,
        day=day(grant.span.until),
        decided=grant.decided,
    )


def quoted(operation: str) -> str:
    """An operation as a clause names it."""
    return say("“{label}”", label=Operation(operation).label.lower())


def _named(grant: GrantFacts, operation: str) -> Step:
    named = operation in grant.operations
    label = Operation(operation).label.lower()
    said = {"ref": grant.ref, "names": quoted(operation)}
    return Step(
        "operation",
        say("The grant names the operation"),
        named,
        grant.ref,
        say("{ref} names {names}.", **said)
        if named
        else say("{ref} does not name {names}.", **said),
        needed=say("Ask for access that names “{label}”.", label=label),
        record=Record("grant", grant.ref),
    )


def _covers(version: str, name: str, *, named: bool, within: bool) -> str:
    said = {"version": version, "name": name}
    if named and within:
        return say("{version} names {name}.", **said)
    if named:
        return say("{version} names {name}, whose tier lies above its highest.", **said)
    if within:
        return say("{version} does not name {name}.", **said)
    return say("{version} does not name {name}, whose tier lies above its highest.", **said)


def _scoped(
    fellowship: FellowshipFacts,
    scope: ScopeFacts | None,
    grant: GrantFacts,
    operation: str,
    at: dt.datetime,
) -> Iterator[Step]:
    title = say("The scope of work covers the dataset")
    if scope is None:
        reason = say("No scope of work of {ref} was signed.", ref=fellowship.ref)
        needed = say("Both sides sign a scope of work.")
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
        joined(", ", (version, cite("datasets" if within or not named else "max_tier"))),
        _covers(version, data.name, named=named, within=within),
        min(scope.span.until, tier.until),
        needed=say("Amend the scope of work: name {name}.", name=data.name)
        if not named
        else say(
            "Amend the highest data tier of the scope, or use a lesser variant of {name}.",
            name=data.name,
        ),
        record=record,
    )
    allowed = operation in scope.operations
    label = Operation(operation).label.lower()
    yield Step(
        "scope_operation",
        say("The scope of work allows the operation"),
        allowed,
        joined(", ", (version, cite("operations"))),
        say("{version} allows {names}.", version=version, names=quoted(operation))
        if allowed
        else say("{version} does not allow {names}.", version=version, names=quoted(operation)),
        scope.span.until,
        needed=say("Amend the scope of work: allow “{label}”.", label=label),
        record=record,
    )


def _longest(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Iterator[Step]:
    """Of a grant for longer than its tier allows: past that time an exception alone opens it."""
    if grant.longest_at is None:
        return
    within = at < grant.longest_at
    step = Step(
        "longest",
        say("It lasts no longer than its tier allows"),
        within,
        grant.handling_label,
        say("Data of this tier is granted until {day} at the longest.", day=day(grant.longest_at)),
        grant.longest_at if within else ALWAYS,
        needed=say("Ask for an exception from the rule."),
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
        none = say("No exception for it is in force.")
        return replace(step, evidence=joined(" ", (step.evidence, none)))
    span = max(live, key=lambda one: one.until)
    excepted = say("Excepted by {label} until {day}.", label=span.label, day=day(span.until))
    return replace(
        step,
        holds=True,
        clause=span.label,
        evidence=joined(" ", (step.evidence, excepted)),
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
        say("The data may be where the work is done"),
        not kept,
        joined(", ", (scope.label, cite("environment"))),
        say(
            "The work is done on the fellow's own equipment; {handling_label} never lets "
            "{tier} data be downloaded to it.",
            handling_label=grant.handling_label,
            tier=tier,
        )
        if kept
        else say(
            "The work is done on the fellow's own equipment; {handling_label} lets "
            "{tier} data be downloaded to it.",
            handling_label=grant.handling_label,
            tier=tier,
        ),
        min(scope.span.until, span.until),
        needed=say("Amend the scope of work: an environment of the company."),
        record=Record("rule", str(grant.handling_id)),
    )


def _trained(facts: Facts, fellowship: FellowshipFacts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = say("Security training is valid"), say("Security training")
    record = Record("people", fellowship.ref)
    valid = [s for s in facts.trainings[(grant.person_id, grant.program_id)] if s.holds(at)]
    if valid:
        until = max(span.until for span in valid)
        said = say("Valid until {day}.", day=day(until))
        return Step("training", title, True, clause, said, until, record=record)
    excepted = [s for s in facts.late_trainings[grant.fellowship_id] if s.holds(at)]
    if excepted:
        span = max(excepted, key=lambda s: s.until)
        reason = say("Excepted by {label} until {day}.", label=span.label, day=day(span.until))
        record = Record("exception", span.ref)
        return Step("training", title, True, span.label, reason, span.until, record=record)
    needed = say("Complete the security training and have it recorded.")
    said = say("No security training was valid.")
    return Step("training", title, False, clause, said, needed=needed, record=record)


def _conditions(facts: Facts, grant: GrantFacts, at: dt.datetime) -> Step:
    title, clause = say("The decision's conditions are met"), say("Conditions of the decision")
    subjects = (
        ("access.accessrequest", grant.request_id),
        ("scoping.fellowship", grant.fellowship_id),
    )
    spans = [span for subject in subjects for span in facts.conditions[subject]]
    open_ = sorted((s for s in spans if s.holds(at)), key=lambda span: span.label)
    if open_:
        reason = say(
            "Not verified yet: {label}", label=joined("; ", (span.label for span in open_))
        )
        needed = say("Its owner meets the condition, and its verifier looks.")
        record = Record("condition", open_[0].ref)
        return Step("conditions", title, False, clause, reason, needed=needed, record=record)
    until = min((span.since for span in spans if span.since > at), default=ALWAYS)
    return Step("conditions", title, True, clause, say("None is open."), until)


def _handled(grant: GrantFacts, operation: str, at: dt.datetime) -> Step:
    span = grant.dataset.tier_at(at)
    answer = grant.handling[span.label][operation]
    tier = Tier(span.label).label.lower()
    said = {
        "handling_label": grant.handling_label,
        "names": quoted(operation),
        "tier": tier,
    }
    return Step(
        "handling",
        say("The tier's handling allows the operation"),
        answer != NO,
        say("{handling_label}, {tier} tier", handling_label=grant.handling_label, tier=tier),
        say("{handling_label} never allows {names} for {tier} data.", **said)
        if answer == NO
        else say("{handling_label} allows {names} for {tier} data.", **said),
        span.until,
        needed=say("Use a lesser variant of the data, or ask for an exception from the rule."),
        record=Record("rule", str(grant.handling_id)),
    )


Closing = tuple[str, Span, Record]


def _suspended(
    facts: Facts, fellowship: FellowshipFacts, grant: GrantFacts, at: dt.datetime
) -> Step:
    title, clause = say("Nothing is suspended"), say("Suspension")
    data, who = grant.dataset, (grant.person_id, grant.program_id)
    case = Record("case", fellowship.ref)
    spans: list[Closing] = [
        *((data.name, s, Record("suspension", s.ref)) for s in facts.suspended_datasets[data.pk]),
        *(
            (say("This person"), s, Record("suspension", s.ref))
            for s in facts.suspended_people[who]
        ),
        *((fellowship.ref, s, case) for s in fellowship.suspensions),
    ]
    live = [one for one in spans if one[1].holds(at)]
    if live:
        what, span, record = max(live, key=lambda one: one[1].until)
        reason = say(
            "{what} is suspended since {day}: {label}",
            what=what,
            day=day(span.since),
            label=span.label,
        )
        needed = say("Somebody other than who suspended lifts it.")
        if span.until < ALWAYS:
            needed = say(
                "Wait until {day}, when it ends, or until somebody lifts it.", day=day(span.until)
            )
        return Step("suspension", title, False, clause, reason, needed=needed, record=record)
    until = min((s.since for _, s, _ in spans if s.since > at), default=ALWAYS)
    return Step("suspension", title, True, clause, say("No suspension is in force."), until)


def _active(fellowship: FellowshipFacts, at: dt.datetime) -> Step:
    when = say(
        "from {day} until {day2}",
        day=day(fellowship.active.since),
        day2=day(fellowship.active.until),
    )
    return Step(
        "fellowship",
        say("The fellowship is under way"),
        fellowship.active.holds(at),
        fellowship.ref,
        say("{ref} runs {when}.", ref=fellowship.ref, when=when),
        fellowship.active.until,
        needed=say("Wait until {day}.", day=day(fellowship.active.since))
        if at < fellowship.active.since
        else say("Nothing: the work has ended, and access with it."),
        record=Record("case", fellowship.ref),
    )


PLAIN: Final = "%Y-%m-%d %H:%M UTC"


def day(at: dt.datetime | None) -> str:
    """An instant as evidence tells it; pages put it into the reader's zone."""
    return at.strftime(PLAIN) if at and at < ALWAYS else say("further notice")
