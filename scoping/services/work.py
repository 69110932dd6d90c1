"""Deliver milestones with their evidence, judge them, let them go, name who judges."""

from __future__ import annotations

from urllib.parse import urlsplit

from fellowship.accounts.models import Actor, User
from fellowship.clocks.services import start, stop_open
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.rules import pinned
from governance.services import raise_escalation
from governance.states import EscalationKind, RuleKind, Severity
from scoping import policy
from scoping.models import Fellowship, Milestone
from scoping.services.common import VERDICT, locked, managers, tell
from scoping.states import MILESTONE_MOVES, CheckpointOutcome, MilestoneState

SILENCE = say("The programme manager is told, and may give the verdict; it stays delivered.")


@journal.verb("scoping.name_reviewer")
def name_reviewer(
    *, milestone: Milestone, reviewer: User | None, by: User, reason: str = ""
) -> Milestone:
    """Name who judges a milestone; None for the mentor. The same again changes nothing."""
    milestone = locked_milestone(milestone)
    if milestone.reviewer_id == (reviewer.pk if reviewer else None):
        return unchanged(milestone, policy.may_name_reviewer(milestone, reviewer, by))
    refuse(policy.may_name_reviewer(milestone, reviewer, by))
    before, milestone.reviewer = milestone.reviewer_id, reviewer
    milestone.save()
    if milestone.state == MilestoneState.DELIVERED:
        _stop_waiting(milestone, by)
        _wait_for_verdict(milestone, by)
    judge = milestone.judge
    text = say("you judge “{title}”", title=milestone.title)
    tell(milestone.fellowship, "reviewer_named", [judge] if judge else [], text, page="milestones")
    after = reviewer.pk if reviewer else None
    journal.record(subject=milestone, change={"reviewer": journal.moved(before, after)})
    return milestone


@journal.verb("scoping.deliver_milestone")
def deliver_milestone(
    *,
    milestone: Milestone,
    evidence: str,
    by: User,
    evidence_hash: str = "",
    evidence_url: str = "",
) -> Milestone:
    """Hand a milestone in with its evidence. Delivered or judged already: returned unchanged."""
    milestone = locked_milestone(milestone)
    if milestone.state in (MilestoneState.DELIVERED, MilestoneState.ACCEPTED):
        return unchanged(milestone, policy.may_deliver(milestone, by))
    refuse(policy.may_deliver(milestone, by))
    refuse(_evidence(evidence, evidence_hash, evidence_url))
    milestone.state = MILESTONE_MOVES.target(milestone.state, "deliver")
    milestone.evidence, milestone.evidence_hash = evidence.strip(), evidence_hash.lower()
    milestone.evidence_url = evidence_url.strip()
    milestone.delivered_at, milestone.delivered_by = now(), by
    milestone.verdict, milestone.judged_at, milestone.judged_by = "", None, None
    milestone.save()
    case = milestone.fellowship
    _wait_for_verdict(milestone, by)
    judge = milestone.judge
    reviewers = [judge] if judge else managers(case)
    tell(
        case,
        "delivered",
        reviewers,
        say("“{title}” was delivered", title=milestone.title),
        page="milestones",
    )
    files = [file["sha256"] for file in milestone.files]
    journal.record(subject=milestone, change={"state": milestone.state, "files": files})
    return milestone


@journal.verb("scoping.accept_milestone")
def accept_milestone(
    *, milestone: Milestone, by: User, reason: str, outcome: str = ""
) -> Milestone:
    """Accept what was delivered, with the reason. Accepted already: returned unchanged.

    A review checkpoint takes its `outcome` as well: `stop` raises an alarm in the same transaction.
    """
    return _judge(milestone, "accept", by, reason, outcome)


@journal.verb("scoping.return_milestone")
def return_milestone(*, milestone: Milestone, by: User, reason: str) -> Milestone:
    """Give a delivered milestone back with what is missing; it is planned again."""
    return _judge(milestone, "return", by, reason)


@journal.verb("scoping.except_milestone")
def except_milestone(*, milestone: Milestone, by: User, reason: str) -> Milestone:
    """Let a planned milestone go, with the reason the record keeps. Excepted already: unchanged."""
    return _judge(milestone, "except", by, reason)


def locked_milestone(milestone: Milestone) -> Milestone:
    """The milestone and its case, both locked: the case first."""
    case = locked(Fellowship(pk=milestone.fellowship_id))
    found = Milestone.objects.locked().get(pk=milestone.pk)
    found.fellowship = case
    return found


def _judge(milestone: Milestone, verb: str, by: User, reason: str, outcome: str = "") -> Milestone:
    milestone = locked_milestone(milestone)
    done = {"accept": MilestoneState.ACCEPTED, "except": MilestoneState.EXCEPTED}
    refused = (
        policy.may_except(milestone, by)
        if verb == "except"
        else policy.may_judge(milestone, by, verb)
    )
    if milestone.state == done.get(verb):
        return unchanged(milestone, refused)
    if verb == "return" and reason.strip() and milestone.verdict == reason.strip():
        return unchanged(milestone, refused)
    refuse(refused)
    refuse(policy.verdict_says_enough(milestone, verb, reason, outcome))
    milestone.state = MILESTONE_MOVES.target(milestone.state, verb)
    milestone.verdict, milestone.judged_at, milestone.judged_by = reason.strip(), now(), by
    milestone.outcome = outcome
    milestone.save()
    _stop_waiting(milestone, by)
    title = milestone.title
    words = {
        "accept": say("“{title}” was accepted", title=title),
        "return": say("“{title}” came back", title=title),
        "except": say("“{title}” is excepted", title=title),
    }[verb]
    if outcome:
        label = CheckpointOutcome(outcome).label.lower()
        words = say("“{title}” was reviewed: {label}", title=title, label=label)
    case = milestone.fellowship
    people = [case.fellow, *(managers(case) if outcome == CheckpointOutcome.STOP else [])]
    tell(case, "judged", people, words, body=reason, page="milestones")
    if outcome == CheckpointOutcome.STOP:
        _escalate(milestone, by, reason)
    change = {"state": milestone.state, "outcome": outcome}
    journal.record(subject=milestone, change=change if outcome else {"state": milestone.state})
    return milestone


def _escalate(milestone: Milestone, by: User, reason: str) -> None:
    raise_escalation(
        kind=EscalationKind.WORK_STOPPED,
        severity=Severity.MEDIUM,
        summary=say(
            "The review checkpoint “{title}” decided to stop the work: {reason}",
            title=milestone.title,
            reason=reason,
        ),
        by=by,
        subject=milestone.fellowship,
        fellow=milestone.fellowship.fellow,
    )


def _wait_for_verdict(milestone: Milestone, by: Actor) -> None:
    rule = pinned(milestone.fellowship, RuleKind.FELLOWSHIP_POLICY)
    start(
        kind=VERDICT,
        subject=milestone,
        realm=milestone.fellowship.program_id,
        window=rule.params.verdict,
        by=by,
        holder="us",
        holder_user=milestone.judge,
        silence=SILENCE,
        rule=str(rule),
    )


def _stop_waiting(milestone: Milestone, by: Actor) -> None:
    stop_open(subject=milestone, kinds=[VERDICT], by=by)


def _evidence(evidence: str, evidence_hash: str, evidence_url: str) -> Refusal | None:
    if not evidence.strip():
        return Refusal(
            "no_evidence", say("Say where the result is and what it shows."), field="evidence"
        )
    digits = evidence_hash.lower()
    if digits and (len(digits) != 64 or set(digits) - set("0123456789abcdef")):
        return Refusal(
            "bad_hash", say("A SHA-256 has 64 hexadecimal digits."), field="evidence_hash"
        )
    link = urlsplit(evidence_url.strip())
    if evidence_url.strip() and (link.scheme not in ("http", "https") or not link.netloc):
        reason = "Write a whole address, as https://example.org/report."
        return Refusal("bad_link", reason, field="evidence_url")
    return None
