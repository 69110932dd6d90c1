"""Who may ask that a person is forgotten, who approves it, and what stands against it."""

from __future__ import annotations

from typing import Any, Final

from fellowship.accounts import policy as accounts
from fellowship.accounts.models import RoleAssignment, User
from fellowship.kernel.refusals import Refusal, first
from oversight.models import Erasure, PersonalCopy

RULE: Final = "erasure"


def may_ask_erasure(person: User, by: User, *, reason: str) -> Refusal | None:
    """Why `by` may not ask it: it is the person's own wish, or an administrator passes it on."""
    return first(
        None if by == person else accounts.may_end_account(person, by, by_directory=False),
        None
        if not Erasure.objects.filter(person=person, done_at__isnull=False).exists()
        else Refusal("erased", "This was done already.", rule=RULE),
        None if reason.strip() else Refusal("no_reason", "Say why.", rule=RULE, field="reason"),
    )


def may_approve_erasure(erasure: Erasure, by: User) -> Refusal | None:
    """Why `by` may not approve it: asked it, is the person, or the person still has a part."""
    return first(
        _may_settle(erasure, by),
        None
        if by.pk != erasure.asked_by_id
        else Refusal("second_person", "A second person approves what you asked for.", rule=RULE),
        None
        if not RoleAssignment.objects.live().filter(user=erasure.person_id).exists()
        else Refusal(
            "still_here",
            "They still hold a role: end their account first, so that what they hold is handed on.",
            rule=RULE,
        ),
    )


def may_refuse_erasure(erasure: Erasure, by: User, *, reason: str) -> Refusal | None:
    """Why `by` may not refuse it. What stands against it is said to the person."""
    return first(
        _may_settle(erasure, by),
        None
        if reason.strip()
        else Refusal("no_reason", "Say what stands against it.", rule=RULE, field="reason"),
    )


def may_take_copy(copy: PersonalCopy, by: Any, kept: bool) -> Refusal | None:
    """Why the file is not handed out."""
    if copy.person_id != by.pk:
        return Refusal("not_yours", "A copy is for its own person.", rule=RULE)
    return None if kept else Refusal("gone", "Its file is kept no more: make another.", rule=RULE)


def _may_settle(erasure: Erasure, by: User) -> Refusal | None:
    if erasure.done_at or erasure.refused_at or erasure.approved_at:
        return Refusal("settled", "This was answered already.", rule=RULE)
    if by.pk == erasure.person_id:
        return Refusal("own_erasure", "Somebody else answers what you asked for.", rule=RULE)
    return accounts.may_end_account(erasure.person, by, by_directory=False)
