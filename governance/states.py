"""The lifecycles of governance as tables of data, and its fixed lists."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class RuleKind(models.TextChoices):
    """What a programme has rules about."""

    FELLOWSHIP_POLICY = "fellowship_policy", say("Fellowship policy")
    DATA_CLASSIFICATION = "data_classification", say("Data classification standard")
    DATA_HANDLING = "data_handling", say("Data handling standard")
    PUBLICATION_POLICY = "publication_policy", say("Publication policy")
    REVIEW_RUBRIC = "review_rubric", say("Review rubric")
    SEVERITY_CLOCKS = "severity_clocks", say("Severity clocks")
    BALLOT_RULES = "ballot_rules", say("Ballot rules")
    STAGE_STANDARDS = "stage_standards", say("Stage standards")
    EXCEPTIONS = "exceptions", say("Exception rules")
    HEALTH = "governance_health", say("Governance health")
    RULE_MAKING = "rule_making", say("Making of rules")
    ONCALL = "oncall", say("On-call rules")
    IDENTITY = "identity", say("Identity and access reviews")
    RETENTION = "retention", say("Retention of personal data")


class RuleStatus(models.TextChoices):
    """How far a version has come. Whether it is in force is derived from its effective time."""

    DRAFT = "draft", say("Draft")
    COMMENTS = "comments", say("Open for comments")
    PROPOSED = "proposed", say("Proposed to the board")
    ADOPTED = "adopted", say("Adopted")
    REJECTED = "rejected", say("Not adopted")


RULE_MOVES = MoveTable(
    name=say("rule version"),
    initial=RuleStatus.DRAFT,
    moves=(
        Move("publish", RuleStatus.DRAFT, RuleStatus.COMMENTS),
        Move("rework", RuleStatus.COMMENTS, RuleStatus.DRAFT),
        Move("propose", RuleStatus.COMMENTS, RuleStatus.PROPOSED),
        Move("adopt", RuleStatus.PROPOSED, RuleStatus.ADOPTED),
        Move("take_back", RuleStatus.PROPOSED, RuleStatus.DRAFT),
        Move("reject", RuleStatus.PROPOSED, RuleStatus.REJECTED),
    ),
    holders={
        RuleStatus.DRAFT: Holder.US,
        RuleStatus.COMMENTS: Holder.CLOCK,
        RuleStatus.PROPOSED: Holder.BOARD,
        RuleStatus.ADOPTED: Holder.NOBODY,
        RuleStatus.REJECTED: Holder.NOBODY,
    },
    labels=dict(RuleStatus.choices),
    said={"rework": say("taken back for changes"), "comments": say("open for comments")},
)


class AmendmentState(models.TextChoices):
    """How far the offer has come to hold a case to a later version of a rule."""

    OFFERED = "offered", say("Offered")
    AGREED = "agreed", say("Agreed")
    DECLINED = "declined", say("Declined")
    WITHDRAWN = "withdrawn", say("Withdrawn")


AMENDMENT_MOVES = MoveTable(
    name=say("amendment of a rule"),
    initial=AmendmentState.OFFERED,
    moves=(
        Move("agree", AmendmentState.OFFERED, AmendmentState.AGREED),
        Move("decline", AmendmentState.OFFERED, AmendmentState.DECLINED),
        Move("withdraw", AmendmentState.OFFERED, AmendmentState.WITHDRAWN),
    ),
    holders={
        AmendmentState.OFFERED: Holder.YOU,
        AmendmentState.AGREED: Holder.NOBODY,
        AmendmentState.DECLINED: Holder.NOBODY,
        AmendmentState.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(AmendmentState.choices),
)


class CommentOutcome(models.TextChoices):
    """What became of a comment on a draft."""

    TAKEN_UP = "taken_up", say("Taken up")
    IN_PART = "in_part", say("Taken up in part")
    NOT_TAKEN_UP = "not_taken_up", say("Not taken up")


class MatterState(models.TextChoices):
    """Where a matter stands with the board."""

    OPEN = "open", say("Referred")
    VOTING = "voting", say("Being voted on")
    DECIDED = "decided", say("Decided")
    WITHDRAWN = "withdrawn", say("Withdrawn")
    RETURNED = "returned", say("Returned without a decision")


LIVE_MATTER = (MatterState.OPEN, MatterState.VOTING)

MATTER_MOVES = MoveTable(
    name=say("matter"),
    initial=MatterState.OPEN,
    moves=(
        Move("open_ballot", MatterState.OPEN, MatterState.VOTING),
        Move("record_decision", MatterState.VOTING, MatterState.DECIDED),
        Move("withdraw", MatterState.OPEN, MatterState.WITHDRAWN),
        Move("withdraw", MatterState.VOTING, MatterState.WITHDRAWN),
        Move("return", MatterState.OPEN, MatterState.RETURNED),
        Move("return", MatterState.VOTING, MatterState.RETURNED),
    ),
    holders={
        MatterState.OPEN: Holder.US,
        MatterState.VOTING: Holder.BOARD,
        MatterState.DECIDED: Holder.NOBODY,
        MatterState.WITHDRAWN: Holder.NOBODY,
        MatterState.RETURNED: Holder.US,
    },
    labels=dict(MatterState.choices),
    said={
        "open_ballot": say("put to the vote"),
        "record_decision": say("brought to a decision"),
    },
)


class Position(models.TextChoices):
    """What a member of the board may say."""

    APPROVE = "approve", say("Approve")
    CONDITIONS = "approve_with_conditions", say("Approve with conditions")
    DENY = "deny", say("Deny")
    DEFER = "defer", say("Defer")
    ABSTAIN = "abstain", say("Abstain")


NEEDS_RATIONALE = (Position.CONDITIONS, Position.DENY, Position.ABSTAIN)


class Outcome(models.TextChoices):
    """What the board may decide."""

    APPROVE = "approve", say("Approved")
    CONDITIONS = "approve_with_conditions", say("Approved with conditions")
    DENY = "deny", say("Denied")
    DEFER = "defer", say("Deferred")


APPROVING = (Outcome.APPROVE, Outcome.CONDITIONS)


class Standing(models.TextChoices):
    """Whether a seat may vote in a ballot, and why not."""

    ELIGIBLE = "eligible", say("May vote")
    RECUSED = "recused", say("Recused")
    PARTY = "party", say("Party to the matter")
    REFERRER = "referrer", say("Referred the matter")
    VACANT = "vacant", say("Vacant")


class ConditionState(models.TextChoices):
    """Whether a condition of a decision is fulfilled."""

    OPEN = "open", say("Open")
    MET = "met", say("Reported as met")
    VERIFIED = "verified", say("Verified")
    FAILED = "failed", say("Failed")
    WAIVED = "waived", say("Waived")


SETTLED_CONDITION = (ConditionState.VERIFIED, ConditionState.WAIVED)

CONDITION_MOVES = MoveTable(
    name=say("condition"),
    initial=ConditionState.OPEN,
    moves=(
        Move("meet", ConditionState.OPEN, ConditionState.MET),
        Move("meet", ConditionState.FAILED, ConditionState.MET),
        Move("verify", ConditionState.MET, ConditionState.VERIFIED),
        Move("fail", ConditionState.OPEN, ConditionState.FAILED),
        Move("fail", ConditionState.MET, ConditionState.FAILED),
        Move("waive", ConditionState.OPEN, ConditionState.WAIVED),
        Move("waive", ConditionState.FAILED, ConditionState.WAIVED),
    ),
    holders={
        ConditionState.OPEN: Holder.YOU,
        ConditionState.MET: Holder.US,
        ConditionState.FAILED: Holder.YOU,
        ConditionState.VERIFIED: Holder.NOBODY,
        ConditionState.WAIVED: Holder.NOBODY,
    },
    labels=dict(ConditionState.choices),
    said={
        "meet": say("reported as met"),
        "failed": say("recorded as failed"),
        "fail": say("recorded as failed"),
    },
)


class ExceptionKind(models.TextChoices):
    """What may be excepted for a time."""

    TEMPORARY_ACCESS = "temporary_access", say("Temporary access")
    PUBLICATION_SHORTCUT = "publication_shortcut", say("Publication shortcut")
    CONTROL_NOT_IMPLEMENTED = "control_not_implemented", say("Control not implemented")
    LATE_TRAINING = "late_training", say("Late training")
    LAUNCH_GAP = "launch_gap", say("Launch gap")
    RETENTION = "retention", say("Retention for replication")
    OTHER = "other", say("Other")


class ExceptionState(models.TextChoices):
    """How far an exception has come. Whether it is live is derived from its dates."""

    REQUESTED = "requested", say("With the board")
    GRANTED = "granted", say("Granted")
    REFUSED = "refused", say("Refused")
    WITHDRAWN = "withdrawn", say("Withdrawn")
    ENDED = "ended", say("Ended early")


EXCEPTION_MOVES = MoveTable(
    name=say("exception"),
    initial=ExceptionState.REQUESTED,
    moves=(
        Move("grant", ExceptionState.REQUESTED, ExceptionState.GRANTED),
        Move("refuse", ExceptionState.REQUESTED, ExceptionState.REFUSED),
        Move("withdraw", ExceptionState.REQUESTED, ExceptionState.WITHDRAWN),
        Move("reconsider", ExceptionState.REFUSED, ExceptionState.REQUESTED),
        Move("end", ExceptionState.GRANTED, ExceptionState.ENDED),
    ),
    holders={
        ExceptionState.REQUESTED: Holder.BOARD,
        ExceptionState.GRANTED: Holder.CLOCK,
        ExceptionState.REFUSED: Holder.NOBODY,
        ExceptionState.WITHDRAWN: Holder.NOBODY,
        ExceptionState.ENDED: Holder.NOBODY,
    },
    labels=dict(ExceptionState.choices),
)


class Severity(models.TextChoices):
    """How bad it is, from worst to least."""

    CRITICAL = "critical", say("Critical")
    HIGH = "high", say("High")
    MEDIUM = "medium", say("Medium")
    LOW = "low", say("Low")


class EscalationKind(models.TextChoices):
    """What cannot wait for a meeting."""

    VULNERABILITY = "vulnerability", say("Security vulnerability")
    REAL_WORLD_HARM = "real_world_harm", say("Real-world harm")
    DATA_LEAK = "data_leak", say("Data leak")
    SENSITIVE_DATA = "unexpected_sensitive_data", say("Unexpected sensitive data")
    CRITICAL_EXPLOIT = "critical_exploit", say("Critical exploit")
    OUT_OF_SCOPE = "out_of_scope_access", say("Out-of-scope access")
    OTHER = "other", say("Other")
    ACCESS_NOT_CLOSED = "access_not_closed", say("Access not closed in time")
    DELETION_OVERDUE = "deletion_overdue", say("Deletion overdue")
    WORK_STOPPED = "work_stopped", say("Work stopped at a review")


NOTICED: Final = (
    EscalationKind.ACCESS_NOT_CLOSED,
    EscalationKind.DELETION_OVERDUE,
    EscalationKind.WORK_STOPPED,
)
"""What the record notices by itself."""
REPORTED: Final = tuple(kind for kind in EscalationKind if kind not in NOTICED)
"""What people report, and what access is suspended for."""


class EscalationState(models.TextChoices):
    """How far an escalation has come."""

    RAISED = "raised", say("Raised")
    ACKNOWLEDGED = "acknowledged", say("Acknowledged")
    CONTAINED = "contained", say("Contained")
    VERIFIED = "verified", say("Verified")
    PREVENTED = "prevented", say("Prevented")
    CLOSED = "closed", say("Closed")


ESCALATION_MOVES = MoveTable(
    name=say("escalation"),
    initial=EscalationState.RAISED,
    moves=(
        Move("acknowledge", EscalationState.RAISED, EscalationState.ACKNOWLEDGED),
        Move("contain", EscalationState.RAISED, EscalationState.CONTAINED),
        Move("contain", EscalationState.ACKNOWLEDGED, EscalationState.CONTAINED),
        Move("verify", EscalationState.CONTAINED, EscalationState.VERIFIED),
        Move("prevent", EscalationState.VERIFIED, EscalationState.PREVENTED),
        Move("reopen", EscalationState.VERIFIED, EscalationState.ACKNOWLEDGED),
        Move("reopen", EscalationState.PREVENTED, EscalationState.ACKNOWLEDGED),
        Move("close", EscalationState.PREVENTED, EscalationState.CLOSED),
    ),
    holders={
        EscalationState.RAISED: Holder.US,
        EscalationState.ACKNOWLEDGED: Holder.US,
        EscalationState.CONTAINED: Holder.US,
        EscalationState.VERIFIED: Holder.US,
        EscalationState.PREVENTED: Holder.US,
        EscalationState.CLOSED: Holder.NOBODY,
    },
    labels=dict(EscalationState.choices),
)


class Step(models.TextChoices):
    """What is written down in the course of an escalation."""

    RAISED = "raised", say("Raised")
    OCCURRED = "occurred", say("Occurred again")
    ACKNOWLEDGED = "acknowledged", say("Acknowledged")
    CONTAINED = "contained", say("Contained")
    ACTED = "acted", say("Contained further")
    CALLED_IN = "called_in", say("Called in")
    VERIFIED = "verified", say("Verified")
    PREVENTED = "prevented", say("Prevented")
    INFORMED = "informed", say("Fellow informed")
    DUTY = "duty", say("Must be reported")
    REPORTED = "reported", say("Reported to an authority")
    LIFTED = "lifted", say("Need not be reported")
    REOPENED = "reopened", say("Taken up again")
    CLOSED = "closed", say("Closed with a review")


class Harm(models.TextChoices):
    """Serious incidents that must be reported, in the words of the EU code of practice."""

    INFRASTRUCTURE = "critical_infrastructure", say("Critical infrastructure disrupted")
    CYBERSECURITY = "cybersecurity_breach", say("Serious cybersecurity breach")
    DEATH = "death", say("Death of a person")
    SERIOUS = "serious_harm", say("Serious harm to health, rights, property or the environment")
