"""Change the terms of what a programme offers, retire it, offer it again."""

from __future__ import annotations

from typing import Any, TypeVar

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs import policy
from fellowship.programs.models import Offer, Versioned

V = TypeVar("V", bound=Versioned)
O = TypeVar("O", bound=Offer)  # noqa: E741


@journal.verb("programs.revise_terms")
def revise_terms(*, term: V, version: int, by: User, reason: str, **changes: Any) -> V:
    """Make the next version of these terms; cases under way keep the one they were begun with.

    `version` is the one the person saw; where another stands meanwhile it is refused, so that
    nobody's change is lost. Terms that stand as sent are returned unchanged.
    """
    term = _locked(term)
    refuse(policy.may_set_up(term.program, by))
    changed = sorted(name for name in changes if getattr(term, name) != changes[name])
    if not changed:
        return term
    refuse(policy.unchanged_since(term, version))
    for name in changed:
        setattr(term, name, changes[name])
    term.version += 1
    term.save()
    journal.record(subject=term, change={"version": term.version, "fields": changed})
    return term


@journal.verb("programs.retire_offer")
def retire_offer(*, offer: O, by: User, reason: str) -> O:
    """Offer it no more. Cases that chose it keep it, and its page stays."""
    offer = _locked(offer)
    refuse(policy.may_set_up(offer.program, by))
    if offer.retired_at:
        return offer
    offer.retired_at, offer.retired_by = now(), by
    offer.save()
    journal.record(subject=offer, change={"retired": True})
    return offer


@journal.verb("programs.offer_again")
def offer_again(*, offer: O, by: User, reason: str) -> O:
    """Offer again what was retired, on the terms it had."""
    offer = _locked(offer)
    refuse(policy.may_set_up(offer.program, by))
    if offer.retired_at is None:
        return offer
    offer.retired_at = offer.retired_by = None
    offer.save()
    journal.record(subject=offer, change={"retired": False})
    return offer


def _locked(term: V) -> V:
    """The row alone: the nullable person who retired it is no part of the lock."""
    rows: Any = type(term).objects
    found: V = rows.locked().select_related("program").get(pk=term.pk)
    return found
