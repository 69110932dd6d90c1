"""The lifecycles of a finding and of a control, and their closed lists."""

from __future__ import annotations

import enum
from decimal import Decimal

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class FindingState(models.TextChoices):
    """One state, which is the disposition as well."""

    REPORTED = "reported", "Reported"
    INVESTIGATING = "investigating", "Under investigation"
    ACCEPTED = "accepted", "Accepted"
    DEFERRED = "deferred", "Deferred"
    REJECTED = "rejected", "Rejected with rationale"
    CLOSED = "closed", "Closed"


SETTLED = frozenset({FindingState.CLOSED, FindingState.REJECTED, FindingState.DEFERRED})
"""Its clock no longer runs."""

UNSETTLED = tuple(state.value for state in FindingState if state not in SETTLED)
"""Its clock runs."""

FINDING_MOVES = MoveTable(
    name="finding",
    initial=FindingState.REPORTED,
    moves=(
        Move("take", FindingState.REPORTED, FindingState.INVESTIGATING),
        Move("accept", FindingState.INVESTIGATING, FindingState.ACCEPTED),
        Move("defer", FindingState.INVESTIGATING, FindingState.DEFERRED),
        Move("reject", FindingState.INVESTIGATING, FindingState.REJECTED),
        Move("defer", FindingState.ACCEPTED, FindingState.DEFERRED),
        Move("reconsider", FindingState.DEFERRED, FindingState.INVESTIGATING),
        Move("reconsider", FindingState.REJECTED, FindingState.INVESTIGATING),
        Move("close", FindingState.ACCEPTED, FindingState.CLOSED),
        Move("close", FindingState.DEFERRED, FindingState.CLOSED),
        Move("close", FindingState.REJECTED, FindingState.CLOSED),
        Move("close_as_duplicate", FindingState.REPORTED, FindingState.CLOSED),
        Move("close_as_duplicate", FindingState.INVESTIGATING, FindingState.CLOSED),
        Move("close_as_duplicate", FindingState.ACCEPTED, FindingState.CLOSED),
        Move("close_as_duplicate", FindingState.DEFERRED, FindingState.CLOSED),
        Move("reopen", FindingState.CLOSED, FindingState.INVESTIGATING),
    ),
    holders={
        FindingState.REPORTED: Holder.US,
        FindingState.INVESTIGATING: Holder.US,
        FindingState.ACCEPTED: Holder.US,
        FindingState.DEFERRED: Holder.US,
        FindingState.REJECTED: Holder.YOU,
        FindingState.CLOSED: Holder.NOBODY,
    },
    labels=dict(FindingState.choices),
    said={
        "take": "taken up",
        "close_as_duplicate": "closed as a duplicate",
        "reopen": "opened again",
    },
)


class SegmentWhy(models.TextChoices):
    """Why a stretch of the due clock began."""

    REPORTED = "reported", "Reported"
    ACCEPTED = "accepted", "Accepted"
    RERATED = "rerated", "Severity changed"
    RECONSIDERED = "reconsidered", "Taken up again"
    REOPENED = "reopened", "Opened again"


class WaitsOn(models.TextChoices):
    """Whom a paused clock waits for."""

    FELLOW = "fellow", "The fellow"
    OTHERS = "others", "Another team, or a supplier"


class OverdueStep(models.IntegerChoices):
    """Whom an overdue finding has been told to, one step after the other."""

    OWNER = 1, "The product owner"
    SPONSOR = 2, "The sponsor"


class ControlState(models.TextChoices):
    """From plan to proof."""

    PLANNED = "planned", "Planned"
    DEPLOYED = "deployed", "Deployed"
    VERIFIED = "verified", "Verified"
    WITHDRAWN = "withdrawn", "Withdrawn"


CONTROL_MOVES = MoveTable(
    name="control",
    initial=ControlState.PLANNED,
    moves=(
        Move("deploy", ControlState.PLANNED, ControlState.DEPLOYED),
        Move("verify", ControlState.DEPLOYED, ControlState.VERIFIED),
        Move("withdraw", ControlState.PLANNED, ControlState.WITHDRAWN),
        Move("withdraw", ControlState.DEPLOYED, ControlState.WITHDRAWN),
        Move("withdraw", ControlState.VERIFIED, ControlState.WITHDRAWN),
    ),
    holders={
        ControlState.PLANNED: Holder.US,
        ControlState.DEPLOYED: Holder.US,
        ControlState.VERIFIED: Holder.NOBODY,
        ControlState.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(ControlState.choices),
)


class Severity(models.TextChoices):
    """How bad it would be, in the words of the severity clocks."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


SEVERITY_RANK = {Severity.CRITICAL: 4, Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1}


class Harm(models.TextChoices):
    """Our own scale of harm by an AI system: what happens to people, whatever the flaw is called.

    The severity sets the clock. The harm says what it would do to people; the two may differ.
    """

    NOT_JUDGED = "not_judged", "Not judged"
    NONE = "none", "0 · None"
    NUISANCE = "nuisance", "1 · Nuisance"
    LIMITED = "limited", "2 · Limited"
    SERIOUS = "serious", "3 · Serious"
    SEVERE = "severe", "4 · Severe"
    CATASTROPHIC = "catastrophic", "5 · Catastrophic"


HARM_MEANS = {
    Harm.NOT_JUDGED: "You cannot tell yet. It can be judged when it is taken up.",
    Harm.NONE: "Nobody is worse off: a weakness of the system alone.",
    Harm.NUISANCE: "Time is lost or someone is annoyed; it is over at once.",
    Harm.LIMITED: "Someone loses money, privacy or standing, and it can be put right.",
    Harm.SERIOUS: "Lasting harm to a person, or limited harm to many.",
    Harm.SEVERE: "Danger to life or health, or lasting harm to many.",
    Harm.CATASTROPHIC: "Mass harm, or help for it that people could not get elsewhere.",
}
"""What each degree means, as the person who judges reads it."""


class Confidence(models.TextChoices):
    """How sure the one who reports is that the claim holds under its conditions."""

    NOT_STATED = "not_stated", "Not stated"
    LOW = "low", "Low"
    MODERATE = "moderate", "Moderate"
    HIGH = "high", "High"


CONFIDENCE_MEANS = {
    Confidence.LOW: "Seen a few times; another explanation is as likely.",
    Confidence.MODERATE: "Seen repeatedly; not yet by a second person or method.",
    Confidence.HIGH: "Repeated by a second person or method, with the counts to show it.",
}
"""What each degree means."""


class ImportFormat(models.TextChoices):
    """Formats in which findings come as files."""

    SARIF = "sarif", "SARIF 2.1.0"
    AVID = "avid", "AVID report or vulnerability"
    INSPECT = "inspect", "Inspect evaluation log"
    GARAK = "garak", "garak report"


class RowOutcome(models.TextChoices):
    """What becomes of one row of an imported file."""

    NEW = "new", "New"
    DUPLICATE = "duplicate", "Duplicate"
    REFUSED = "refused", "Refused"


CVSS_BANDS: tuple[tuple[str, Severity], ...] = (
    ("9.0", Severity.CRITICAL),
    ("7.0", Severity.HIGH),
    ("4.0", Severity.MEDIUM),
    ("0.1", Severity.LOW),
)
"""The qualitative bands of CVSS 4.0: from which score on a severity is meant. 0.0 means none."""


def cvss_band(score: Decimal) -> Severity | None:
    """The severity the CVSS standard names for a score; None for 0.0."""
    return next((band for least, band in CVSS_BANDS if score >= Decimal(least)), None)


class Mapping(models.TextChoices):
    """What an actionable finding turns into."""

    CONTROL = "control", "A control"
    METRIC = "metric", "A metric"
    POLICY = "policy", "A policy"
    EVALUATION = "evaluation", "An evaluation update"


class Closure(models.TextChoices):
    """What a closed finding points at."""

    CONTROL = "control", "A verified control"
    EXCEPTION = "exception", "A live exception"
    DUPLICATE = "duplicate", "Another finding"
    REJECTION = "rejection", "Its rejection"
    EXPLORATORY = "exploratory", "Exploratory, nothing to operate"


class FindingClass(models.TextChoices):
    """What a finding is about: the rows of the translation matrix."""

    PROMPT_INJECTION = "prompt_injection", "Prompt injection"
    JAILBREAK = "jailbreak", "Jailbreak"
    DATA_LEAKAGE = "data_leakage", "Data leakage"
    UNSAFE_TOOL_USE = "unsafe_tool_use", "Unsafe tool use"
    HARMFUL_OUTPUT = "harmful_output", "Harmful or false output"
    OVER_REFUSAL = "over_refusal", "Over-refusal"
    POISONING = "poisoning", "Poisoned data or model"
    MISUSE_AT_SCALE = "misuse_at_scale", "Misuse at scale"
    EVALUATION_GAP = "evaluation_gap", "Evaluation gap"
    MONITORING_GAP = "monitoring_gap", "Monitoring gap"
    OTHER = "other", "Something else"


NOT_SURE = "not_sure"
SAID_CLASSES = ((NOT_SURE, "Not sure"), *FindingClass.choices)
"""What one who reports may say it is about; with “not sure” the technique says it, if anything."""


class Family(models.TextChoices):
    """The four control families."""

    PREVENTIVE = "preventive", "Preventive"
    DETECTIVE = "detective", "Detective"
    CORRECTIVE = "corrective", "Corrective"
    COMPENSATING = "compensating", "Compensating"


class ControlType(models.TextChoices):
    """Kinds of control."""

    PROMPT_TEMPLATE = "prompt_template", "Prompt template"
    CONTENT_FILTER = "content_filter", "Content filter"
    TRAINING = "training", "Model-level training change"
    SESSION_LIMIT = "session_limit", "Session limit"
    EVAL_THRESHOLD = "eval_threshold", "Evaluation threshold"
    LOGGING = "logging", "Logging"
    MONITORING = "monitoring", "Monitoring"
    INCIDENT_RESPONSE = "incident_response", "Incident response"
    POLICY = "policy", "Policy"


class Counted(models.TextChoices):
    """How a number is counted, and so what is kept of it."""

    SHARE = "share", "Share: so many of so many trials"
    RATE = "rate", "Rate: events in an exposure"
    DURATIONS = "durations", "Durations, each as taken"
    SCORES = "scores", "Mean of scores, with their spread"


class Metric(models.TextChoices):
    """What a measurement shows; `COUNTED` says how, fewer is better unless listed below."""

    ATTACK_SUCCESS = "attack_success", "Attack success rate"
    FALSE_POSITIVE = "false_positive", "False-positive rate"
    USER_FRICTION = "user_friction", "User friction"
    EXCEPTION_VOLUME = "exception_volume", "Policy exception volume"
    DETECTION = "detection", "Share detected in time"
    TIME_TO_DETECT = "time_to_detect", "Time to detect"
    ROLLBACK_TIME = "rollback_time", "Rollback time"
    TASK_SUCCESS = "task_success", "Useful tasks done"
    PASS_RATE = "pass_rate", "Mean pass rate"


HIGHER_IS_BETTER = frozenset({Metric.DETECTION, Metric.TASK_SUCCESS, Metric.PASS_RATE})
COUNTED = {
    Metric.ATTACK_SUCCESS: Counted.SHARE,
    Metric.FALSE_POSITIVE: Counted.SHARE,
    Metric.USER_FRICTION: Counted.SHARE,
    Metric.EXCEPTION_VOLUME: Counted.RATE,
    Metric.DETECTION: Counted.SHARE,
    Metric.TIME_TO_DETECT: Counted.DURATIONS,
    Metric.ROLLBACK_TIME: Counted.DURATIONS,
    Metric.TASK_SUCCESS: Counted.SHARE,
    Metric.PASS_RATE: Counted.SCORES,
}
"""How each metric is counted: it follows from what the metric is."""


class MetricRole(models.TextChoices):
    """What a metric of a control is for."""

    PRIMARY = "primary", "The benefit it is judged by"
    COST = "cost", "A cost beside it"


class Direction(models.TextChoices):
    """Which way the metric improves."""

    LOWER = "lower", "Less is better"
    HIGHER = "higher", "More is better"


class Selection(models.TextChoices):
    """Why this baseline was looked at. What stood out falls back on its own."""

    PLANNED = "planned", "It was planned before any number was known"
    STOOD_OUT = "stood_out", "A number stood out, and that is why we look"


class Setting(models.TextChoices):
    """Where the counts are taken."""

    USE = "use", "In use, before and after it went live"
    BENCH = "bench", "On a test bench, with it switched off and on"


class Progress(enum.IntFlag):
    """How far the controls of a finding have come, taken together."""

    PLANNED = 1
    BASELINE = 2
    MEASURED = 4
    VERIFIED = 8
    DEPLOYED = 16


class Verdict(models.TextChoices):
    """What a before and after show."""

    REDUCED = "reduced", "Reduced"
    NOT_SHOWN = "not_shown", "Not shown"
    WORSE = "worse", "Worse"
    INSUFFICIENT = "insufficient", "Insufficient data"


class LessonState(models.TextChoices):
    """What became of a lesson."""

    PROPOSED = "proposed", "Proposed"
    TAKEN = "taken", "A topic of a call"
    SET_ASIDE = "set_aside", "Set aside"


LESSON_MOVES = MoveTable(
    name="lesson",
    initial=LessonState.PROPOSED,
    moves=(
        Move("take", LessonState.PROPOSED, LessonState.TAKEN),
        Move("set_aside", LessonState.PROPOSED, LessonState.SET_ASIDE),
    ),
    holders={
        LessonState.PROPOSED: Holder.US,
        LessonState.TAKEN: Holder.NOBODY,
        LessonState.SET_ASIDE: Holder.NOBODY,
    },
    labels=dict(LessonState.choices),
    said={"take": "taken into a call", "set_aside": "set aside"},
)
