"""What every policy of governance asks."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say


def needs_role(by: Actor, program_id: int, *keys: str, to: str) -> Refusal | None:
    """Why `by` is not one of the roles; a service account is."""
    if isinstance(by, System) or has_role(by, program_id, *keys):
        return None
    names = [roles.ROLES[key].label.lower() for key in keys]
    who = (
        joined(say(" or "), names)
        if len(names) < 3
        else joined(", ", names[:-1]) + say(" or {names}", names=names[-1])
    )
    return Refusal("wrong_role", say("Only the {who} of this programme may {to}.", who=who, to=to))


def text_given(text: str, field: str, reason: str) -> Refusal | None:
    """Why a text that must say something is refused."""
    return None if text.strip() else Refusal(f"no_{field}", reason, field=field)
