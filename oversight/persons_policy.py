"""Who may ask that a person is forgotten, who approves it, and what stands against it."""

from __future__ import annotations

from typing import Any, Final

from fellowship.accounts import policy as accounts
from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from oversight import retention_policy as retention
from oversight.models import DueErasure, Erasure, PersonalCopy
from oversight.persons import parts

RULE: Final = "erasure"


def may_ask_erasure(person: User, by: User, *, reason: str) -> Refusal | None:
    """Why `by` may not ask it: it is the person's own wish, or an administrator passes it on."""
    return first(
        None if by == person else _answers_for(person, by),
        None
        if not Erasure.objects.filter(person=person, done_at__isnull=False).exists()
        else Refusal("erased", say("This was done already."), rule=RULE),
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why."), rule=RULE, field="reason"),
    )


def may_approve_erasure(erasure: Erasure, by: User) -> Refusal | None:
    """Why `by` may not approve it: asked it, is the person, or the person still has a part."""
    return first(
        None
        if by.pk != erasure.asked_by_id
        else Refusal(
            "separation_second", say("A second person approves what you asked for."), rule=RULE
        ),
        _may_settle(erasure, by),
        retention.held(erasure.person_id),
        _still_here(erasure.person_id),
    )


def _still_here(person: int) -> Refusal | None:
    """What they came as ends with the erasure once their cases are over; all else is handed on."""
    held = set(
        RoleAssignment.objects.live().filter(user=person).order_by().values_list("role", flat=True)
    )
    if held - {*parts.OUTSIDE} or (held and parts.goes_on(person, now())):
        return Refusal(
            "still_here",
            say(
                "They still hold a role: end their account first, so that what they hold "
                "is handed on."
            ),
            rule=RULE,
        )
    return None


def may_refuse_erasure(erasure: Erasure, by: User, *, reason: str) -> Refusal | None:
    """Why `by` may not refuse it. What stands against it is said to the person."""
    return first(
        _may_settle(erasure, by),
        None
        if reason.strip()
        else Refusal("no_reason", say("Say what stands against it."), rule=RULE, field="reason"),
        None
        if not DueErasure.objects.open().filter(erasure=erasure).exists()
        or retention.held(erasure.person_id)
        else Refusal(
            "hold_first",
            say("The retention rule asks for this one: hold it back first, until a day."),
            rule=retention.RULE,
        ),
    )


def may_take_copy(copy: PersonalCopy, by: Any, kept: bool) -> Refusal | None:
    """Why the file is not handed out."""
    if copy.person_id != by.pk:
        return Refusal("not_yours", say("A copy is for its own person."), rule=RULE)
    return (
        None if kept else Refusal("gone", say("Its file is kept no more: make another."), rule=RULE)
    )


def _may_settle(erasure: Erasure, by: User) -> Refusal | None:
    if by.pk == erasure.person_id:
        return Refusal(
            "separation_own", say("Somebody else answers what you asked for."), rule=RULE
        )
    refused = _answers_for(erasure.person, by)
    if refused is None and (erasure.done_at or erasure.refused_at or erasure.approved_at):
        return Refusal("settled", say("This was answered already."), rule=RULE)
    return refused


def _answers_for(person: User, by: User) -> Refusal | None:
    """Why `by` does not answer for the person: administers no programme that kept or keeps them."""
    there = realm_ids_where(by, roles.ADMINISTRATOR)
    if DueErasure.objects.filter(person=person, program_id__in=there).exclude(person=by).exists():
        return None
    return accounts.may_end_account(person, by, by_directory=False)
