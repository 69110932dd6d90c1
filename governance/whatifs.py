"""What other rules would have done to past business of governance: votes, alarms, exceptions.

Each function compares what the rules before and after say about the same past case, with nothing
else changed: nobody votes otherwise or hurries more because a rule is another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from fellowship.kernel.saying import dated, joined, say, say_n
from fellowship.kernel.worktime import Window, WorkCalendar
from fellowship.programs.models import Program
from governance import ballot_box, ballots
from governance.ballots import SeatVote, Tally
from governance.models import Ballot, Escalation, ExceptionRecord, Reply, RuleVersion
from governance.rulekinds import (
    BallotRules,
    ExceptionRules,
    FellowshipPolicy,
    SeverityClocks,
)
from governance.rulemaking_terms import RuleMaking
from governance.rules import Difference, whatif
from governance.states import ExceptionState, Outcome, RuleKind

LOOKED_AT = 500
"""The latest of each; older ones say little about the next year."""


def by_other_window(
    case: str,
    record: Any,
    windows: Sequence[Window],
    calendar: WorkCalendar,
    *,
    begun: dt.datetime,
    done: dt.datetime | None,
) -> Iterator[Difference]:
    """What was done since it began, where it is late by one of two windows and not by the other.

    What is not done yet is late by both.
    """
    was, would = (done is None or done > window.due(begun, calendar) for window in windows)
    if was != would:
        old, new = windows
        yield Difference(
            case, record.get_absolute_url(), _timely(was, old), _timely(would, new), record=record
        )


def _timely(late: bool, window: Window) -> str:
    if late:
        return say("Too late ({window})", window=window)
    return say("In time ({window})", window=window)


@whatif(RuleKind.BALLOT_RULES, of=say("decisions recorded"))
def other_counts(program: Program, before: BallotRules, after: BallotRules) -> Iterator[Difference]:
    """Decisions that the same votes would not have made, or would have made otherwise."""
    closed = Ballot.objects.filter(matter__program=program, matter__decision__isnull=False)
    rows = closed.select_related("matter__decision__decided_by", "matter__program")
    for ballot in rows.prefetch_related("seats__vote").order_by("-opened_at")[:LOOKED_AT]:
        kind = ballot.matter.kind
        old, new = before.matters.get(kind), after.matters.get(kind)
        if old is None or new is None or old == new:
            continue
        votes = _votes(ballot)
        decision = ballot.matter.decision
        chair = ballot_box.own_seat(program.pk, decision.decided_by, decision.decided_at)
        was, would = (
            _said(rule, ballots.decide(rule, votes, over=True, chair_seat=chair), votes)
            for rule in (old, new)
        )
        if was != would:
            yield Difference(
                f"{ballot.matter.ref} {ballot.matter.title}",
                ballot.matter.get_absolute_url(),
                was,
                would,
                record=ballot.matter,
            )


def _votes(ballot: Ballot) -> list[SeatVote]:
    found = []
    for seat in ballot.seats.all():
        vote = getattr(seat, "vote", None)
        stale = ballot_box.is_stale(vote, ballot)
        found.append(SeatVote(seat.seat, seat.standing, vote.position if vote else None, stale))
    return found


def _said(rule: ballots.BallotRule, tally: Tally, votes: list[SeatVote]) -> str:
    asked = {vote.seat for vote in votes}
    missing = [seat for seat in rule.seats if seat not in asked]
    if missing:
        return say("Not known: nobody voted for {missing}", missing=joined(", ", missing))
    if tally.outcome:
        return str(Outcome(tally.outcome).label)
    return say("No decision. {join}", join=" ".join(reason.text for reason in tally.reasons))


@whatif(RuleKind.EXCEPTIONS, of=say("exceptions granted"))
def other_terms(
    program: Program, before: ExceptionRules, after: ExceptionRules
) -> Iterator[Difference]:
    """Exceptions that would have been refused for their length, or granted where they were not."""
    calendar = program.calendar()
    add = calendar.add_calendar_days
    rows = ExceptionRecord.objects.filter(
        program=program, state__in=(ExceptionState.GRANTED, ExceptionState.ENDED)
    )
    for exception in rows.order_by("-requested_at", "-pk")[:LOOKED_AT]:
        begin, end = exception.starts_at, exception.expires_at
        old, new = (
            rules.terms[exception.kind].longest_days if exception.kind in rules.terms else None
            for rules in (before, after)
        )
        if old is None or new is None:
            continue
        fitted, fits = (end <= add(begin, days) for days in (old, new))
        if fitted != fits:
            until = say("Until {day}", day=dated(calendar.last_day(end)))
            most = dated(calendar.last_day(add(begin, new)))
            yield Difference(
                f"{exception.ref} {exception.title}",
                exception.get_absolute_url(),
                until if fitted else say("At most {old} days", old=old),
                until if fits else say("At most {new} days: {most}", new=new, most=most),
                record=exception,
            )


@whatif(RuleKind.SEVERITY_CLOCKS, of=say("escalations raised"))
def other_alarms(
    program: Program, before: SeverityClocks, after: SeverityClocks
) -> Iterator[Difference]:
    """Alarms that would have been acknowledged late, or in time, by another clock."""
    calendar = program.calendar()
    rows = Escalation.objects.filter(program=program, acknowledged_at__isnull=False)
    for alarm in rows.order_by("-raised_at", "-pk")[:LOOKED_AT]:
        windows = [rules.severities[alarm.severity].acknowledge for rules in (before, after)]
        case = f"{alarm.ref} {alarm.title}"
        yield from by_other_window(
            case, alarm, windows, calendar, begun=alarm.raised_at, done=alarm.acknowledged_at
        )


@whatif(RuleKind.FELLOWSHIP_POLICY, of=say("replies to decisions"))
def other_replies(
    program: Program, before: FellowshipPolicy, after: FellowshipPolicy
) -> Iterator[Difference]:
    """Replies that would have come too late, or no longer."""
    calendar = program.calendar()
    rows = Reply.objects.filter(decision__matter__program=program)
    for reply in rows.select_related("decision__matter").order_by("-pk")[:LOOKED_AT]:
        windows = [rules.right_of_reply for rules in (before, after)]
        decided, matter = reply.decision.decided_at, reply.decision.matter
        case = say("Reply to {ref} {title}", ref=matter.ref, title=matter.title)
        yield from by_other_window(
            case, matter, windows, calendar, begun=decided, done=reply.made_at
        )


@whatif(RuleKind.RULE_MAKING, of=say("rules published for comments"))
def other_periods(program: Program, before: RuleMaking, after: RuleMaking) -> Iterator[Difference]:
    """Comments that would have come too late."""
    calendar = program.calendar()
    rows = RuleVersion.objects.filter(program=program, published_at__isnull=False)
    for rule in rows.prefetch_related("comments").order_by("-published_at")[:LOOKED_AT]:
        assert rule.published_at is not None  # noqa: S101 - asked for
        was, would = (r.comment_window.due(rule.published_at, calendar) for r in (before, after))
        late = [c for c in rule.comments.all() if was >= c.commented_at > would]
        if late:
            comments = say_n(len(late), "{n} comment", "{n} comments")
            yield Difference(
                f"{rule}: {rule.title}",
                rule.get_absolute_url(),
                say("Comments until {day}", day=dated(calendar.last_day(was))),
                say(
                    "Until {day}: {comments} would have come too late",
                    day=dated(calendar.last_day(would)),
                    comments=comments,
                ),
                record=rule,
            )
