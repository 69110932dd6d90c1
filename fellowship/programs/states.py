"""The lifecycle of a call, and the fixed lists of a programme."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class CallState(models.TextChoices):
    """Where a call stands. Whether it takes proposals now is derived from its dates as well."""

    DRAFT = "draft", say("Draft")
    PUBLISHED = "published", say("Published")
    CLOSED = "closed", say("Closed")


CALL_MOVES = MoveTable(
    name=say("call"),
    initial=CallState.DRAFT,
    moves=(
        Move("publish", CallState.DRAFT, CallState.PUBLISHED),
        Move("close", CallState.PUBLISHED, CallState.CLOSED),
        Move("reopen", CallState.CLOSED, CallState.PUBLISHED),
    ),
    holders={
        CallState.DRAFT: Holder.US,
        CallState.PUBLISHED: Holder.YOU,
        CallState.CLOSED: Holder.US,
    },
    labels=dict(CallState.choices),
)


class Stage(models.TextChoices):
    """The eight stages of a case, in their order."""

    RECRUIT = "recruit", say("Recruit")
    SCOPE = "scope", say("Scope")
    ACCESS = "access", say("Access")
    RESEARCH = "research", say("Research")
    REVIEW = "review", say("Review")
    TRANSLATE = "translate", say("Translate")
    PUBLISH = "publish", say("Publish")
    CLOSE_OUT = "close_out", say("Close out")


class Tier(models.TextChoices):
    """The four access tiers, in rising order of sensitivity."""

    PUBLIC = "public", say("Public")
    INTERNAL = "internal", say("Internal non-sensitive")
    RESTRICTED = "restricted", say("Restricted sensitive")
    HIGHLY_RESTRICTED = "highly_restricted", say("Highly restricted")

    @property
    def rank(self) -> int:
        """0 for public to 3 for highly restricted."""
        return list(Tier).index(self)


class TalentPath(models.TextChoices):
    """The published path; no step promises the next."""

    SHORT_TERM = "short_term_fellow", say("Short-term fellow")
    EXTENDED = "extended_collaborator", say("Extended collaborator")
    ADVISORY = "advisory_contributor", say("Advisory contributor")
    HIRE = "full_time_hire", say("Full-time hire")


class Freedom(models.TextChoices):
    """How freely one may publish."""

    HIGH = "high", say("High")
    MODERATE = "moderate", say("Moderate")
    LOW = "low", say("Low")
    NONE = "none", say("None yet")


class LaunchItem(models.TextChoices):
    """What must stand before a call opens, from the launch checklist."""

    SPONSOR = "sponsor", say("A named sponsor")
    BOARD = "board", say("A review board with all five seats")
    CLASSIFICATION = "classification", say("A data classification policy")
    PUBLICATION = "publication", say("A publication workflow")
    TRANSLATION = "translation", say("A product translation owner")
    TRAINING = "training", say("Security training for fellows")
    BRIEF = "brief", say("A brief on incidents, exceptions and publication requests")
    STAGES = "stages", say("An owner and a written standard for each of the eight stages")
