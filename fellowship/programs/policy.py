"""Who may run a programme, and when a call may open."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Realm, User
from fellowship.accounts.queries import has_role, holds_anywhere
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.time import now
from fellowship.programs.gaps import coverings
from fellowship.programs.models import Call, ChecklistItem, Program
from fellowship.programs.states import CALL_MOVES, CallState, LaunchItem

RESERVED = ("found",)
"""Short names that are addresses of ours."""


def may_found(by: Actor) -> Refusal | None:
    """Why `by` may not found a programme: an administrator does, or who runs the installation."""
    if isinstance(by, System) or holds_anywhere(by, roles.ADMINISTRATOR):
        return None
    if isinstance(by, User) and by.is_active and by.is_superuser:
        return None
    return Refusal("wrong_role", "Only an administrator founds a programme.")


def free_slug(slug: str) -> Refusal | None:
    """Why the short name cannot be had."""
    if slug not in RESERVED and not Realm.objects.filter(slug=slug).exists():
        return None
    return Refusal("slug_taken", "This short name is taken.", field="slug")


def may_set_up(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not name the sponsor or furnish the programme, which shows no case."""
    if isinstance(by, System) or has_role(by, program.pk, roles.MANAGER, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role", f"Only a programme manager or an administrator of {program} sets it up."
    )


def may_administer(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not give roles in the programme."""
    if isinstance(by, System) or has_role(by, program.pk, roles.ADMINISTRATOR):
        return None
    return Refusal("wrong_role", f"Only an administrator of {program} gives roles.")


def may_manage(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not change the programme or its calls."""
    if isinstance(by, System) or has_role(by, program.pk, roles.MANAGER):
        return None
    return Refusal("wrong_role", f"Only a programme manager of {program} may do this.")


def may_publish(call: Call, by: Actor) -> Refusal | None:
    """Why the call may not open: wrong person, wrong state, or a gap in the launch checklist."""
    return first(
        may_manage(call.program, by), CALL_MOVES.refusal(call.state, "publish"), launch_gap(call)
    )


def launch_gap(call: Call) -> Refusal | None:
    """The items of the launch checklist still open and not covered by a live exception."""
    done = set(
        ChecklistItem.objects.filter(program=call.program, done_at__isnull=False).values_list(
            "item", flat=True
        )
    )
    missing = [i for i in LaunchItem.values if i not in done]
    if missing and not coverings(call.program):
        names = "; ".join(LaunchItem(i).label for i in missing)
        return Refusal(
            "launch_gap",
            f"The launch checklist is not complete: {names}. Complete it or record an exception.",
            rule="launch checklist",
        )
    return None


def may_edit(call: Call, by: Actor) -> Refusal | None:
    """Why the text may not be changed: once published, applicants rely on it."""
    return first(
        may_manage(call.program, by),
        None
        if call.state == CallState.DRAFT
        else Refusal(
            "published",
            "This call is published; its text stays as applicants read it.",
            rule="no moving goalposts",
        ),
    )


def may_close(call: Call, by: Actor) -> Refusal | None:
    """Why the call may not be closed."""
    return first(
        may_manage(call.program, by),
        CALL_MOVES.refusal(call.state, "close"),
        Refusal("call_over", "Its time is over; it takes no proposals as it is.", rule=call.ref)
        if call.closes_at <= now()
        else None,
    )


def may_extend(call: Call, by: Actor, closes_at: dt.datetime) -> Refusal | None:
    """Why the call may not be given a later end: deadlines never move towards applicants."""
    if closes_at <= call.closes_at or closes_at <= now():
        return first(
            may_manage(call.program, by),
            Refusal("not_later", "A deadline only ever moves later.", field="closes_at"),
        )
    return may_manage(call.program, by)


def takes_proposals(call: Call, at: dt.datetime | None = None) -> Refusal | None:
    """Why the call takes no proposals at `at` (default now), with the instant that decides."""
    at = at or now()
    if call.is_open(at):
        return None
    reason = "This call is closed; it takes no more proposals."
    if call.state == CallState.DRAFT:
        reason = "This call is not published yet."
    elif call.state == CallState.PUBLISHED and at < call.opens_at:
        reason = f"This call opens on {call.opens_at:%-d %B %Y at %H:%M} UTC."
    elif call.state == CallState.PUBLISHED:
        reason = f"This call closed on {call.closes_at:%-d %B %Y at %H:%M} UTC."
    return Refusal("call_not_open", reason, rule=call.ref)
