"""Who is told when a call's deadline moves: the applications below register here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from fellowship.programs.models import Call

F = TypeVar("F", bound=Callable[..., Any])
_told: list[Callable[..., Any]] = []


def on_extended(function: F) -> F:
    """Call `function(call)` in the transaction that moved the closing time of `call`."""
    if function not in _told:
        _told.append(function)
    return function


def extended(call: Call) -> None:
    """Tell everyone registered."""
    for function in _told:
        function(call)
