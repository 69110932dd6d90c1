"""The lifecycle of a call, and the fixed lists of a programme."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class CallState(models.TextChoices):
    """Where a call stands. Whether it takes proposals now is derived from its dates as well."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    CLOSED = "closed", "Closed"


CALL_MOVES = MoveTable(
    name="call",
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

    RECRUIT = "recruit", "Recruit"
    SCOPE = "scope", "Scope"
    ACCESS = "access", "Access"
    RESEARCH = "research", "Research"
    REVIEW = "review", "Review"
    TRANSLATE = "translate", "Translate"
    PUBLISH = "publish", "Publish"
    CLOSE_OUT = "close_out", "Close out"


class Tier(models.TextChoices):
    """The four access tiers, in rising order of sensitivity."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal non-sensitive"
    RESTRICTED = "restricted", "Restricted sensitive"
    HIGHLY_RESTRICTED = "highly_restricted", "Highly restricted"

    @property
    def rank(self) -> int:
        """0 for public to 3 for highly restricted."""
        return list(Tier).index(self)


class TalentPath(models.TextChoices):
    """The published path; no step promises the next."""

    SHORT_TERM = "short_term_fellow", "Short-term fellow"
    EXTENDED = "extended_collaborator", "Extended collaborator"
    ADVISORY = "advisory_contributor", "Advisory contributor"
    HIRE = "full_time_hire", "Full-time hire"


class Freedom(models.TextChoices):
    """How freely one may publish."""

    HIGH = "high", "High"
    MODERATE = "moderate", "Moderate"
    LOW = "low", "Low"
    NONE = "none", "None yet"


class LaunchItem(models.TextChoices):
    """What must stand before a call opens, from the launch checklist."""

    SPONSOR = "sponsor", "A named sponsor"
    BOARD = "board", "A review board with all five seats"
    CLASSIFICATION = "classification", "A data classification policy"
    PUBLICATION = "publication", "A publication workflow"
    TRANSLATION = "translation", "A product translation owner"
    TRAINING = "training", "Security training for fellows"
    BRIEF = "brief", "A brief on incidents, exceptions and publication requests"
    STAGES = "stages", "An owner and a written standard for each of the eight stages"
