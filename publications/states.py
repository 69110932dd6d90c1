"""The lifecycles of a publication and of an objection, and their closed lists."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class PublicationState(models.TextChoices):
    """Where a publication stands. Release by silence is derived from the clock as well."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    WITH_BOARD = "with_board", "With the board"
    RELEASED = "released", "Released"
    WITHDRAWN = "withdrawn", "Withdrawn"


PUBLICATION_MOVES = MoveTable(
    name="publication",
    initial=PublicationState.DRAFT,
    moves=(
        Move("submit", PublicationState.DRAFT, PublicationState.IN_REVIEW),
        Move("release", PublicationState.IN_REVIEW, PublicationState.RELEASED),
        Move("escalate", PublicationState.IN_REVIEW, PublicationState.WITH_BOARD),
        Move("release", PublicationState.WITH_BOARD, PublicationState.RELEASED),
        Move("return", PublicationState.WITH_BOARD, PublicationState.IN_REVIEW),
        Move("withdraw", PublicationState.DRAFT, PublicationState.WITHDRAWN),
        Move("withdraw", PublicationState.IN_REVIEW, PublicationState.WITHDRAWN),
    ),
    holders={
        PublicationState.DRAFT: Holder.YOU,
        PublicationState.IN_REVIEW: Holder.US,
        PublicationState.WITH_BOARD: Holder.BOARD,
        PublicationState.RELEASED: Holder.NOBODY,
        PublicationState.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(PublicationState.choices),
    said={
        "escalate": "taken to the board",
        "return": "returned to review",
    },
)


class ObjectionState(models.TextChoices):
    """Where an objection stands."""

    OPEN = "open", "Open"
    REWORDED = "reworded", "Other wording offered"
    CONTESTED = "contested", "Contested, with the board"
    ACCEPTED = "accepted", "Accepted"
    AGREED = "agreed", "Settled by other wording"
    WITHDRAWN = "withdrawn", "Withdrawn"
    UPHELD = "upheld", "Upheld by the board"
    OVERRULED = "overruled", "Overruled by the board"


OBJECTION_MOVES = MoveTable(
    name="objection",
    initial=ObjectionState.OPEN,
    moves=(
        Move("accept", ObjectionState.OPEN, ObjectionState.ACCEPTED),
        Move("reword", ObjectionState.OPEN, ObjectionState.REWORDED),
        Move("contest", ObjectionState.OPEN, ObjectionState.CONTESTED),
        Move("withdraw", ObjectionState.OPEN, ObjectionState.WITHDRAWN),
        Move("agree", ObjectionState.REWORDED, ObjectionState.AGREED),
        Move("contest", ObjectionState.REWORDED, ObjectionState.CONTESTED),
        Move("withdraw", ObjectionState.REWORDED, ObjectionState.WITHDRAWN),
        Move("withdraw", ObjectionState.CONTESTED, ObjectionState.WITHDRAWN),
        Move("uphold", ObjectionState.CONTESTED, ObjectionState.UPHELD),
        Move("overrule", ObjectionState.CONTESTED, ObjectionState.OVERRULED),
    ),
    holders={
        ObjectionState.OPEN: Holder.YOU,
        ObjectionState.REWORDED: Holder.US,
        ObjectionState.CONTESTED: Holder.BOARD,
        ObjectionState.ACCEPTED: Holder.NOBODY,
        ObjectionState.AGREED: Holder.NOBODY,
        ObjectionState.WITHDRAWN: Holder.NOBODY,
        ObjectionState.UPHELD: Holder.NOBODY,
        ObjectionState.OVERRULED: Holder.NOBODY,
    },
    labels=dict(ObjectionState.choices),
    said={
        "reworded": "answered with other wording",
        "contested": "contested and with the board",
        "reword": "answered with other wording",
        "agree": "settled by other wording",
    },
)
UNSETTLED = (ObjectionState.OPEN, ObjectionState.REWORDED, ObjectionState.CONTESTED)
STANDING = (*UNSETTLED, ObjectionState.ACCEPTED, ObjectionState.UPHELD)
"""Objections whose passage is withheld or staged for as long as they ask."""


class Kind(models.TextChoices):
    """What can be published."""

    MANUSCRIPT = "manuscript", "Manuscript"
    PREPRINT = "preprint", "Preprint"
    TALK = "talk", "Talk"
    BLOG = "blog", "Blog post"
    CODE = "code", "Code"
    DATASET = "dataset", "Dataset"
    BENCHMARK = "benchmark", "Benchmark"
    MODEL = "model", "Model"


class WorkClass(models.TextChoices):
    """What decides the length of the window and what silence means."""

    METHODS = "methods", "Methods, nothing sensitive"
    RESTRICTED = "restricted", "Used restricted-tier data"
    VULNERABILITY = "vulnerability", "Describes a vulnerability"


class Ground(models.TextChoices):
    """The closed list of grounds on which a passage may be objected to."""

    SECURITY = "sensitive_security_detail", "Sensitive security detail"
    PERSONAL = "personal_data", "Personal data"
    PRODUCT = "unreleased_product_specifics", "Unreleased product specifics"
    MISUSE = "material_misuse_risk", "Material misuse risk"


class Ask(models.TextChoices):
    """All an objection may ask for. There is no fourth."""

    REDACT = "redact", "Redact the passage"
    STAGE = "stage", "Publish the passage later, on a date"
    DELAY = "delay", "Delay the passage briefly"


class ReviewTrack(models.TextChoices):
    """The two tracks: separate people, forms, clocks and powers."""

    SCIENTIFIC = "scientific", "Scientific"
    POLICY = "policy", "Policy and security"


class ReleasedBy(models.TextChoices):
    """What released it."""

    SILENCE = "silence", "The window passed"
    REVIEW = "review", "The review ended"
    BOARD = "board", "The board decided"
