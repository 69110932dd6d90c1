"""The lifecycles of governance as tables of data, and its fixed lists."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class RuleKind(models.TextChoices):
    """What a programme has rules about."""

    FELLOWSHIP_POLICY = "fellowship_policy", "Fellowship policy"
    DATA_CLASSIFICATION = "data_classification", "Data classification standard"
    DATA_HANDLING = "data_handling", "Data handling standard"
    PUBLICATION_POLICY = "publication_policy", "Publication policy"
    REVIEW_RUBRIC = "review_rubric", "Review rubric"
    SEVERITY_CLOCKS = "severity_clocks", "Severity clocks"
    BALLOT_RULES = "ballot_rules", "Ballot rules"
    STAGE_STANDARDS = "stage_standards", "Stage standards"
    EXCEPTIONS = "exceptions", "Exception rules"
    HEALTH = "governance_health", "Governance health"
    RULE_MAKING = "rule_making", "Making of rules"
    ONCALL = "oncall", "On-call rules"
    IDENTITY = "identity", "Identity and access reviews"
    RETENTION = "retention", "Retention of personal data"


class RuleStatus(models.TextChoices):
    """How far a version has come. Whether it is in force is derived from its effective time."""

    DRAFT = "draft", "Draft"
    COMMENTS = "comments", "Open for comments"
    PROPOSED = "proposed", "Proposed to the board"
    ADOPTED = "adopted", "Adopted"
    REJECTED = "rejected", "Not adopted"


RULE_MOVES = MoveTable(
    name="rule version",
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
    said={"rework": "taken back for changes", "comments": "open for comments"},
)


class AmendmentState(models.TextChoices):
    """How far the offer has come to hold a case to a later version of a rule."""

    OFFERED = "offered", "Offered"
    AGREED = "agreed", "Agreed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


AMENDMENT_MOVES = MoveTable(
    name="amendment of a rule",
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

    TAKEN_UP = "taken_up", "Taken up"
    IN_PART = "in_part", "Taken up in part"
    NOT_TAKEN_UP = "not_taken_up", "Not taken up"


class MatterState(models.TextChoices):
    """Where a matter stands with the board."""

    OPEN = "open", "Referred"
    VOTING = "voting", "Being voted on"
    DECIDED = "decided", "Decided"
    WITHDRAWN = "withdrawn", "Withdrawn"
    RETURNED = "returned", "Returned without a decision"


LIVE_MATTER = (MatterState.OPEN, MatterState.VOTING)

MATTER_MOVES = MoveTable(
    name="matter",
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
        "open_ballot": "put to the vote",
        "record_decision": "decided",
    },
)


class Position(models.TextChoices):
    """What a member of the board may say."""

    APPROVE = "approve", "Approve"
    CONDITIONS = "approve_with_conditions", "Approve with conditions"
    DENY = "deny", "Deny"
    DEFER = "defer", "Defer"
    ABSTAIN = "abstain", "Abstain"


NEEDS_RATIONALE = (Position.CONDITIONS, Position.DENY, Position.ABSTAIN)


class Outcome(models.TextChoices):
    """What the board may decide."""

    APPROVE = "approve", "Approved"
    CONDITIONS = "approve_with_conditions", "Approved with conditions"
    DENY = "deny", "Denied"
    DEFER = "defer", "Deferred"


APPROVING = (Outcome.APPROVE, Outcome.CONDITIONS)


class Standing(models.TextChoices):
    """Whether a seat may vote in a ballot, and why not."""

    ELIGIBLE = "eligible", "May vote"
    RECUSED = "recused", "Recused"
    PARTY = "party", "Party to the matter"
    REFERRER = "referrer", "Referred the matter"
    VACANT = "vacant", "Vacant"


class ConditionState(models.TextChoices):
    """Whether a condition of a decision is fulfilled."""

    OPEN = "open", "Open"
    MET = "met", "Reported as met"
    VERIFIED = "verified", "Verified"
    FAILED = "failed", "Failed"
    WAIVED = "waived", "Waived"


SETTLED_CONDITION = (ConditionState.VERIFIED, ConditionState.WAIVED)

CONDITION_MOVES = MoveTable(
    name="condition",
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
        "meet": "reported as met",
        "failed": "recorded as failed",
        "fail": "recorded as failed",
    },
)


class ExceptionKind(models.TextChoices):
    """What may be excepted for a time."""

    TEMPORARY_ACCESS = "temporary_access", "Temporary access"
    PUBLICATION_SHORTCUT = "publication_shortcut", "Publication shortcut"
    CONTROL_NOT_IMPLEMENTED = "control_not_implemented", "Control not implemented"
    LATE_TRAINING = "late_training", "Late training"
    LAUNCH_GAP = "launch_gap", "Launch gap"
    RETENTION = "retention", "Retention for replication"
    OTHER = "other", "Other"


class ExceptionState(models.TextChoices):
    """How far an exception has come. Whether it is live is derived from its dates."""

    REQUESTED = "requested", "With the board"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ENDED = "ended", "Ended early"


EXCEPTION_MOVES = MoveTable(
    name="exception",
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

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class EscalationKind(models.TextChoices):
    """What cannot wait for a meeting."""

    VULNERABILITY = "vulnerability", "Security vulnerability"
    REAL_WORLD_HARM = "real_world_harm", "Real-world harm"
    DATA_LEAK = "data_leak", "Data leak"
    SENSITIVE_DATA = "unexpected_sensitive_data", "Unexpected sensitive data"
    CRITICAL_EXPLOIT = "critical_exploit", "Critical exploit"
    OUT_OF_SCOPE = "out_of_scope_access", "Out-of-scope access"
    OTHER = "other", "Other"
    ACCESS_NOT_CLOSED = "access_not_closed", "Access not closed in time"
    DELETION_OVERDUE = "deletion_overdue", "Deletion overdue"
    WORK_STOPPED = "work_stopped", "Work stopped at a review"


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

    RAISED = "raised", "Raised"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CONTAINED = "contained", "Contained"
    VERIFIED = "verified", "Verified"
    PREVENTED = "prevented", "Prevented"
    CLOSED = "closed", "Closed"


ESCALATION_MOVES = MoveTable(
    name="escalation",
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

    RAISED = "raised", "Raised"
    OCCURRED = "occurred", "Occurred again"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CONTAINED = "contained", "Contained"
    ACTED = "acted", "Contained further"
    CALLED_IN = "called_in", "Called in"
    VERIFIED = "verified", "Verified"
    PREVENTED = "prevented", "Prevented"
    INFORMED = "informed", "Fellow informed"
    DUTY = "duty", "Must be reported"
    REPORTED = "reported", "Reported to an authority"
    LIFTED = "lifted", "Need not be reported"
    REOPENED = "reopened", "Taken up again"
    CLOSED = "closed", "Closed with a review"


class Harm(models.TextChoices):
    """Serious incidents that must be reported, in the words of the EU code of practice."""

    INFRASTRUCTURE = "critical_infrastructure", "Critical infrastructure disrupted"
    CYBERSECURITY = "cybersecurity_breach", "Serious cybersecurity breach"
    DEATH = "death", "Death of a person"
    SERIOUS = "serious_harm", "Serious harm to health, rights, property or the environment"
