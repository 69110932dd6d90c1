"""Disposing of a finding: taken up, accepted, deferred, rejected, taken up again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from findings import duetimes, policy, terms
from findings.models import (
    Finding,
)
from findings.services.common import date_of, end_of, lock, start_clock, stop_clock, tell
from findings.states import (
    FINDING_MOVES,
    FindingState,
    SegmentWhy,
)
from governance import services as governance
from governance.models import Matter
from scoping.services import enter_stage


@journal.verb("findings.take")
def take_finding(*, finding: Finding, by: Actor, reason: str = "") -> Finding:
    """Take a finding up: it is under investigation, and the person who took it owns it for now."""
    finding = lock(finding)
    if finding.state == FindingState.INVESTIGATING:
        return unchanged(finding, policy.may_take(finding, by))
    refuse(policy.may_take(finding, by))
    finding.state = FINDING_MOVES.target(finding.state, "take")
    if finding.product_owner is None and isinstance(by, User):
        finding.product_owner = by
    finding.save()
    journal.record(subject=finding, change={"state": finding.state})
    tell(finding, [finding.fellowship.fellow], say("{ref} is under investigation", ref=finding.ref))
    return finding


@journal.verb("findings.accept")
def accept_finding(
    *,
    finding: Finding,
    by: Actor,
    reason: str,
    actionable: bool = True,
    product_owner: User | None = None,
    due_at: dt.datetime | None = None,
    mapping: str = "",
) -> Finding:
    """Accept a finding: with owner, due time and mapping, or openly as exploratory.

    The due time may move earlier than the severity's, never later: that is an exception's matter.
    """
    finding = lock(finding)
    if finding.state == FindingState.ACCEPTED:
        return unchanged(finding, policy.may_accept(finding, by))
    refuse(policy.may_accept(finding, by))
    refuse(policy.says_why(reason))
    owner = product_owner or finding.product_owner
    if actionable:
        refuse(policy.owned_and_mapped(owner, mapping))
        refuse(policy.owns_rightly(finding, owner))
        finding.product_owner = owner
        window = terms.control_window(finding)
        refuse(policy.due_within_rule(finding, window, due_at))
        start_clock(finding, by, window, due_at, why=SegmentWhy.ACCEPTED, reason=reason)
    finding.state = FINDING_MOVES.target(finding.state, "accept")
    finding.actionable, finding.product_owner = actionable, owner
    finding.mapping = mapping if actionable else ""
    finding.rationale = reason.strip()
    finding.save()
    journal.record(
        subject=finding,
        change={"state": finding.state, "actionable": actionable, "mapping": finding.mapping},
    )
    follows = (
        say(
            "{mapping} will answer it by {date_of}. {owner} owns it.",
            mapping=finding.get_mapping_display(),
            date_of=end_of(finding, finding.due_at),
            owner=owner,
        )
        if actionable
        else say("It is exploratory: worth knowing, with nothing to operate yet.")
    )
    tell(
        finding,
        [finding.fellowship.fellow],
        say("{ref} was accepted", ref=finding.ref),
        body=joined("\n\n", (reason.strip(), follows)),
    )
    enter_stage(
        fellowship=finding.fellowship,
        stage="translate",
        by=by,
        reason=say("{ref} accepted", ref=finding.ref),
    )
    return finding


@journal.verb("findings.defer")
def defer_finding(
    *, finding: Finding, by: Actor, reason: str, look_again_at: dt.datetime | None
) -> Finding:
    """Defer a finding to a day, with its rationale; its clock stops and the fellow may reply.

    On that day it is under investigation again, by itself.
    """
    finding = lock(finding)
    if finding.state == FindingState.DEFERRED:
        return unchanged(finding, policy.may_defer(finding, by))
    refuse(policy.may_defer(finding, by))
    refuse(policy.says_why(reason))
    refuse(policy.deferred_within_rule(finding, look_again_at))
    finding.look_again_at = look_again_at
    day = date_of(finding, look_again_at)
    return _settle(
        finding, "defer", by, reason, say("It will be looked at again on {day}.", day=day)
    )


@journal.verb("findings.reject")
def reject_finding(*, finding: Finding, by: Actor, reason: str) -> Finding:
    """Reject a finding with its rationale. Severe ones are rejected by the board."""
    finding = lock(finding)
    if finding.state == FindingState.REJECTED:
        return unchanged(finding, policy.may_reject(finding, by))
    refuse(policy.may_reject(finding, by))
    refuse(policy.says_why(reason))
    return _settle(
        finding, "reject", by, reason, say("You may reply on its page; the owner reads it.")
    )


def _settle(finding: Finding, verb: str, by: Actor, reason: str, follows: str) -> Finding:
    """Into a state in which no clock runs. What it was to turn into is no longer said of it."""
    finding.state = FINDING_MOVES.target(finding.state, verb)
    finding.rationale = reason.strip()
    finding.actionable, finding.mapping = None, ""
    finding.save()
    stop_clock(finding, by)
    change: dict[str, Any] = {"state": finding.state}
    if finding.look_again_at:
        change["look_again_at"] = finding.look_again_at
    journal.record(subject=finding, change=change)
    tell(
        finding,
        [finding.fellowship.fellow],
        joined(": ", (finding.ref, finding.get_state_display().lower())),
        body=joined("\n\n", (finding.rationale, follows)),
    )
    return finding


@journal.verb("findings.refer")
def refer_rejection(*, finding: Finding, by: User, reason: str) -> Matter:
    """Ask the board to reject a severe finding."""
    finding = lock(finding)
    refuse(policy.may_refer(finding, by))
    refuse(policy.says_why(reason))
    return governance.refer(
        kind="findings.rejection", subject=finding, program=finding.program, by=by, reason=reason
    )


@journal.verb("findings.reconsider")
def reconsider_finding(
    *, finding: Finding, by: Actor, reason: str, since: dt.datetime | None = None
) -> Finding:
    """Take a deferred or rejected finding up again; its clock starts anew.

    `since` is when it fell due to be looked at again, where that is recorded late.
    """
    finding = lock(finding)
    if finding.state == FindingState.INVESTIGATING:
        return unchanged(finding, policy.may_reconsider(finding, by))
    refuse(policy.may_reconsider(finding, by))
    refuse(policy.says_why(reason))
    finding.state = FINDING_MOVES.target(finding.state, "reconsider")
    finding.look_again_at = None
    begin_anew(finding, by, SegmentWhy.RECONSIDERED, reason, since)
    journal.record(subject=finding, change={"state": finding.state, "due_at": finding.due_at})
    tell_open(finding, by, say("{ref} is taken up again", ref=finding.ref), reason)
    return finding


def begin_anew(
    finding: Finding, by: Actor, why: SegmentWhy, reason: str, since: dt.datetime | None
) -> None:
    """Under investigation once more: nothing is decided, and the time for that runs from `since`.

    Where it is over before anybody was told of it, it runs from now.
    """
    window, start = terms.disposition_window(finding), since or now()
    due = duetimes.fresh(start, now(), window, finding.program.calendar())
    finding.actionable, finding.mapping = None, ""
    start_clock(finding, by, window, due=due, why=why, counts_from=start, reason=reason)


def tell_open(finding: Finding, by: Actor, title: str, reason: str) -> None:
    """Tell the fellow and the owner that a finding is under investigation again."""
    day = end_of(finding, finding.due_at)
    tell(
        finding,
        {finding.fellowship.fellow, finding.product_owner} - {by, None},
        title,
        body=say("{reason}\n\nA disposition is due on {day}.", reason=reason.strip(), day=day),
    )
