"""The lifecycle of a request to release outputs, and the release desk's fixed lists."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable


class ReleaseState(models.TextChoices):
    """Where a request to release outputs stands."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "With two reviewers"
    DISAGREED = "disagreed", "The reviewers disagree"
    RETURNED = "returned", "Returned for changes"
    RELEASED = "released", "Released"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


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
    name="release request",
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
        "send": "sent to the reviewers",
        "disagree": "found to be in disagreement",
        _S.DISAGREED: "in disagreement between its reviewers",
    },
)


class ReleaseVerdict(models.TextChoices):
    """What a reviewer, or who settles, finds of a whole request: the verb it leads to."""

    RELEASE = "release", "Release it"
    RETURN = "return", "Return it for changes"
    REFUSE = "refuse", "Refuse it"


class OutputKind(models.TextChoices):
    """What an output is."""

    TABLE = "table", "Table"
    FIGURE = "figure", "Figure"
    CODE = "code", "Code"
    MODEL = "model", "Model weights"
    TEXT = "text", "Text"


class Criterion(models.TextChoices):
    """What an output must meet to leave: by the handling of its tier, and the signed scope."""

    SMALLEST_GROUP = "smallest_group", "No group is too small"
    RECORDS = "records", "No rows of single records"
    IDENTIFIERS = "identifiers", "Nothing names a person or opens a system"
    DIFFERENCING = "differencing", "Nothing small shows beside an earlier release"
    PURPOSE = "purpose", "It is what the scope of work asks for"


class Answer(models.TextChoices):
    """A reviewer's answer on one output and one criterion."""

    YES = "yes", "Yes"
    NO = "no", "No"
    NOT_APPLICABLE = "na", "Does not apply"


class CheckResult(models.TextChoices):
    """What a machine could tell of one criterion."""

    PASSED = "passed", "Nothing found"
    FAILED = "failed", "Found something"
    UNKNOWN = "unknown", "Cannot be checked by machine"


class Keeper(models.TextChoices):
    """Who keeps a thing when a fellowship ends."""

    FELLOW = "fellow", "The fellow keeps it"
    COMPANY = "company", "The company keeps it"
    BOTH = "both", "Both keep it"
    NOBODY = "nobody", "It is deleted"


class DepositKind(models.TextChoices):
    """What may lie in escrow: how the work was done, never the data."""

    METHODS = "methods", "Methods"
    NOTES = "notes", "High-level notes"
    CODE = "code", "Analysis code"
