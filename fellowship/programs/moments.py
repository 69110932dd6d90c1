"""Who acts when a call is published, or closes at another time than was said: registered below."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from fellowship.programs.models import Call

F = TypeVar("F", bound=Callable[..., Any])
_told: list[Callable[..., Any]] = []
_published: list[Callable[..., Any]] = []


class Moment(enum.Enum):
    """What happened to the call."""

    EXTENDED = "extended"
    CLOSED = "closed"
    REOPENED = "reopened"


def on_published(function: F) -> F:
    """Call `function(call)` in the transaction that published the call for the first time."""
    if function not in _published:
        _published.append(function)
    return function


def published(call: Call) -> None:
    """Let everyone registered act."""
    for function in _published:
        function(call)


def on_moved(function: F) -> F:
    """Call `function(call, moment, reason)` in the transaction that moved the call's end."""
    if function not in _told:
        _told.append(function)
    return function


def moved(call: Call, moment: Moment, reason: str) -> None:
    """Tell everyone registered."""
    for function in _told:
        function(call, moment, reason)
