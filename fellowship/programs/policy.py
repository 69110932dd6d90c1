"""Who may run a programme, and when a call may open."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, Realm, User
from fellowship.accounts.queries import has_role, holds_anywhere
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs import launch
from fellowship.programs.gaps import coverings
from fellowship.programs.models import Call, Program, Versioned
from fellowship.programs.states import CALL_MOVES, CallState, LaunchItem

RESERVED = ("found",)
"""Short names that are addresses of ours."""


def may_found(by: Actor) -> Refusal | None:
    """Why `by` may not found a programme: an administrator does, or who runs the installation."""
    if isinstance(by, System) or holds_anywhere(by, roles.ADMINISTRATOR):
        return None
    if isinstance(by, User) and by.is_active and by.is_superuser:
        return None
    return Refusal("wrong_role", say("Only an administrator founds a programme."))


def free_slug(slug: str) -> Refusal | None:
    """Why the short name cannot be had."""
    if slug not in RESERVED and not Realm.objects.filter(slug=slug).exists():
        return None
    return Refusal("slug_taken", say("This short name is taken."), field="slug")


def may_set_up(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not name the sponsor or furnish the programme, which shows no case."""
    if isinstance(by, System) or has_role(by, program.pk, roles.MANAGER, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role",
        say(
            "Only a programme manager or an administrator of {program} sets it up.", program=program
        ),
    )


def may_administer(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not give roles in the programme."""
    if isinstance(by, System) or has_role(by, program.pk, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role", say("Only an administrator of {program} gives roles.", program=program)
    )


def may_manage(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not change the programme or its calls."""
    if isinstance(by, System) or has_role(by, program.pk, roles.MANAGER):
        return None
    return Refusal(
        "wrong_role",
        say("Only a programme manager of {program} changes it and its calls.", program=program),
    )


def may_publish(call: Call, by: Actor) -> Refusal | None:
    """Why the call may not open: wrong person, wrong state, or a gap in the launch checklist."""
    return first(
        may_manage(call.program, by), CALL_MOVES.refusal(call.state, "publish"), launch_gap(call)
    )


def launch_gap(call: Call) -> Refusal | None:
    """The items of the launch checklist that do not stand, where no live exception covers them.

    Asked of the facts each time: what was ticked once and holds no more is open again.
    """
    missing = launch.open_items(call.program)
    if missing and not coverings(call.program):
        names = joined("; ", (_gap(standing) for standing in missing))
        return Refusal(
            "launch_gap",
            say(
                "The launch checklist is not complete: {names}. Complete it or record an "
                "exception.",
                names=names,
            ),
            rule=say("launch checklist"),
        )
    return None


def _gap(standing: launch.Standing) -> str:
    label = LaunchItem(standing.item.item).label
    return f"{label} ({standing.fact.text.rstrip('.')})" if standing.refuted else label  # type: ignore[union-attr]


def may_complete(fact: launch.Fact | None, evidence: str) -> Refusal | None:
    """Why an item cannot be completed: the system knows that it is not so, or nothing shows it."""
    if fact is not None and not fact.holds:
        return Refusal(
            "fact_missing", say("{text} It can be completed once this is so.", text=fact.text)
        )
    if not evidence:
        return Refusal("no_evidence", say("Say what shows that it stands."), field="evidence")
    return None


def unchanged_since(term: Versioned, version: int) -> Refusal | None:
    """Why a change to these terms is not taken: it was written against another version."""
    if term.version == version:
        return None
    return Refusal(
        "stale_terms",
        say(
            "{term} was changed while you wrote: version {version} stands now. What you "
            "wrote is kept; see what differs before you save it.",
            term=term,
            version=term.version,
        ),
        rule=say("no silent loss"),
    )


def may_edit(call: Call, by: Actor) -> Refusal | None:
    """Why the text may not be changed: once published, applicants rely on it."""
    return first(
        may_manage(call.program, by),
        None
        if call.state == CallState.DRAFT
        else Refusal(
            "published",
            say("This call is published; its text stays as applicants read it."),
            rule=say("no moving goalposts"),
        ),
    )


def may_close(call: Call, by: Actor) -> Refusal | None:
    """Why the call may not be closed."""
    return first(
        may_manage(call.program, by),
        CALL_MOVES.refusal(call.state, "close"),
        Refusal(
            "call_over", say("Its time is over; it takes no proposals as it is."), rule=call.ref
        )
        if call.closes_at <= now()
        else None,
    )


def may_extend(call: Call, by: Actor, closes_at: dt.datetime) -> Refusal | None:
    """Why the call may not be given a later end: deadlines never move towards applicants."""
    return first(may_extend_at_all(call, by), _later(call, closes_at))


def may_extend_at_all(call: Call, by: Actor) -> Refusal | None:
    """Why the call may have no later end whatever it is: wrong person, or it is not published."""
    return first(may_manage(call.program, by), _extendable(call))


def _extendable(call: Call) -> Refusal | None:
    if call.state == CallState.PUBLISHED:
        return None
    words = {
        CallState.DRAFT: say("A draft has no deadline to extend: edit its text."),
        CallState.CLOSED: say("This call was closed: open it again with its new closing time."),
    }
    return Refusal("not_published", words[CallState(call.state)], rule=call.ref)


def may_reopen(call: Call, by: Actor, closes_at: dt.datetime | None = None) -> Refusal | None:
    """Why a closed call may not be opened again: the checklist is asked as at its publication."""
    return first(
        may_manage(call.program, by),
        CALL_MOVES.refusal(call.state, "reopen"),
        launch_gap(call),
        _later(call, closes_at, same=True) if closes_at else None,
    )


def _later(call: Call, closes_at: dt.datetime, *, same: bool = False) -> Refusal | None:
    earlier = closes_at < call.closes_at if same else closes_at <= call.closes_at
    if earlier or closes_at <= now():
        words = say("A deadline only ever moves later, and never into the past.")
        return Refusal("not_later", words, field="closes_at")
    return None


def takes_proposals(call: Call, at: dt.datetime | None = None) -> Refusal | None:
    """Why the call takes no proposals at `at` (default now), with the instant that decides."""
    at = at or now()
    if call.is_open(at):
        return None
    reason = say("This call is closed; it takes no more proposals.")
    if call.state == CallState.DRAFT:
        reason = say("This call is not published yet.")
    elif call.state == CallState.PUBLISHED and at < call.opens_at:
        reason = say(
            "This call opens on {opens_at:%-d %B %Y at %H:%M} UTC.", opens_at=call.opens_at
        )
    elif call.state == CallState.PUBLISHED:
        reason = say(
            "This call closed on {closes_at:%-d %B %Y at %H:%M} UTC.", closes_at=call.closes_at
        )
    return Refusal("call_not_open", reason, rule=call.ref)
