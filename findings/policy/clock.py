"""Who may stop and change the clock of a finding, and within which limits."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import dated, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from findings import terms
from findings.duetimes import Due, Span
from findings.models import Control, Finding
from findings.policy.findings import RULE, SEVERE, _not_recused, may_triage
from findings.states import CONTROL_MOVES, SETTLED, WaitsOn

CLOCK_RULE = say("the clock of a finding")
REASON_LENGTH = 300


def may_pause(finding: Finding, by: Actor) -> Refusal | None:
    """Why its clock may not be paused: it must run, and not be over."""
    return first(
        may_triage(finding, by),
        _clock_runs(finding),
        Refusal(
            "window_over",
            say(
                "It was due on {day}. What is over cannot be paused.",
                day=_day(finding, finding.due_at),
            ),
            rule=CLOCK_RULE,
        )
        if finding.overdue_at(now())
        else None,
    )


def may_resume(finding: Finding, by: Actor) -> Refusal | None:
    """Why its clock may not be let run on before the pause is over."""
    return first(may_triage(finding, by), _clock_runs(finding))


def pause_within_rule(
    finding: Finding, until: dt.datetime, waits_on: str, reason: str, used: list[Span]
) -> Refusal | None:
    """Why a pause like this is refused: it says why, waits on somebody, and ends in time.

    `used` are the pauses there have been since the present clock began.
    """
    left = pause_left(finding, used)
    latest = finding.program.calendar().through(_after(finding, left))
    return first(
        None
        if reason.strip() and len(reason) <= REASON_LENGTH
        else Refusal(
            "no_rationale",
            say(
                "Say what it waits for, in at most {REASON_LENGTH} characters: the "
                "fellow reads it.",
                REASON_LENGTH=REASON_LENGTH,
            ),
            field="reason",
        ),
        None
        if waits_on in WaitsOn.values
        else Refusal("no_holder", say("Say whom it waits for."), field="waits_on"),
        Refusal(
            "paused_enough",
            say(
                "Its clock has stood still for {pause_limit} in all, which is as long as "
                "the rule allows. Decide on what is known, or defer it.",
                pause_limit=terms.pause_limit(finding),
            ),
            rule=terms.rule_label(finding),
            field="until",
        )
        if left.amount < 1
        else None,
        None
        if now() < until <= latest
        else Refusal(
            "not_within_rule",
            say(
                "Choose a day up to {day}. Its clock may stand still for {pause_limit} in all.",
                day=_day(finding, latest),
                pause_limit=terms.pause_limit(finding),
            ),
            rule=terms.rule_label(finding),
            field="until",
        ),
    )


def pause_left(finding: Finding, used: list[Span]) -> Window:
    """How much longer the clock may stand still; an amount of 0 is nothing."""
    limit, calendar = terms.pause_limit(finding), finding.program.calendar()
    if limit.unit == "working_days":
        spent = sum(calendar.working_days_between(a, b) for a, b in used)
    else:
        units = {"minutes": dt.timedelta(minutes=1), "hours": dt.timedelta(hours=1)}
        unit = units.get(limit.unit, dt.timedelta(days=1))
        spent = sum(-((a - b) // unit) for a, b in used)
    return Window(max(limit.amount - spent, 0), limit.unit)


def may_rerate(finding: Finding, by: Actor, *, paused: bool | None = None) -> Refusal | None:
    """Why `by` may not change its severity: who disposes of findings does, and security on-call."""
    if paused is None:
        paused = finding.standing_still(now()) is not None
    if not isinstance(by, System) and has_role(by, finding.program_id, roles.ONCALL):
        who = first(
            None
            if by != finding.reported_by
            else Refusal("separation", say("Who reported a finding does not rate it."), rule=RULE),
            _not_recused(finding, by),
        )
    else:
        who = may_triage(finding, by)
    return first(
        who,
        _clock_runs(finding),
        Refusal("paused", say("Its clock stands still. Let it run on first."), rule=CLOCK_RULE)
        if paused
        else None,
    )


def rerates_soundly(
    finding: Finding, severity: str, reason: str, evidence: str, by: Actor
) -> Refusal | None:
    """Why a change like this is refused; its owner does not lower a severe finding alone."""
    lowered = finding.severity in SEVERE and severity not in SEVERE
    return first(
        Refusal("same", say("It has this severity already."), field="severity")
        if severity == finding.severity
        else None,
        Refusal(
            "separation",
            say(
                "Its owner does not take a severe finding out of the board's hands: ask "
                "the programme manager or security on-call to look at it."
            ),
            rule=RULE,
            field="severity",
        )
        if lowered and by == finding.product_owner
        else None,
        None
        if reason.strip()
        else Refusal("no_rationale", say("Say why: the fellow will read it."), field="reason"),
        None
        if evidence.strip()
        else Refusal(
            "no_evidence", say("Say what shows it: a run, a log, a count."), field="evidence"
        ),
    )


def said_before(finding: Finding, due: Due, confirmed: bool) -> Refusal | None:
    """What the rule puts in the past is told before it is set, never found out afterwards."""
    if confirmed or not due.grace:
        return None
    return Refusal(
        "confirm_due",
        say(
            "By the rule it would have been due on {day}, which is past. It is not made "
            "overdue: it will be due on {day2}. Confirm this.",
            day=_day(finding, due.by_rule),
            day2=_day(finding, due.at),
        ),
        rule=terms.rule_label(finding),
        field="confirmed",
    )


def deferred_within_rule(finding: Finding, until: dt.datetime | None) -> Refusal | None:
    """A deferral names the day on which it is looked at again, and not too late a one."""
    if until is None:
        return Refusal("no_date", say("Name the day to look at it again."), field="look_again_at")
    latest = finding.program.calendar().through(_after(finding, terms.deferral_limit(finding)))
    if now() < until <= latest:
        return None
    return Refusal(
        "not_within_rule",
        say(
            "Choose a day to come, up to {day}: at this severity a finding may be put "
            "off for {deferral_limit}.",
            day=_day(finding, latest),
            deferral_limit=terms.deferral_limit(finding),
        ),
        rule=terms.rule_label(finding),
        field="look_again_at",
    )


def may_withdraw(control: Control, by: Actor) -> Refusal | None:
    """Why `by` may not take the control out of service."""
    return first(may_triage(control.finding, by), CONTROL_MOVES.refusal(control.state, "withdraw"))


def _clock_runs(finding: Finding) -> Refusal | None:
    return no_clock(finding) if finding.state in SETTLED else None


def no_clock(finding: Finding) -> Refusal:
    """Nothing runs that could be stopped or changed."""
    return Refusal(
        "no_clock",
        say("It is {state}: no clock runs.", state=finding.get_state_display().lower()),
        rule=CLOCK_RULE,
    )


def _after(finding: Finding, window: Window) -> dt.datetime:
    return window.due(now(), finding.program.calendar())


def _day(finding: Finding, at: dt.datetime | None) -> str:
    return dated(finding.program.last_day(at)) if at else ""
