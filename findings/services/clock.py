"""Re-rating, pausing and resuming: what moves the due time of a finding, each on its grounds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import queries
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from findings import duetimes, policy, terms
from findings.duetimes import Due
from findings.models import DuePause, DueSegment, Finding
from findings.services.claims import cvss_score
from findings.services.common import end_of, lock, tell
from findings.services.segments import (
    DUE_CLOCK,
    add_segment,
    end_pause,
    end_segment,
    obligation,
    start_clock,
)
from findings.states import SEVERITY_RANK, SegmentWhy, Severity, WaitsOn


def due_if_rated(finding: Finding, severity: str) -> Due:
    """When the finding would be due, were its severity changed to this now."""
    counts_from, pauses, agreed = obligation(finding)
    return duetimes.rerated(
        at=now(),
        counts_from=counts_from,
        window=terms.due_window(finding, severity),
        calendar=finding.program.calendar(),
        pauses=pauses,
        before=finding.due_at or now(),
        agreed=agreed,
    )


@journal.verb("findings.rerate")
def rerate_finding(
    *,
    finding: Finding,
    severity: str,
    by: Actor,
    reason: str,
    evidence: str,
    confirmed: bool = False,
    cvss_vector: str = "",
) -> Finding:
    """Change the severity, on evidence. The due time is counted anew from where it was counted.

    Where the rule would put it in the past the finding is not overdue at a stroke: the window of
    the new severity opens now, and who re-rates confirms that they were told (`confirmed`).
    """
    finding = lock(finding)
    if _said_already(finding, severity, reason):
        return unchanged(finding, policy.may_rerate(finding, by))
    refuse(policy.may_rerate(finding, by))
    refuse(policy.rerates_soundly(finding, severity, reason, evidence, by))
    score = cvss_score(cvss_vector) if cvss_vector else finding.cvss_score
    due, window = due_if_rated(finding, severity), terms.due_window(finding, severity)
    refuse(policy.said_before(finding, due, confirmed))
    counts_from = obligation(finding)[0]
    before = finding.severity
    _rate(finding, severity, reason, cvss_vector, score)
    why = SegmentWhy.RERATED
    said = {"why": why, "counts_from": counts_from, "reason": reason, "evidence": evidence}
    if due.stays:
        end_segment(finding)
        add_segment(finding, by, window, due, **said)  # type: ignore[arg-type]
        finding.save()
    else:
        start_clock(finding, by, window, due=due, **said)  # type: ignore[arg-type]
    journal.record(
        subject=finding,
        change={
            "severity": journal.moved(before, severity),
            "due_at": finding.due_at,
            "grace": due.grace,
        },
    )
    _tell_rerated(finding, before, by, reason)
    return finding


def _said_already(finding: Finding, severity: str, reason: str) -> bool:
    """Whether this very change of severity was the last: the button was pressed twice."""
    if severity != finding.severity:
        return False
    rated = DueSegment.objects.filter(finding=finding, why=SegmentWhy.RERATED)
    last = rated.order_by("-number").first()
    return bool(last and last.reason == reason.strip())


def _rate(finding: Finding, severity: str, reason: str, vector: str, score: Decimal | None) -> None:
    finding.severity, finding.severity_rank = severity, SEVERITY_RANK[Severity(severity)]
    finding.severity_reason, finding.cvss_score = reason.strip(), score
    finding.cvss_vector = vector or finding.cvss_vector


def _tell_rerated(finding: Finding, before: str, by: Actor, reason: str) -> None:
    owners = [finding.product_owner] if finding.product_owner else []
    grave = finding.severity == Severity.CRITICAL
    if grave or not owners:
        owners += list(holders(finding.program_id, roles.PRODUCT_OWNER))
    words = joined(" → ", (Severity(before).label, finding.get_severity_display()))
    tell(
        finding,
        {finding.fellowship.fellow, *owners} - {by},
        say("{ref}: severity changed, {words}", ref=finding.ref, words=words),
        body=say(
            "{reason}\n\nIt is due on {date_of}.",
            reason=reason.strip(),
            date_of=end_of(finding, finding.due_at),
        ),
        urgent=grave,
    )


@journal.verb("findings.pause")
def pause_finding(
    *, finding: Finding, until: dt.datetime, waits_on: str, reason: str, by: Actor
) -> Finding:
    """Let the clock stand still until a day at the latest, for a reason, waiting on somebody.

    The due time moves by the pause; `due_at` tells it as if the pause lasted to its end.
    """
    finding = lock(finding)
    if finding.standing_still(now()):
        return unchanged(finding, policy.may_pause(finding, by))
    end_pause(finding, by, now())
    refuse(policy.may_pause(finding, by))
    used = obligation(finding)[1]
    refuse(policy.pause_within_rule(finding, until, waits_on, reason, used))
    reason = reason.strip()
    found = queries.current(finding, DUE_CLOCK)
    segment = DueSegment.objects.filter(finding=finding, ended_at=None).first()
    if found is None or segment is None:
        raise Refused(policy.no_clock(finding))
    clock = clocks.pause(clock=found, by=by, ground=reason)
    DuePause.objects.create(
        segment=segment,
        paused_at=clock.paused_at or now(),
        until=until,
        waits_on=waits_on,
        reason=reason,
        by=by if isinstance(by, User) else None,
        due_before=clock.due_at,
        due_after=queries.after_pause(clock, clock.paused_at or now(), until),
    )
    finding.due_at = queries.after_pause(clock, clock.paused_at or now(), until)
    finding.save()
    journal.record(
        subject=finding,
        change={"until": until, "waits_on": waits_on, "due_at": finding.due_at},
    )
    asked = waits_on == WaitsOn.FELLOW
    day = end_of(finding, until)
    ends = (
        say("Its clock stands still until {day}, or until you reply.", day=day)
        if asked
        else say("Its clock stands still until {day}.", day=day)
    )
    tell(
        finding,
        [finding.fellowship.fellow],
        say("{ref} waits for you", ref=finding.ref)
        if asked
        else say("{ref}: the clock stands still", ref=finding.ref),
        body=joined("\n\n", (reason, ends)),
    )
    return finding


@journal.verb("findings.resume")
def resume_finding(*, finding: Finding, by: Actor, reason: str = "") -> Finding:
    """Let a paused clock run on before its day. One that runs is returned unchanged."""
    finding = lock(finding)
    if finding.standing_still(now()) is None:
        return unchanged(finding, policy.may_resume(finding, by))
    refuse(policy.may_resume(finding, by))
    end_pause(finding, by, now())
    journal.record(subject=finding, change={"due_at": finding.due_at})
    tell(
        finding,
        {finding.fellowship.fellow} - {by},
        say("{ref}: the clock runs again", ref=finding.ref),
        body=say("It is due on {date_of}.", date_of=end_of(finding, finding.due_at)),
    )
    return finding


@journal.verb("findings.pause_over")
def record_pause_over(*, finding: Finding, by: Actor) -> Finding:
    """Record that a pause was over on its day; one recorded already is left alone."""
    finding = lock(finding)
    if finding.standing_still(now()) is None and end_pause(finding, by, now()):
        journal.record(subject=finding, change={"due_at": finding.due_at})
    return finding
