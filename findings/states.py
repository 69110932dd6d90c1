"""The lifecycles of a finding and of a control, and their closed lists."""

from __future__ import annotations

import enum
from decimal import Decimal

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class FindingState(models.TextChoices):
    """One state, which is the disposition as well."""

    REPORTED = "reported", say("Reported")
    INVESTIGATING = "investigating", say("Under investigation")
    ACCEPTED = "accepted", say("Accepted")
    DEFERRED = "deferred", say("Deferred")
    REJECTED = "rejected", say("Rejected with rationale")
    CLOSED = "closed", say("Closed")


SETTLED = frozenset({FindingState.CLOSED, FindingState.REJECTED, FindingState.DEFERRED})
"""Its clock no longer runs."""

UNSETTLED = tuple(state.value for state in FindingState if state not in SETTLED)
"""Its clock runs."""

FINDING_MOVES = MoveTable(
    name=say("finding"),
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
        "take": say("taken up"),
        "close_as_duplicate": say("closed as a duplicate"),
        "reopen": say("opened again"),
    },
)


class SegmentWhy(models.TextChoices):
    """Why a stretch of the due clock began."""

    REPORTED = "reported", say("Reported")
    ACCEPTED = "accepted", say("Accepted")
    RERATED = "rerated", say("Severity changed")
    RECONSIDERED = "reconsidered", say("Taken up again")
    REOPENED = "reopened", say("Opened again")


class WaitsOn(models.TextChoices):
    """Whom a paused clock waits for."""

    FELLOW = "fellow", say("The fellow")
    OTHERS = "others", say("Another team, or a supplier")


class OverdueStep(models.IntegerChoices):
    """Whom an overdue finding has been told to, one step after the other."""

    OWNER = 1, say("The product owner")
    SPONSOR = 2, say("The sponsor")


class ControlState(models.TextChoices):
    """From plan to proof."""

    PLANNED = "planned", say("Planned")
    DEPLOYED = "deployed", say("Deployed")
    VERIFIED = "verified", say("Verified")
    WITHDRAWN = "withdrawn", say("Withdrawn")


CONTROL_MOVES = MoveTable(
    name=say("control"),
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

    CRITICAL = "critical", say("Critical")
    HIGH = "high", say("High")
    MEDIUM = "medium", say("Medium")
    LOW = "low", say("Low")


SEVERITY_RANK = {Severity.CRITICAL: 4, Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1}


class Harm(models.TextChoices):
    """Our own scale of harm by an AI system: what happens to people, whatever the flaw is called.

    The severity sets the clock. The harm says what it would do to people; the two may differ.
    """

    NOT_JUDGED = "not_judged", say("Not judged")
    NONE = "none", say("0 · None")
    NUISANCE = "nuisance", say("1 · Nuisance")
    LIMITED = "limited", say("2 · Limited")
    SERIOUS = "serious", say("3 · Serious")
    SEVERE = "severe", say("4 · Severe")
    CATASTROPHIC = "catastrophic", say("5 · Catastrophic")


HARM_MEANS = {
    Harm.NOT_JUDGED: say("You cannot tell yet. It can be judged when it is taken up."),
    Harm.NONE: say("Nobody is worse off: a weakness of the system alone."),
    Harm.NUISANCE: say("Time is lost or someone is annoyed; it is over at once."),
    Harm.LIMITED: say("Someone loses money, privacy or standing, and it can be put right."),
    Harm.SERIOUS: say("Lasting harm to a person, or limited harm to many."),
    Harm.SEVERE: say("Danger to life or health, or lasting harm to many."),
    Harm.CATASTROPHIC: say("Mass harm, or help for it that people could not get elsewhere."),
}
"""What each degree means, as the person who judges reads it."""


class Confidence(models.TextChoices):
    """How sure the one who reports is that the claim holds under its conditions."""

    NOT_STATED = "not_stated", say("Not stated")
    LOW = "low", say("Low")
    MODERATE = "moderate", say("Moderate")
    HIGH = "high", say("High")


CONFIDENCE_MEANS = {
    Confidence.LOW: say("Seen a few times; another explanation is as likely."),
    Confidence.MODERATE: say("Seen repeatedly; not yet by a second person or method."),
    Confidence.HIGH: say("Repeated by a second person or method, with the counts to show it."),
}
"""What each degree means."""


class ImportFormat(models.TextChoices):
    """Formats in which findings come as files."""

    SARIF = "sarif", say("SARIF 2.1.0")
    AVID = "avid", say("AVID report or vulnerability")
    INSPECT = "inspect", say("Inspect evaluation log")
    GARAK = "garak", say("garak report")


class RowOutcome(models.TextChoices):
    """What becomes of one row of an imported file."""

    NEW = "new", say("New")
    DUPLICATE = "duplicate", say("Duplicate")
    REFUSED = "refused", say("Refused")


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

    CONTROL = "control", say("A control")
    METRIC = "metric", say("A metric")
    POLICY = "policy", say("A policy")
    EVALUATION = "evaluation", say("An evaluation update")


class Closure(models.TextChoices):
    """What a closed finding points at."""

    CONTROL = "control", say("A verified control")
    EXCEPTION = "exception", say("A live exception")
    DUPLICATE = "duplicate", say("Another finding")
    REJECTION = "rejection", say("Its rejection")
    EXPLORATORY = "exploratory", say("Exploratory, nothing to operate")


class FindingClass(models.TextChoices):
    """What a finding is about: the rows of the translation matrix."""

    PROMPT_INJECTION = "prompt_injection", say("Prompt injection")
    JAILBREAK = "jailbreak", say("Jailbreak")
    DATA_LEAKAGE = "data_leakage", say("Data leakage")
    UNSAFE_TOOL_USE = "unsafe_tool_use", say("Unsafe tool use")
    HARMFUL_OUTPUT = "harmful_output", say("Harmful or false output")
    OVER_REFUSAL = "over_refusal", say("Over-refusal")
    POISONING = "poisoning", say("Poisoned data or model")
    MISUSE_AT_SCALE = "misuse_at_scale", say("Misuse at scale")
    EVALUATION_GAP = "evaluation_gap", say("Evaluation gap")
    MONITORING_GAP = "monitoring_gap", say("Monitoring gap")
    OTHER = "other", say("Something else")


NOT_SURE = "not_sure"
SAID_CLASSES = ((NOT_SURE, say("Not sure")), *FindingClass.choices)
"""What one who reports may say it is about; with “not sure” the technique says it, if anything."""


class Family(models.TextChoices):
    """The four control families."""

    PREVENTIVE = "preventive", say("Preventive")
    DETECTIVE = "detective", say("Detective")
    CORRECTIVE = "corrective", say("Corrective")
    COMPENSATING = "compensating", say("Compensating")


class ControlType(models.TextChoices):
    """Kinds of control."""

    PROMPT_TEMPLATE = "prompt_template", say("Prompt template")
    CONTENT_FILTER = "content_filter", say("Content filter")
    TRAINING = "training", say("Model-level training change")
    SESSION_LIMIT = "session_limit", say("Session limit")
    EVAL_THRESHOLD = "eval_threshold", say("Evaluation threshold")
    LOGGING = "logging", say("Logging")
    MONITORING = "monitoring", say("Monitoring")
    INCIDENT_RESPONSE = "incident_response", say("Incident response")
    POLICY = "policy", say("Policy")


class Counted(models.TextChoices):
    """How a number is counted, and so what is kept of it."""

    SHARE = "share", say("Share: so many of so many trials")
    RATE = "rate", say("Rate: events in an exposure")
    DURATIONS = "durations", say("Durations, each as taken")
    SCORES = "scores", say("Mean of scores, with their spread")


class Metric(models.TextChoices):
    """What a measurement shows; `COUNTED` says how, fewer is better unless listed below."""

    ATTACK_SUCCESS = "attack_success", say("Attack success rate")
    FALSE_POSITIVE = "false_positive", say("False-positive rate")
    USER_FRICTION = "user_friction", say("User friction")
    EXCEPTION_VOLUME = "exception_volume", say("Policy exception volume")
    DETECTION = "detection", say("Share detected in time")
    TIME_TO_DETECT = "time_to_detect", say("Time to detect")
    ROLLBACK_TIME = "rollback_time", say("Rollback time")
    TASK_SUCCESS = "task_success", say("Useful tasks done")
    PASS_RATE = "pass_rate", say("Mean pass rate")


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

    PRIMARY = "primary", say("The benefit it is judged by")
    COST = "cost", say("A cost beside it")


class Direction(models.TextChoices):
    """Which way the metric improves."""

    LOWER = "lower", say("Less is better")
    HIGHER = "higher", say("More is better")


class Selection(models.TextChoices):
    """Why this baseline was looked at. What stood out falls back on its own."""

    PLANNED = "planned", say("It was planned before any number was known")
    STOOD_OUT = "stood_out", say("A number stood out, and that is why we look")


class Setting(models.TextChoices):
    """Where the counts are taken."""

    USE = "use", say("In use, before and after it went live")
    BENCH = "bench", say("On a test bench, with it switched off and on")


class Progress(enum.IntFlag):
    """How far the controls of a finding have come, taken together."""

    PLANNED = 1
    BASELINE = 2
    MEASURED = 4
    VERIFIED = 8
    DEPLOYED = 16


class Verdict(models.TextChoices):
    """What a before and after show."""

    REDUCED = "reduced", say("Reduced")
    NOT_SHOWN = "not_shown", say("Not shown")
    WORSE = "worse", say("Worse")
    INSUFFICIENT = "insufficient", say("Insufficient data")


class LessonState(models.TextChoices):
    """What became of a lesson."""

    PROPOSED = "proposed", say("Proposed")
    TAKEN = "taken", say("A topic of a call")
    SET_ASIDE = "set_aside", say("Set aside")


LESSON_MOVES = MoveTable(
    name=say("lesson"),
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
    said={"take": say("taken into a call"), "set_aside": say("set aside")},
)
