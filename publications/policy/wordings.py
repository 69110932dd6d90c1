"""Who may save wording for others and put it away, and why not."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from publications.models import SavedWording
from publications.models.ladder import SAVERS


def may_save(program_id: int, by: Actor) -> Refusal | None:
    """Why `by` may not save wording for the programme's reviewers: they and the manager may."""
    if isinstance(by, System) or has_role(by, program_id, *SAVERS):
        return None
    return Refusal("wrong_role", say("Reviewers and the programme manager save wording."))


def may_retire(wording: SavedWording, by: Actor) -> Refusal | None:
    """Why `by` may not put it away: who saved it does, or the manager."""
    if isinstance(by, System) or by == wording.added_by:
        return None
    if has_role(by, wording.program_id, roles.MANAGER):
        return None
    return Refusal(
        "not_yours",
        say("{added_by} saved it; they or the manager put it away.", added_by=wording.added_by),
    )
