"""The lifecycles of access as tables of data, and its fixed lists."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say
from scoping.states import Operation, Tier

__all__ = [
    "CLASSIFICATION_MOVES",
    "CLASSIFYING",
    "EXPOSURE",
    "OPEN_REQUEST",
    "OPERATION_OF",
    "REQUEST_MOVES",
    "TIERS",
    "UNREAD",
    "AnomalyKind",
    "ClassificationState",
    "DeletionMethod",
    "EventKind",
    "Operation",
    "RequestState",
    "TargetKind",
    "Tier",
    "Variant",
    "Verdict",
]


TIERS: Final = tuple(Tier.values)
"""The tiers in their order: a later one is held more closely."""


class Variant(models.TextChoices):
    """How much of the original a dataset still shows, from least to most."""

    SYNTHETIC = "synthetic", say("Synthetic mirror")
    DEIDENTIFIED = "deidentified", say("De-identified sample")
    MINIMAL_SUBSET = "minimal_subset", say("Minimal subset")
    RAW = "raw", say("Raw")


EXPOSURE: Final = {value: place for place, value in enumerate(Variant.values)}
"""The least that serves comes first."""


class ClassificationState(models.TextChoices):
    """How far a classification has come."""

    OPEN = "open", say("Waiting for answers")
    DIFFER = "differ", say("To be settled")
    SETTLED = "settled", say("Settled")
    WITHDRAWN = "withdrawn", say("Called off")


_C = ClassificationState
CLASSIFYING: Final = (_C.OPEN.value, _C.DIFFER.value)
"""A dataset has one classification at a time in these states."""

UNREAD: Final = (_C.OPEN.value, _C.WITHDRAWN.value)
"""While it is in these, nobody reads another's answers: not both have sent, or never will."""

CLASSIFICATION_MOVES = MoveTable(
    name=say("classification"),
    initial=_C.OPEN,
    moves=(
        Move("agree", _C.OPEN, _C.SETTLED),
        Move("differ", _C.OPEN, _C.DIFFER),
        Move("call_off", _C.OPEN, _C.WITHDRAWN),
        Move("settle", _C.DIFFER, _C.SETTLED),
    ),
    holders={
        _C.OPEN: Holder.US,
        _C.DIFFER: Holder.US,
        _C.SETTLED: Holder.NOBODY,
        _C.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(_C.choices),
    said={
        _C.OPEN: say("waiting for answers"),
        _C.DIFFER: say("seen differently by two people"),
        "differ": say("seen differently"),
        "call_off": say("called off"),
    },
)


class EventKind(models.TextChoices):
    """What systems report, as the agreement demands it be logged."""

    DATASET_ACCESS = "dataset_access", say("Dataset access")
    QUERY = "query", say("Query")
    CODE_EXECUTION = "code_execution", say("Code execution")
    NOTEBOOK_CREATION = "notebook_creation", say("Notebook creation")
    MODEL_CALL = "model_call", say("Model call")
    EXPORT = "export", say("Export")
    OUTPUT_DOWNLOAD = "output_download", say("Output download")
    COLLABORATION = "collaboration", say("Collaboration")


OPERATION_OF: Final[dict[str, str]] = {
    EventKind.DATASET_ACCESS.value: Operation.VIEW.value,
    EventKind.QUERY.value: Operation.QUERY.value,
    EventKind.CODE_EXECUTION.value: Operation.RUN_CODE.value,
    EventKind.NOTEBOOK_CREATION.value: Operation.NOTEBOOK.value,
    EventKind.MODEL_CALL.value: Operation.MODEL_CALL.value,
    EventKind.EXPORT.value: Operation.EXPORT.value,
    EventKind.OUTPUT_DOWNLOAD.value: Operation.DOWNLOAD.value,
    EventKind.COLLABORATION.value: Operation.SHARE.value,
}
"""The operation an event stands for when it names none."""


class Verdict(models.TextChoices):
    """What the record says about an event, by the facts at its own time."""

    WITHIN = "within", say("Within scope")
    OUT_OF_SCOPE = "out_of_scope", say("Out of scope")
    UNKNOWN_PERSON = "unknown_person", say("Unknown person")
    UNKNOWN_DATASET = "unknown_dataset", say("Unknown dataset")


class TargetKind(models.TextChoices):
    """How a target system learns what to let through."""

    WEBHOOK = "webhook", say("It is sent what changed")
    PULL = "pull", say("It asks by API")


class AnomalyKind(models.TextChoices):
    """What on the trail differs from how a person or dataset is used otherwise."""

    FIRST_USE = "first_use", say("First use of an operation")
    OFF_HOURS = "off_hours", say("Many acts outside working time")
    EXPORT_SPIKE = "export_spike", say("More exports than usual")
    NEW_SOURCE = "new_source", say("From a new source or under a new identity")


class RequestState(models.TextChoices):
    """Where a request for access stands. Whether a grant is live is derived, never a state."""

    REQUESTED = "requested", say("With the steward")
    CHANGES = "changes", say("Sent back for changes")
    CHECKED = "checked", say("Checked by the steward")
    WITH_BOARD = "with_board", say("With the board")
    APPROVED = "approved", say("Approved, agreement to be accepted")
    GRANTED = "granted", say("Granted")
    REFUSED = "refused", say("Refused")
    WITHDRAWN = "withdrawn", say("Withdrawn")


OPEN_REQUEST: Final = (
    RequestState.REQUESTED,
    RequestState.CHANGES,
    RequestState.CHECKED,
    RequestState.WITH_BOARD,
)

_S = RequestState
REQUEST_MOVES = MoveTable(
    name=say("access request"),
    initial=_S.REQUESTED,
    moves=(
        Move("check", _S.REQUESTED, _S.CHECKED),
        Move("send_back", _S.REQUESTED, _S.CHANGES),
        Move("send_back", _S.CHECKED, _S.CHANGES),
        Move("revise", _S.CHANGES, _S.REQUESTED),
        Move("refer", _S.CHECKED, _S.WITH_BOARD),
        Move("approve", _S.CHECKED, _S.APPROVED),
        Move("approve", _S.WITH_BOARD, _S.APPROVED),
        Move("return", _S.WITH_BOARD, _S.CHECKED),
        Move("refuse", _S.REQUESTED, _S.REFUSED),
        Move("refuse", _S.CHANGES, _S.REFUSED),
        Move("refuse", _S.CHECKED, _S.REFUSED),
        Move("refuse", _S.WITH_BOARD, _S.REFUSED),
        Move("reconsider", _S.REFUSED, _S.WITH_BOARD),
        Move("accept", _S.APPROVED, _S.GRANTED),
        Move("withdraw", _S.REQUESTED, _S.WITHDRAWN),
        Move("withdraw", _S.CHECKED, _S.WITHDRAWN),
        Move("withdraw", _S.CHANGES, _S.WITHDRAWN),
        Move("withdraw", _S.APPROVED, _S.WITHDRAWN),
    ),
    holders={
        _S.REQUESTED: Holder.US,
        _S.CHANGES: Holder.YOU,
        _S.CHECKED: Holder.US,
        _S.WITH_BOARD: Holder.BOARD,
        _S.APPROVED: Holder.YOU,
        _S.GRANTED: Holder.CLOCK,
        _S.REFUSED: Holder.NOBODY,
        _S.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(RequestState.choices),
    said={
        "send_back": say("sent back for changes"),
        _S.APPROVED: say("approved with an agreement to accept"),
        "reconsider": say("put before the board again"),
    },
)


class DeletionMethod(models.TextChoices):
    """How data was made to go."""

    CRYPTO_ERASE = "crypto_erase", say("Key destroyed (cryptographic erasure)")
    SECURE_DELETE = "secure_delete", say("Overwritten or purged")
    ENVIRONMENT_DESTROYED = "environment_destroyed", say("Environment and its volumes destroyed")
    RETURNED = "returned", say("Returned to the company")
    NEVER_HELD = "never_held", say("Nothing was copied out of the environment")
