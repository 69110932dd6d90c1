"""The lifecycle of a request to release outputs, and the release desk's fixed lists."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say


class ReleaseState(models.TextChoices):
    """Where a request to release outputs stands."""

    DRAFT = "draft", say("Draft")
    IN_REVIEW = "in_review", say("With two reviewers")
    DISAGREED = "disagreed", say("The reviewers disagree")
    RETURNED = "returned", say("Returned for changes")
    RELEASED = "released", say("Released")
    REFUSED = "refused", say("Refused")
    WITHDRAWN = "withdrawn", say("Withdrawn")


OPEN_RELEASE: Final = (
    ReleaseState.DRAFT,
    ReleaseState.IN_REVIEW,
    ReleaseState.DISAGREED,
    ReleaseState.RETURNED,
)
PREPARED: Final = (ReleaseState.DRAFT, ReleaseState.RETURNED)
"""While the requester may still change what is asked for."""

_S = ReleaseState
RELEASE_MOVES = MoveTable(
    name=say("release request"),
    initial=_S.DRAFT,
    moves=(
        Move("send", _S.DRAFT, _S.IN_REVIEW),
        Move("send", _S.RETURNED, _S.IN_REVIEW),
        Move("release", _S.IN_REVIEW, _S.RELEASED),
        Move("return", _S.IN_REVIEW, _S.RETURNED),
        Move("refuse", _S.IN_REVIEW, _S.REFUSED),
        Move("disagree", _S.IN_REVIEW, _S.DISAGREED),
        Move("release", _S.DISAGREED, _S.RELEASED),
        Move("return", _S.DISAGREED, _S.RETURNED),
        Move("refuse", _S.DISAGREED, _S.REFUSED),
        Move("withdraw", _S.DRAFT, _S.WITHDRAWN),
        Move("withdraw", _S.IN_REVIEW, _S.WITHDRAWN),
        Move("withdraw", _S.DISAGREED, _S.WITHDRAWN),
        Move("withdraw", _S.RETURNED, _S.WITHDRAWN),
    ),
    holders={
        _S.DRAFT: Holder.YOU,
        _S.IN_REVIEW: Holder.US,
        _S.DISAGREED: Holder.US,
        _S.RETURNED: Holder.YOU,
        _S.RELEASED: Holder.NOBODY,
        _S.REFUSED: Holder.NOBODY,
        _S.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(ReleaseState.choices),
    said={
        "send": say("sent to the reviewers"),
        "disagree": say("found to be in disagreement"),
        _S.DISAGREED: say("in disagreement between its reviewers"),
    },
)


class ReleaseVerdict(models.TextChoices):
    """What a reviewer, or who settles, finds of a whole request: the verb it leads to."""

    RELEASE = "release", say("Release it")
    RETURN = "return", say("Return it for changes")
    REFUSE = "refuse", say("Refuse it")


class OutputKind(models.TextChoices):
    """What an output is."""

    TABLE = "table", say("Table")
    FIGURE = "figure", say("Figure")
    CODE = "code", say("Code")
    MODEL = "model", say("Model weights")
    TEXT = "text", say("Text")


class Criterion(models.TextChoices):
    """What an output must meet to leave: by the handling of its tier, and the signed scope."""

    SMALLEST_GROUP = "smallest_group", say("No group is too small")
    RECORDS = "records", say("No rows of single records")
    IDENTIFIERS = "identifiers", say("Nothing names a person or opens a system")
    DIFFERENCING = "differencing", say("Nothing small shows beside an earlier release")
    PURPOSE = "purpose", say("It is what the scope of work asks for")


class Answer(models.TextChoices):
    """A reviewer's answer on one output and one criterion."""

    YES = "yes", say("Yes")
    NO = "no", say("No")
    NOT_APPLICABLE = "na", say("Does not apply")


class CheckResult(models.TextChoices):
    """What a machine could tell of one criterion."""

    PASSED = "passed", say("Nothing found")
    FAILED = "failed", say("Found something")
    UNKNOWN = "unknown", say("Cannot be checked by machine")


class Keeper(models.TextChoices):
    """Who keeps a thing when a fellowship ends."""

    FELLOW = "fellow", say("The fellow keeps it")
    COMPANY = "company", say("The company keeps it")
    BOTH = "both", say("Both keep it")
    NOBODY = "nobody", say("It is deleted")


class DepositKind(models.TextChoices):
    """What may lie in escrow: how the work was done, never the data."""

    METHODS = "methods", say("Methods")
    NOTES = "notes", say("High-level notes")
    CODE = "code", say("Analysis code")
