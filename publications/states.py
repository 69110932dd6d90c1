"""The lifecycles of a publication and of an objection, and their closed lists."""

from __future__ import annotations

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class PublicationState(models.TextChoices):
    """Where a publication stands. Release by silence is derived from the clock as well."""

    DRAFT = "draft", say("Draft")
    IN_REVIEW = "in_review", say("In review")
    WITH_BOARD = "with_board", say("With the board")
    RELEASED = "released", say("Released")
    WITHDRAWN = "withdrawn", say("Withdrawn")


PUBLICATION_MOVES = MoveTable(
    name=say("publication"),
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
        "escalate": say("taken to the board"),
        "return": say("returned to review"),
    },
)


class ObjectionState(models.TextChoices):
    """Where an objection stands."""

    OPEN = "open", say("Open")
    REWORDED = "reworded", say("Other wording offered")
    CONTESTED = "contested", say("Contested, to be mediated")
    PROPOSED = "proposed", say("Proposal of the mediator")
    WITH_BOARD = "with_board", say("With the board")
    ACCEPTED = "accepted", say("Accepted")
    AGREED = "agreed", say("Settled by other wording")
    WITHDRAWN = "withdrawn", say("Withdrawn")
    UPHELD = "upheld", say("Upheld by the board")
    OVERRULED = "overruled", say("Overruled by the board")


_O = ObjectionState
OBJECTION_MOVES = MoveTable(
    name=say("objection"),
    initial=_O.OPEN,
    moves=(
        Move("accept", _O.OPEN, _O.ACCEPTED),
        Move("reword", _O.OPEN, _O.REWORDED),
        Move("contest", _O.OPEN, _O.CONTESTED),
        Move("withdraw", _O.OPEN, _O.WITHDRAWN),
        Move("agree", _O.REWORDED, _O.AGREED),
        Move("decline", _O.REWORDED, _O.OPEN),
        Move("contest", _O.REWORDED, _O.CONTESTED),
        Move("withdraw", _O.REWORDED, _O.WITHDRAWN),
        Move("propose", _O.CONTESTED, _O.PROPOSED),
        Move("refer", _O.CONTESTED, _O.WITH_BOARD),
        Move("withdraw", _O.CONTESTED, _O.WITHDRAWN),
        Move("accept", _O.PROPOSED, _O.ACCEPTED),
        Move("agree", _O.PROPOSED, _O.AGREED),
        Move("withdraw", _O.PROPOSED, _O.WITHDRAWN),
        Move("refer", _O.PROPOSED, _O.WITH_BOARD),
        Move("withdraw", _O.WITH_BOARD, _O.WITHDRAWN),
        Move("uphold", _O.WITH_BOARD, _O.UPHELD),
        Move("overrule", _O.WITH_BOARD, _O.OVERRULED),
    ),
    holders={
        _O.OPEN: Holder.YOU,
        _O.REWORDED: Holder.US,
        _O.CONTESTED: Holder.US,
        _O.PROPOSED: Holder.YOU,
        _O.WITH_BOARD: Holder.BOARD,
        _O.ACCEPTED: Holder.NOBODY,
        _O.AGREED: Holder.NOBODY,
        _O.WITHDRAWN: Holder.NOBODY,
        _O.UPHELD: Holder.NOBODY,
        _O.OVERRULED: Holder.NOBODY,
    },
    labels=dict(ObjectionState.choices),
    said={
        "reworded": say("answered with other wording"),
        "contested": say("contested and with a mediator"),
        "proposed": say("before both sides with a mediator’s proposal"),
        "reword": say("answered with other wording"),
        "agree": say("settled by other wording"),
        "propose": say("given a mediator’s proposal"),
    },
)
CLOCKED = (_O.OPEN, _O.REWORDED, _O.CONTESTED, _O.PROPOSED)
"""Steps of the ladder that end by themselves: each has its clock and what silence makes of it."""
UNSETTLED = (*CLOCKED, _O.WITH_BOARD)
STANDING = (*UNSETTLED, _O.ACCEPTED, _O.UPHELD)
"""Objections whose passage is withheld or staged for as long as they ask."""


class Proposal(models.TextChoices):
    """All a mediator may propose for a passage."""

    KEEP = "keep", say("Publish the passage as it stands")
    WORDING = "wording", say("Publish it with the wording below")
    LATER = "later", say("Publish it as it stands, from a date")
    REDACT = "redact", say("Do as the objection asks")


PROPOSED_STATES = {
    Proposal.KEEP: _O.WITHDRAWN,
    Proposal.WORDING: _O.AGREED,
    Proposal.LATER: _O.ACCEPTED,
    Proposal.REDACT: _O.ACCEPTED,
}
"""What becomes of the objection where both sides take the proposal."""


class Saved(models.TextChoices):
    """What a saved wording is for."""

    HARM = "harm", say("The harm")
    SUMMARY = "public_summary", say("What the public reads")
    ADVICE = "advice", say("Scientific advice")


class Kind(models.TextChoices):
    """What can be published."""

    MANUSCRIPT = "manuscript", say("Manuscript")
    PREPRINT = "preprint", say("Preprint")
    TALK = "talk", say("Talk")
    BLOG = "blog", say("Blog post")
    CODE = "code", say("Code")
    DATASET = "dataset", say("Dataset")
    BENCHMARK = "benchmark", say("Benchmark")
    MODEL = "model", say("Model")


class WorkClass(models.TextChoices):
    """What decides the length of the window and what silence means."""

    METHODS = "methods", say("Methods, nothing sensitive")
    RESTRICTED = "restricted", say("Used restricted-tier data")
    VULNERABILITY = "vulnerability", say("Describes a vulnerability")


class Ground(models.TextChoices):
    """The closed list of grounds on which a passage may be objected to."""

    SECURITY = "sensitive_security_detail", say("Sensitive security detail")
    PERSONAL = "personal_data", say("Personal data")
    PRODUCT = "unreleased_product_specifics", say("Unreleased product specifics")
    MISUSE = "material_misuse_risk", say("Material misuse risk")


class Ask(models.TextChoices):
    """All an objection may ask for. There is no fourth."""

    REDACT = "redact", say("Redact the passage")
    STAGE = "stage", say("Publish the passage later, on a date")
    DELAY = "delay", say("Delay the passage briefly")


class ReviewTrack(models.TextChoices):
    """The two tracks: separate people, forms, clocks and powers."""

    SCIENTIFIC = "scientific", say("Scientific")
    POLICY = "policy", say("Policy and security")


class ReleasedBy(models.TextChoices):
    """What released it."""

    SILENCE = "silence", say("The window passed")
    REVIEW = "review", say("The review ended")
    BOARD = "board", say("The board decided")
    EXCEPTION = "exception", say("Early, by an exception")


class OutcomeStage(models.TextChoices):
    """What can become of a released work, in the usual order."""

    PREPRINT = "preprint", say("Preprint")
    SUBMITTED = "submitted", say("Submitted to a venue")
    ACCEPTED = "accepted", say("Accepted")
    PUBLISHED = "published", say("Published")
    DECLINED = "declined", say("Declined by a venue")
