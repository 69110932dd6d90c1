"""Closing a finding on what answers it, and opening it again when that holds no longer."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from findings import policy
from findings.models import Finding
from findings.services.common import lock, stop_clock, tell
from findings.services.dispositions import begin_anew, tell_open
from findings.states import (
    FINDING_MOVES,
    Closure,
    ControlState,
    FindingState,
    SegmentWhy,
)
from governance import exceptions
from governance.models import ExceptionRecord


@journal.verb("findings.close")
def close_finding(*, finding: Finding, closure: str, by: User, reason: str = "") -> Finding:
    """Close a finding on a verified control, a live exception, its rejection, or as exploratory."""
    finding = lock(finding)
    if finding.state == FindingState.CLOSED:
        return unchanged(finding, policy.may_close(finding, closure, by))
    refuse(policy.may_close(finding, closure, by))
    if closure == Closure.CONTROL:
        refuse(policy.tests_passed(finding))
    if closure == Closure.EXCEPTION:
        finding.exception = exceptions.covering(finding, "control_not_implemented").first()
    if closure == Closure.CONTROL:
        verified = finding.controls.locked().filter(state=ControlState.VERIFIED)
        finding.closing_control = verified.order_by("-verified_at", "-id").first()
        refuse(None if finding.closing_control else policy.NO_VERIFIED_CONTROL)
    return _close(finding, "close", closure, by, reason)


@journal.verb("findings.close_as_duplicate")
def close_as_duplicate(*, finding: Finding, of: Finding, by: User, reason: str = "") -> Finding:
    """Close a finding as the same as an earlier one of the programme.

    Both rows are locked, in one order: two findings cannot name each other at the same instant.
    """
    pair = Q(pk=finding.pk) | Q(pk=of.pk)
    list(Finding.objects.locked().filter(pair).order_by("pk").values_list("pk"))
    finding, of = lock(finding), lock(of)
    if finding.state == FindingState.CLOSED:
        return unchanged(finding, policy.may_close_as_duplicate(finding, of, by))
    refuse(policy.may_close_as_duplicate(finding, of, by))
    finding.duplicate_of = of
    finding.actionable, finding.mapping = None, ""
    return _close(finding, "close_as_duplicate", Closure.DUPLICATE, by, reason)


def _close(finding: Finding, verb: str, closure: str, by: User, reason: str) -> Finding:
    finding.state = FINDING_MOVES.target(finding.state, verb)
    finding.look_again_at = None
    finding.closure, finding.closed_at, finding.closed_by = closure, now(), by
    finding.save()
    stop_clock(finding, by)
    on = finding.answer_ref
    journal.record(
        subject=finding, change={"state": finding.state, "closure": closure, "answer": on}
    )
    words = say(
        "It is closed by {closure}{more}.",
        closure=finding.get_closure_display().lower(),
        more=f": {on}" if on else "",
    )
    tell(
        finding,
        [finding.fellowship.fellow],
        say("{ref} is closed", ref=finding.ref),
        body=joined("\n\n", filter(None, (words, reason.strip()))),
    )
    return finding


@journal.verb("findings.reopen")
def reopen_finding(
    *, finding: Finding, by: Actor, reason: str, since: dt.datetime | None = None
) -> Finding:
    """Open a closed finding again: it is under investigation, with its owner, and its clock runs.

    `since` is when what closed it ceased to hold, where that is recorded late.
    """
    finding = lock(finding)
    if finding.state == FindingState.INVESTIGATING:
        return unchanged(finding, policy.may_reopen(finding, by))
    refuse(policy.may_reopen(finding, by))
    refuse(policy.says_why(reason))
    before = {"closure": journal.moved(finding.closure, ""), "answer": finding.answer_ref}
    finding.state = FINDING_MOVES.target(finding.state, "reopen")
    finding.closure, finding.closed_at, finding.closed_by = "", None, None
    finding.duplicate_of = finding.exception = finding.closing_control = None
    begin_anew(finding, by, SegmentWhy.REOPENED, reason, since)
    journal.record(
        subject=finding, change={"state": finding.state, "due_at": finding.due_at, **before}
    )
    tell_open(finding, by, say("{ref} is open again", ref=finding.ref), reason)
    return finding


@journal.verb("findings.carry_over")
def carry_over(*, finding: Finding, by: Actor) -> Finding:
    """Point a finding closed on an exception that ended at the live one that took its place."""
    finding = lock(finding)
    live: ExceptionRecord | None = exceptions.covering(finding, "control_not_implemented").first()
    held = finding.exception
    if finding.closure != Closure.EXCEPTION or live is None or held is None or held == live:
        return finding
    finding.exception = live
    finding.save()
    journal.record(subject=finding, change={"answer": journal.moved(held.ref, live.ref)})
    return finding
