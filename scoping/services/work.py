"""Deliver and judge milestones; check in; clear what blocks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from fellowship.accounts.models import Actor, User
from fellowship.clocks.services import start, stop_open
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from scoping import policy
from scoping.models import CheckIn, Fellowship, Milestone
from scoping.services.common import VERDICT, VERDICT_WINDOW, locked, managers, tell
from scoping.states import MILESTONE_MOVES, MilestoneState


@journal.verb("scoping.deliver_milestone")
def deliver_milestone(
    *, milestone: Milestone, evidence: str, by: User, evidence_hash: str = ""
) -> Milestone:
    """Hand a milestone in with its evidence. Delivered or judged already: returned unchanged."""
    milestone = _locked(milestone)
    if milestone.state in (MilestoneState.DELIVERED, MilestoneState.ACCEPTED):
        return milestone
    refuse(policy.may_deliver(milestone, by))
    refuse(_evidence(evidence, evidence_hash))
    milestone.state = MILESTONE_MOVES.target(milestone.state, "deliver")
    milestone.evidence, milestone.evidence_hash = evidence.strip(), evidence_hash.lower()
    milestone.delivered_at, milestone.delivered_by = now(), by
    milestone.verdict, milestone.judged_at, milestone.judged_by = "", None, None
    milestone.save()
    case = milestone.fellowship
    start(
        kind=VERDICT,
        subject=milestone,
        realm=case.program_id,
        window=VERDICT_WINDOW,
        by=by,
        holder="us",
        holder_user=case.mentor,
        silence="The programme manager is told; the milestone stays delivered.",
        rule="review checkpoints of the scope of work",
    )
    reviewers = [case.mentor] if case.mentor_id else managers(case)
    tell(case, "delivered", reviewers, f"“{milestone.title}” was delivered", page="milestones")
    journal.record(subject=milestone, change={"state": milestone.state})
    return milestone


@journal.verb("scoping.accept_milestone")
def accept_milestone(*, milestone: Milestone, by: User, reason: str = "") -> Milestone:
    """Accept what was delivered. Accepted already: returned unchanged."""
    return _judge(milestone, "accept", by, reason)


@journal.verb("scoping.return_milestone")
def return_milestone(*, milestone: Milestone, by: User, reason: str) -> Milestone:
    """Give a delivered milestone back with what is missing; it is planned again."""
    refuse(
        None
        if reason.strip()
        else Refusal("no_reason", "Say what is missing, so that it can be mended.", field="reason")
    )
    return _judge(milestone, "return", by, reason)


@journal.verb("scoping.except_milestone")
def except_milestone(*, milestone: Milestone, by: User, reason: str) -> Milestone:
    """Let a planned milestone go, with the reason the record keeps. Excepted already: unchanged."""
    return _judge(milestone, "except", by, reason)


@journal.verb("scoping.check_in")
def check_in(
    *,
    fellowship: Fellowship,
    by: User,
    notes: str,
    month: dt.date | None = None,
    blockers: str = "",
    hours: Decimal | float = Decimal(0),
) -> CheckIn:
    """Write one's notes of a month (default: this one). A second time rewrites one's own."""
    case = locked(fellowship)
    refuse(policy.may_check_in(case, by))
    author = CheckIn.Author.FELLOW if by.pk == case.fellow_id else CheckIn.Author.MENTOR
    first_day = (month or now().date()).replace(day=1)
    refuse(_check_in(case, first_day, notes, Decimal(str(hours))))
    row = CheckIn.objects.locked().filter(fellowship=case, month=first_day, author=author).first()
    row = row or CheckIn(fellowship=case, month=first_day, author=author, by=by)
    said = (notes.strip(), blockers.strip(), Decimal(str(hours)), by.pk)
    if row.pk and said == (row.notes, row.blockers, row.hours, row.by_id):
        return row
    if row.blockers != blockers.strip():
        row.cleared_at, row.cleared_by, row.cleared_how = None, None, ""
    row.notes, row.blockers, row.hours, row.by, row.at = *said[:3], by, now()
    row.save()
    other = case.mentor if author == CheckIn.Author.FELLOW else case.fellow
    text = "a check-in names a blocker" if row.blockers else "a check-in to read"
    tell(case, "check_in", [other], text, page="check_ins")
    change = {"author": author, "month": first_day, "blocked": bool(row.blockers)}
    journal.record(subject=row, change=change)
    return row


@journal.verb("scoping.clear_blocker")
def clear_blocker(*, check_in: CheckIn, by: User, reason: str = "") -> CheckIn:
    """Say that a blocker is gone, and how. Cleared already: returned unchanged."""
    case = locked(Fellowship(pk=check_in.fellowship_id))
    row = CheckIn.objects.locked().get(pk=check_in.pk)
    row.fellowship = case
    if row.cleared_at is not None:
        return row
    refuse(policy.may_clear_blocker(row, by))
    row.cleared_at, row.cleared_by, row.cleared_how = now(), by, reason
    row.save()
    people = [p for p in (case.fellow, case.mentor) if p is not None and p.pk != by.pk]
    tell(case, "cleared", people, "a blocker is cleared", body=reason, page="check_ins")
    journal.record(subject=row)
    return row


def _judge(milestone: Milestone, verb: str, by: User, reason: str) -> Milestone:
    milestone = _locked(milestone)
    done = {"accept": MilestoneState.ACCEPTED, "except": MilestoneState.EXCEPTED}
    if milestone.state == done.get(verb) or (verb == "return" and milestone.verdict == reason):
        return milestone
    refuse(
        policy.may_except(milestone, by)
        if verb == "except"
        else policy.may_judge(milestone, by, verb)
    )
    milestone.state = MILESTONE_MOVES.target(milestone.state, verb)
    milestone.verdict, milestone.judged_at, milestone.judged_by = reason.strip(), now(), by
    milestone.save()
    _stop_waiting(milestone, by)
    words = {"accept": "was accepted", "return": "came back", "except": "is excepted"}[verb]
    case = milestone.fellowship
    text = f"“{milestone.title}” {words}"
    tell(case, "judged", [case.fellow], text, body=reason, page="milestones")
    journal.record(subject=milestone, change={"state": milestone.state})
    return milestone


def _stop_waiting(milestone: Milestone, by: Actor) -> None:
    stop_open(subject=milestone, kinds=[VERDICT], by=by)


def _locked(milestone: Milestone) -> Milestone:
    case = locked(Fellowship(pk=milestone.fellowship_id))
    found = Milestone.objects.locked().get(pk=milestone.pk)
    found.fellowship = case
    return found


def _evidence(evidence: str, evidence_hash: str) -> Refusal | None:
    if not evidence.strip():
        return Refusal(
            "no_evidence", "Say where the result is and what it shows.", field="evidence"
        )
    digits = evidence_hash.lower()
    if digits and (len(digits) != 64 or set(digits) - set("0123456789abcdef")):
        return Refusal("bad_hash", "A SHA-256 has 64 hexadecimal digits.", field="evidence_hash")
    return None


def _check_in(case: Fellowship, month: dt.date, notes: str, hours: Decimal) -> Refusal | None:
    if not notes.strip():
        return Refusal("no_notes", "Say in a few words how it went.", field="notes")
    if not 0 <= hours <= 744:
        return Refusal("bad_hours", "A month has at most 744 hours.", field="hours")
    if month > now().date():
        return Refusal("future_month", "A check-in is about a month that has begun.", field="month")
    if month < case.starts_on.replace(day=1):
        return Refusal("before_start", "The fellowship had not begun then.", field="month")
    return None
