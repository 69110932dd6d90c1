"""What the board decided, set and let pass, as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, QuerySet

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import verbs
from governance.models import (
    BallotSeat,
    Condition,
    Decision,
    Escalation,
    ExceptionRecord,
    RuleAcknowledgement,
    RuleVersion,
)
from governance.states import APPROVING
from oversight.audit.populations.shape import Column, Population


def _exceptions(program_id: int) -> QuerySet[Any]:
    rows = ExceptionRecord.objects.filter(program_id=program_id)
    return rows.select_related("owner", "requested_by", "approved_by", "decision__matter")


def _decisions(program_id: int) -> QuerySet[Any]:
    rows = Decision.objects.filter(matter__program_id=program_id)
    return rows.select_related("matter", "decided_by", "rule_version").annotate(
        votes=Count("matter__ballot__seats__vote")
    )


def _votes(program_id: int) -> QuerySet[Any]:
    """Every seat of every closed ballot; what is still sealed is nobody's to read."""
    rows = BallotSeat.objects.filter(
        ballot__matter__program_id=program_id, ballot__closed_at__isnull=False
    )
    return rows.select_related("ballot__matter", "user", "vote__cast_by")


def _conditions(program_id: int) -> QuerySet[Any]:
    rows = Condition.objects.filter(program_id=program_id)
    return rows.select_related("decision__matter", "owner", "verifier", "settled_by")


def _escalations(program_id: int) -> QuerySet[Any]:
    rows = Escalation.objects.filter(program_id=program_id)
    return rows.select_related("raised_by", "acknowledged_by", "closed_by")


def _rules(program_id: int) -> QuerySet[Any]:
    rows = RuleVersion.objects.filter(program_id=program_id, adopted_at__isnull=False)
    return rows.select_related("owner", "author").annotate(
        asked=Count("acknowledgements"), given=Count("acknowledgements__acknowledged_at")
    )


def _acknowledgements(program_id: int) -> QuerySet[Any]:
    rows = RuleAcknowledgement.objects.filter(rule__program_id=program_id)
    return rows.select_related("rule", "user")


def _approved(row: Any) -> str:
    """Who approved an exception: the matter where the board did, and somebody recorded it."""
    return str(row.decision.matter.ref if row.decision else row.approved_by or "")


def _overdue(row: Any) -> str:
    if row.acknowledged_at:
        return "late" if row.acknowledged_at > row.due_at else say("in time")
    return "overdue" if row.due_at <= now() else say("not yet")


def _cast(row: Any) -> Any:
    return getattr(row, "vote", None)


def _position(row: Any) -> str:
    vote = _cast(row)
    if vote is None:
        return say("not cast") if row.user_id else "vacant"
    return str(vote.get_position_display())


def _for(row: Any) -> int:
    positions = row.tally.get("positions", {})
    return sum(positions.get(key, 0) for key in APPROVING)


ALL: Final = (
    Population(
        "decisions",
        say("Decisions"),
        say("Every decision of the board, with its count and the rule it was taken under."),
        _decisions,
        "decided_at",
        (
            Column(say("Matter"), lambda r: r.matter.ref),
            Column(say("Title"), lambda r: r.matter.title),
            Column(say("Outcome"), lambda r: r.get_outcome_display(), by="outcome"),
            Column(say("Votes"), lambda r: r.votes),
            Column(say("For"), _for),
            Column(say("Dissents"), lambda r: len(r.dissent)),
            Column(say("Decided"), lambda r: r.decided_at, "at"),
            Column(say("Recorded by"), lambda r: r.decided_by),
            Column(say("Rule"), lambda r: r.rule_version),
            Column(say("Dossier"), lambda r: r.dossier_hash[:12]),
        ),
        lambda r: r.matter.get_absolute_url(),
        about=("governance.matter", "matter_id"),
    ),
    Population(
        "votes",
        say("Votes, seat by seat"),
        say(
            "Every seat of every closed ballot: who held it, whether they could vote, "
            "when they opened the dossier, and how they voted. Sealed votes are not "
            "shown."
        ),
        _votes,
        "ballot__closed_at",
        (
            Column(say("Matter"), lambda r: r.ballot.matter.ref),
            Column(say("Seat"), lambda r: r.get_seat_display(), by="seat"),
            Column(say("Member"), lambda r: r.user or say("vacant"), by="user__name"),
            Column(say("Standing"), lambda r: r.get_standing_display(), by="standing"),
            Column(say("Opened dossier"), lambda r: _cast(r) and _cast(r).opened_dossier_at, "at"),
            Column(say("Cast"), lambda r: _cast(r) and _cast(r).cast_at, "at"),
            Column(say("Position"), _position, by="vote__position"),
            Column(say("Cast by"), lambda r: _cast(r).cast_by if _cast(r) else ""),
            Column(say("Ballot closed"), lambda r: r.ballot.closed_at, "at"),
        ),
        lambda r: r.ballot.matter.get_absolute_url(),
        about=("governance.matter", "ballot__matter_id"),
    ),
    Population(
        "conditions",
        say("Conditions of decisions"),
        say("Every condition, when it was due, and who verified or waived it."),
        _conditions,
        "created_at",
        (
            Column(say("Condition"), lambda r: r.ref),
            Column(say("What"), lambda r: r.text),
            Column(say("Owner"), lambda r: r.owner),
            Column(say("Verifier"), lambda r: r.verifier),
            Column(say("Due"), lambda r: r.due_at, "at"),
            Column(say("Settled"), lambda r: r.settled_at, "at"),
            Column(say("Settled by"), lambda r: r.settled_by or ""),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "exceptions",
        say("Exceptions"),
        say("Every exception asked for, granted or not."),
        _exceptions,
        "requested_at",
        (
            Column(say("Exception"), lambda r: r.ref),
            Column(say("Title"), lambda r: r.title),
            Column(say("Kind"), lambda r: r.get_kind_display(), by="kind"),
            Column(say("Owner"), lambda r: r.owner),
            Column(say("Requested by"), lambda r: r.requested_by),
            Column(say("Approved by"), _approved),
            Column(say("Recorded by"), lambda r: r.approved_by or ""),
            Column(say("Expires"), lambda r: r.expires_at, "at"),
            Column(say("Renewals"), lambda r: r.renewals),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "escalations",
        say("Escalations"),
        say("Every alarm, when it was answered and when it was closed."),
        _escalations,
        "raised_at",
        (
            Column(say("Escalation"), lambda r: r.ref),
            Column(say("Kind"), lambda r: r.get_kind_display(), by="kind"),
            Column(say("Severity"), lambda r: r.get_severity_display(), by="severity"),
            Column(say("Raised by"), lambda r: verbs.actor(r.raiser)),
            Column(say("Raised"), lambda r: r.raised_at, "at"),
            Column(say("Acknowledge by"), lambda r: r.acknowledge_by, "at"),
            Column(say("Acknowledged"), lambda r: r.acknowledged_at, "at"),
            Column(say("Closed"), lambda r: r.closed_at, "at"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "rules",
        say("Policy versions"),
        say("Every version of every policy, when it was adopted and took effect."),
        _rules,
        "adopted_at",
        (
            Column(say("Policy"), lambda r: r.get_kind_display(), by="kind"),
            Column(say("Version"), lambda r: r.version),
            Column(say("Title"), lambda r: r.title),
            Column(say("Owner"), lambda r: r.owner),
            Column(say("Adopted"), lambda r: r.adopted_at, "at"),
            Column(say("In effect from"), lambda r: r.effective_at, "at"),
            Column(say("Asked to acknowledge"), lambda r: r.asked),
            Column(say("Acknowledged"), lambda r: r.given),
            Column(say("Text"), lambda r: r.text_hash[:12]),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "acknowledgements",
        say("Acknowledgements of policies"),
        say(
            "Every person who was asked to acknowledge a policy version: whether and when they did."
        ),
        _acknowledgements,
        "asked_at",
        (
            Column(say("Policy"), lambda r: r.rule, by="rule__kind"),
            Column(say("Person"), lambda r: r.user),
            Column(say("Asked"), lambda r: r.asked_at, "at"),
            Column(say("Due"), lambda r: r.due_at, "at"),
            Column(say("Acknowledged"), lambda r: r.acknowledged_at, "at"),
            Column(say("Standing"), _overdue),
        ),
        lambda r: r.get_absolute_url(),
    ),
)
