"""What other applications do when a proposal is accepted: they register here, by code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from proposals.models import Proposal

Accepted = Callable[..., Any]
F = TypeVar("F", bound=Accepted)
_handlers: list[Accepted] = []


def on_accepted(function: F) -> F:
    """Call `function(proposal=, by=, reason=)` in the transaction that accepts a proposal.

    If it raises, the proposal is not accepted. Registering it again changes nothing.
    """
    if function not in _handlers:
        _handlers.append(function)
    return function


def accepted(proposal: Proposal, *, by: Any, reason: str) -> None:
    """Tell everyone registered, in the order of registration."""
    for function in _handlers:
        function(proposal=proposal, by=by, reason=reason)
