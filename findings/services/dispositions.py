"""Disposing of a finding: taken up, accepted, deferred, rejected, closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from findings import policy, terms
from findings.models import (
    Finding,
)
from findings.services.common import lock, start_clock, stop_clock, tell
from findings.states import (
    FINDING_MOVES,
    Closure,
    FindingState,
)
from governance import exceptions
from governance import services as governance
from governance.models import Matter
from scoping.services import enter_stage


@journal.verb("findings.take")
def take_finding(*, finding: Finding, by: Actor, reason: str = "") -> Finding:
    """Take a finding up: it is under investigation, and the person who took it owns it for now."""
    finding = lock(finding)
    if finding.state == FindingState.INVESTIGATING:
        return finding
    refuse(policy.may_take(finding, by))
    finding.state = FINDING_MOVES.target(finding.state, "take")
    if finding.product_owner is None and isinstance(by, User):
        finding.product_owner = by
    finding.save()
    journal.record(subject=finding, change={"state": finding.state})
    tell(finding, [finding.fellowship.fellow], f"{finding.ref} is under investigation")
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
        return finding
    refuse(policy.may_accept(finding, by))
    owner = product_owner or finding.product_owner
    if actionable:
        refuse(policy.owned_and_mapped(owner, mapping))
        finding.product_owner = owner
        window = terms.control_window(finding)
        refuse(policy.due_within_rule(finding, window, due_at))
        start_clock(finding, by, window, due_at)
    finding.state = FINDING_MOVES.target(finding.state, "accept")
    finding.actionable, finding.mapping, finding.product_owner = actionable, mapping, owner
    finding.rationale = reason
    finding.save()
    journal.record(
        subject=finding,
        change={"state": finding.state, "actionable": actionable, "mapping": mapping},
    )
    tell(finding, [finding.fellowship.fellow], f"{finding.ref} was accepted")
    enter_stage(
        fellowship=finding.fellowship, stage="translate", by=by, reason=f"{finding.ref} accepted"
    )
    return finding


@journal.verb("findings.defer")
def defer_finding(*, finding: Finding, by: Actor, reason: str) -> Finding:
    """Defer a finding with its rationale; its clock stops and the fellow may reply."""
    return _settle(finding, "defer", policy.may_defer, by, reason)


@journal.verb("findings.reject")
def reject_finding(*, finding: Finding, by: Actor, reason: str) -> Finding:
    """Reject a finding with its rationale. Severe ones are rejected by the board."""
    return _settle(finding, "reject", policy.may_reject, by, reason)


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
def reconsider_finding(*, finding: Finding, by: Actor, reason: str) -> Finding:
    """Take a deferred or rejected finding up again; its clock starts anew."""
    finding = lock(finding)
    if finding.state == FindingState.INVESTIGATING:
        return finding
    refuse(policy.may_triage(finding, by))
    finding.state = FINDING_MOVES.target(finding.state, "reconsider")
    finding.actionable, finding.mapping = None, ""
    finding.save()
    start_clock(finding, by, terms.disposition_window(finding))
    journal.record(subject=finding, change={"state": finding.state, "due_at": finding.due_at})
    return finding


@journal.verb("findings.close")
def close_finding(*, finding: Finding, closure: str, by: User, reason: str = "") -> Finding:
    """Close a finding on a verified control, a live exception, its rejection, or as exploratory."""
    finding = lock(finding)
    if finding.state == FindingState.CLOSED:
        return finding
    refuse(policy.may_close(finding, closure, by))
    if closure == Closure.EXCEPTION:
        finding.exception = exceptions.covering(finding, "control_not_implemented").first()
    return _close(finding, "close", closure, by)


@journal.verb("findings.close_as_duplicate")
def close_as_duplicate(*, finding: Finding, of: Finding, by: User, reason: str = "") -> Finding:
    """Close a finding as the same as an earlier one of the programme."""
    finding = lock(finding)
    if finding.state == FindingState.CLOSED:
        return finding
    refuse(policy.may_triage(finding, by))
    if of.pk == finding.pk or of.program_id != finding.program_id or of.duplicate_of_id:
        refuse(
            Refusal("no_original", "Name another finding that is itself no duplicate.", field="of")
        )
    finding.duplicate_of = of
    return _close(finding, "close_as_duplicate", Closure.DUPLICATE, by)


def _close(finding: Finding, verb: str, closure: str, by: User) -> Finding:
    finding.state = FINDING_MOVES.target(finding.state, verb)
    finding.closure, finding.closed_at, finding.closed_by = closure, now(), by
    finding.save()
    stop_clock(finding, by)
    journal.record(subject=finding, change={"state": finding.state, "closure": closure})
    tell(finding, [finding.fellowship.fellow], f"{finding.ref} is closed")
    return finding


def _settle(finding: Finding, verb: str, allowed: Any, by: Actor, reason: str) -> Finding:
    finding = lock(finding)
    if finding.state == {"defer": FindingState.DEFERRED, "reject": FindingState.REJECTED}[verb]:
        return finding
    refuse(allowed(finding, by))
    refuse(policy.says_why(reason))
    finding.state = FINDING_MOVES.target(finding.state, verb)
    finding.rationale = reason
    finding.save()
    stop_clock(finding, by)
    journal.record(subject=finding, change={"state": finding.state})
    tell(
        finding,
        [finding.fellowship.fellow],
        f"{finding.ref}: {finding.get_state_display().lower()}",
        body=reason,
    )
    return finding
