"""Who may set the rota, be away, stand in and hand over, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models import OncallAbsence, OncallOverride, Rota
from governance.policy.common import needs_role, text_given
from governance.roster import CALLED

KEEPERS = (roles.MANAGER, roles.ONCALL)
"""Who sets the rota, and enters absences and overrides for others."""
LINES = 5
EVERY_DAYS = 28
LONGEST = dt.timedelta(days=366)


def may_set_rota(
    program: Program,
    *,
    name: str,
    line: int,
    members: Sequence[User],
    starts_at: dt.datetime,
    every_days: int,
    by: Actor,
) -> Refusal | None:
    """Why the line is not set: its people answer alarms, each once, in turns of a sane length."""
    unable = [m for m in members if not has_role(m, program, *CALLED)]
    return first(
        needs_role(by, program.pk, *KEEPERS, to=say("set the on-call rota")),
        text_given(name, "name", say("Give the line a name, such as “First line”.")),
        None
        if 1 <= line <= LINES
        else Refusal("no_such_line", say("Lines go from 1 to {LINES}.", LINES=LINES), field="line"),
        None
        if 1 <= every_days <= EVERY_DAYS
        else Refusal(
            "turn_length",
            say("A turn lasts from 1 to {EVERY_DAYS} days.", EVERY_DAYS=EVERY_DAYS),
            field="every_days",
        ),
        None
        if members
        else Refusal(
            "no_members", say("Name who takes turns, one after the other."), field="members"
        ),
        Refusal("twice", say("Each person takes one place of a line."), field="members")
        if len({m.pk for m in members}) != len(members)
        else None,
        Refusal(
            "wrong_role",
            say(
                "{unable} does not answer alarms here: name people of security on-call.",
                unable=unable[0],
            ),
            field="members",
        )
        if unable
        else None,
        None
        if abs(starts_at - now()) <= LONGEST
        else Refusal("too_far", say("Start within a year."), field="starts_at"),
        _after_the_last(program, line, starts_at),
    )


def _after_the_last(program: Program, line: int, starts_at: dt.datetime) -> Refusal | None:
    """A changed line takes over from the one before; who was called in the past stays as it was."""
    last = Rota.objects.filter(program=program, line=line, ended_at=None).first()
    if last is None or starts_at >= max(last.starts_at, now() - dt.timedelta(days=1)):
        return None
    return Refusal(
        "in_the_past",
        say(
            "This line is kept already: a change begins today at the earliest, so that "
            "who was called before stays on record."
        ),
        field="starts_at",
    )


def may_end_rota(rota: Rota, by: Actor) -> Refusal | None:
    """Why the line does not end."""
    return needs_role(by, rota.program_id, *KEEPERS, to=say("end a line of the rota"))


def sound_period(starts_at: dt.datetime, ends_at: dt.datetime) -> Refusal | None:
    """Why a time is no time to be away or to stand in."""
    if ends_at <= starts_at:
        return Refusal("ends_first", say("The end must come after the beginning."), field="ends_at")
    if ends_at <= now():
        return Refusal("past", say("This time is over already."), field="ends_at")
    if ends_at - starts_at > LONGEST:
        return Refusal("too_long", say("A year at most."), field="ends_at")
    return None


def may_be_away(
    program: Program, user: User, starts_at: dt.datetime, ends_at: dt.datetime, by: Actor
) -> Refusal | None:
    """Why the absence is not entered: one's own, or another's by who keeps the rota."""
    own = isinstance(by, User) and by.pk == user.pk
    return first(
        needs_role(by, program.pk, *(CALLED if own else KEEPERS), to=say("enter this absence")),
        None
        if has_role(user, program, *CALLED)
        else Refusal("wrong_role", say("{user} is not called here.", user=user), field="user"),
        sound_period(starts_at, ends_at),
    )


def may_override(
    program: Program,
    *,
    line: int,
    user: User,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
    by: Actor,
) -> Refusal | None:
    """Why nobody stands in so: any of those called may arrange it among themselves."""
    there = OncallOverride.objects.filter(program=program, line=line, user=user)
    return first(
        needs_role(by, program.pk, *CALLED, to=say("change who is on call")),
        None
        if Rota.objects.filter(program=program, line=line, ended_at=None).exists()
        else Refusal("no_such_line", say("This programme has no such line."), field="line"),
        None
        if has_role(user, program, *CALLED)
        else Refusal(
            "wrong_role",
            say("{user} does not answer alarms here: choose who does.", user=user),
            field="user",
        ),
        sound_period(starts_at, ends_at),
        text_given(reason, "reason", say("Say why somebody else stands in.")),
        Refusal(
            "there_already",
            say("{user} stands in at that time already.", user=user),
            field="starts_at",
        )
        if there.standing().filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists()
        else None,
    )


def may_cancel(entry: OncallAbsence | OncallOverride, by: Actor) -> Refusal | None:
    """Why the entry stands: its own person or who keeps the rota takes it back."""
    own = isinstance(by, User) and by.pk == entry.user_id
    refusal = needs_role(by, entry.program_id, *KEEPERS, to=say("take this back"))
    if refusal is not None and own:
        refusal = None
    over = Refusal("past", say("It is over already.")) if entry.ends_at <= now() else None
    return first(refusal, over)


def may_hand_over(program: Program, holder: User | None, text: str, by: Actor) -> Refusal | None:
    """Why no handover is written: who is on duty writes it, or who keeps the rota."""
    on_duty = holder is not None and isinstance(by, User) and by.pk == holder.pk
    hand_over = say("hand over this line")
    allowed = None if on_duty else needs_role(by, program.pk, *KEEPERS, to=hand_over)
    return first(allowed, text_given(text, "text", say("Say what the next person must know.")))
