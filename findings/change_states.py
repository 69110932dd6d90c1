"""The lifecycles of what a finding is converted into, and of a contested suggestion."""

from __future__ import annotations

from typing import Final

from django.db import models

from fellowship.kernel.moves import Holder, Move, MoveTable
from fellowship.kernel.saying import say
from findings.states import COUNTED, Counted


class ChangeState(models.TextChoices):
    """Where a change request stands, as the receiving team's tracker says."""

    OPEN = "open", say("Open")
    IN_PROGRESS = "in_progress", say("In progress")
    DONE = "done", say("Done")
    REJECTED = "rejected", say("Rejected")
    WITHDRAWN = "withdrawn", say("Withdrawn")


REPORTED_STATES: Final = (
    ChangeState.OPEN,
    ChangeState.IN_PROGRESS,
    ChangeState.DONE,
    ChangeState.REJECTED,
)
"""What a tracker may report. Withdrawn is said here alone."""

_C = ChangeState
CHANGE_MOVES = MoveTable(
    name=say("change request"),
    initial=_C.OPEN,
    moves=(
        Move("begin", _C.OPEN, _C.IN_PROGRESS),
        Move("finish", _C.OPEN, _C.DONE),
        Move("finish", _C.IN_PROGRESS, _C.DONE),
        Move("reject", _C.OPEN, _C.REJECTED),
        Move("reject", _C.IN_PROGRESS, _C.REJECTED),
        Move("reopen", _C.IN_PROGRESS, _C.OPEN),
        Move("reopen", _C.DONE, _C.OPEN),
        Move("reopen", _C.REJECTED, _C.OPEN),
        Move("begin", _C.DONE, _C.IN_PROGRESS),
        Move("begin", _C.REJECTED, _C.IN_PROGRESS),
        Move("finish", _C.REJECTED, _C.DONE),
        Move("reject", _C.DONE, _C.REJECTED),
        Move("withdraw", _C.OPEN, _C.WITHDRAWN),
        Move("withdraw", _C.IN_PROGRESS, _C.WITHDRAWN),
        Move("withdraw", _C.REJECTED, _C.WITHDRAWN),
    ),
    holders={
        _C.OPEN: Holder.US,
        _C.IN_PROGRESS: Holder.US,
        _C.DONE: Holder.US,
        _C.REJECTED: Holder.US,
        _C.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(ChangeState.choices),
    said={"begin": say("begun")},
)
CHANGE_VERBS: Final = {
    _C.OPEN: "reopen",
    _C.IN_PROGRESS: "begin",
    _C.DONE: "finish",
    _C.REJECTED: "reject",
}
"""The verb by which a reported state is reached."""


class Reception(models.TextChoices):
    """What became of a report of a tracker."""

    APPLIED = "applied", say("Applied")
    SAME = "same", say("Says what stood already")
    LATE = "late", say("Older than what is known, kept only")
    WITHDRAWN = "withdrawn", say("Came after the withdrawal, kept only")


class AcceptanceState(models.TextChoices):
    """Whether what must pass has passed."""

    PLANNED = "planned", say("Not run yet")
    PASSED = "passed", say("Passed")
    FAILED = "failed", say("Failed")
    WITHDRAWN = "withdrawn", say("Withdrawn")


_A = AcceptanceState
ACCEPTANCE_MOVES = MoveTable(
    name=say("acceptance test"),
    initial=_A.PLANNED,
    moves=(
        Move("pass", _A.PLANNED, _A.PASSED),
        Move("fail", _A.PLANNED, _A.FAILED),
        Move("pass", _A.FAILED, _A.PASSED),
        Move("fail", _A.PASSED, _A.FAILED),
        Move("withdraw", _A.PLANNED, _A.WITHDRAWN),
        Move("withdraw", _A.FAILED, _A.WITHDRAWN),
    ),
    holders={
        _A.PLANNED: Holder.US,
        _A.PASSED: Holder.NOBODY,
        _A.FAILED: Holder.US,
        _A.WITHDRAWN: Holder.NOBODY,
    },
    labels=dict(AcceptanceState.choices),
    said={"pass": say("recorded as passed"), "fail": say("recorded as failed")},
)


class Must(models.TextChoices):
    """How an acceptance test says what must pass."""

    METRIC = "metric", say("A share of trials")
    NAMED = "named", say("A named test")


SHARES: Final = tuple(m for m, counted in COUNTED.items() if counted == Counted.SHARE)
"""Metrics that are shares of trials, by which an acceptance test may be stated."""


class ContestState(models.TextChoices):
    """What became of a contested suggestion."""

    OPEN = "open", say("Contested")
    UPHELD = "upheld", say("Upheld: the suggestion stands")
    REPLACED = "replaced", say("Replaced by another suggestion")
    WITHDRAWN = "withdrawn", say("Withdrawn: no longer suggested")
    RETRACTED = "retracted", say("Taken back by who contested it")


ANSWERED: Final = (ContestState.UPHELD, ContestState.REPLACED, ContestState.WITHDRAWN)

_K = ContestState
CONTEST_MOVES = MoveTable(
    name=say("contested suggestion"),
    initial=_K.OPEN,
    moves=(
        Move("uphold", _K.OPEN, _K.UPHELD),
        Move("replace", _K.OPEN, _K.REPLACED),
        Move("withdraw", _K.OPEN, _K.WITHDRAWN),
        Move("take_back", _K.OPEN, _K.RETRACTED),
    ),
    holders={
        _K.OPEN: Holder.US,
        _K.UPHELD: Holder.NOBODY,
        _K.REPLACED: Holder.NOBODY,
        _K.WITHDRAWN: Holder.NOBODY,
        _K.RETRACTED: Holder.NOBODY,
    },
    labels=dict(ContestState.choices),
    said={"open": say("open")},
)
CONTEST_VERBS: Final = {_K.UPHELD: "uphold", _K.REPLACED: "replace", _K.WITHDRAWN: "withdraw"}
