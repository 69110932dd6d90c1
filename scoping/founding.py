"""Founds the fellowship in the transaction in which the board accepts a proposal."""

from __future__ import annotations

from fellowship.accounts.models import Actor
from proposals.models import Proposal
from proposals.registry import on_accepted
from scoping.services import found_fellowship


@on_accepted
def found(*, proposal: Proposal, by: Actor, reason: str = "") -> None:
    """Make the case; if this fails, the proposal is not accepted."""
    found_fellowship(proposal=proposal, by=by, reason=reason)
