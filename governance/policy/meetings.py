"""Who may call meetings, write and approve minutes, and name deputies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import roles_of, seat_of
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import rules
from governance.models import Cadence, Meeting
from governance.policy.common import needs_role, text_given
from governance.states import RuleKind

RANGES = {"every_weeks": (1, 52), "minutes": (10, 600), "weeks_ahead": (1, 26)}


def may_call(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not call a meeting or write its minutes."""
    return needs_role(by, program.pk, roles.CHAIR, roles.MANAGER, to=say("call a meeting"))


def may_call_for(program: Program, starts_at: dt.datetime, by: Actor) -> Refusal | None:
    """Why `by` may not call a meeting for that time."""
    return first(
        may_call(program, by),
        None
        if starts_at > now()
        else Refusal("in_the_past", say("Choose a time that is still to come."), field="starts_at"),
    )


def may_move(meeting: Meeting, starts_at: dt.datetime, by: User) -> Refusal | None:
    """Why the meeting may not be moved to that time."""
    taken = Meeting.objects.filter(
        program_id=meeting.program_id, starts_at=starts_at, cancelled_at=None
    )
    return first(
        needs_role(by, meeting.program_id, roles.CHAIR, roles.MANAGER, to=say("move a meeting")),
        Refusal("cancelled", say("This meeting was cancelled.")) if meeting.cancelled_at else None,
        Refusal("has_begun", say("This meeting has begun: it is not moved any more."))
        if meeting.minutes or meeting.starts_at <= now()
        else None,
        None
        if starts_at > now()
        else Refusal("in_the_past", say("Choose a time that is still to come."), field="starts_at"),
        Refusal("taken", say("The board meets at that time already."), field="starts_at")
        if taken.exists()
        else None,
    )


def may_mark(meeting: Meeting, user: User, by: User) -> Refusal | None:
    """Why it may not be noted who is there: the chair or a manager does, of those who take part."""
    return first(
        may_write(meeting, by),
        None
        if roles_of(user, meeting.program_id) or user.pk in meeting.attendance
        else Refusal("wrong_person", say("Only people of the programme take part.")),
    )


def may_draft(meeting: Meeting, by: User) -> Refusal | None:
    """Why the minutes may not be drafted: what is to be written down must have begun."""
    return first(
        may_write(meeting, by),
        None
        if meeting.starts_at <= now()
        else Refusal(
            "not_begun", say("The meeting has not begun: there is nothing to write down.")
        ),
    )


def may_set_cadence(
    program: Program, first_on: dt.date, lengths: Mapping[str, int], by: Actor
) -> Refusal | None:
    """Why the board may not meet by this cadence; `lengths` in weeks and minutes, by field."""
    return first(
        needs_role(by, program.pk, roles.CHAIR, roles.MANAGER, to=say("set the cadence")),
        *(_within(field, value, *RANGES[field]) for field, value in lengths.items()),
        None
        if first_on >= program.today()
        else Refusal("in_the_past", say("Choose a day that is still to come."), field="first_on"),
    )


def _within(field: str, value: int, low: int, high: int) -> Refusal | None:
    if low <= value <= high:
        return None
    return Refusal(
        "out_of_range", say("Choose from {low} to {high}.", low=low, high=high), field=field
    )


def may_end_cadence(cadence: Cadence, by: Actor, reason: str) -> Refusal | None:
    """Why the cadence may not be ended."""
    return first(
        needs_role(by, cadence.program_id, roles.CHAIR, roles.MANAGER, to=say("end the cadence")),
        text_given(reason, "reason", say("Say why: those who were called read it.")),
    )


def may_cancel(meeting: Meeting, by: Actor) -> Refusal | None:
    """Why the meeting may not be cancelled: one with minutes took place."""
    return first(
        needs_role(by, meeting.program_id, roles.CHAIR, roles.MANAGER, to=say("cancel a meeting")),
        Refusal("took_place", say("This meeting has minutes: it took place."))
        if meeting.minutes
        else None,
    )


def may_write(meeting: Meeting, by: Actor) -> Refusal | None:
    """Why the minutes may not be changed: approved ones never are."""
    return first(
        needs_role(by, meeting.program_id, roles.CHAIR, roles.MANAGER, to=say("write the minutes")),
        None
        if meeting.approved_at is None
        else Refusal(
            "minutes_approved", say("These minutes are approved and do not change any more.")
        ),
        None
        if meeting.cancelled_at is None
        else Refusal(
            "cancelled", say("This meeting was cancelled: there is nothing to write down.")
        ),
    )


def may_approve(meeting: Meeting, by: Actor) -> Refusal | None:
    """Why the minutes may not be approved."""
    return first(
        needs_role(by, meeting.program_id, roles.CHAIR, to=say("approve the minutes")),
        text_given(meeting.minutes, "minutes", say("There are no minutes to approve.")),
    )


def may_name_deputies(program: Program, by: User) -> Refusal | None:
    """Why `by` may name no deputy at all."""
    return first(_has_seat(program, by), _deputies_allowed(program))


def may_deputise(
    program: Program, deputy: User, starts_at: dt.datetime, ends_at: dt.datetime, by: User
) -> Refusal | None:
    """Why the deputy is refused: only a member names one, who takes part and has no seat."""
    return first(
        _has_seat(program, by),
        Refusal("separation", say("A deputy is another person."), field="deputy")
        if by == deputy
        else None,
        None
        if roles_of(deputy, program.pk) and not seat_of(deputy, program.pk)
        else Refusal(
            "deputy_unfit",
            say("A deputy takes part in the programme without a seat."),
            field="deputy",
        ),
        _deputies_allowed(program),
        None
        if ends_at > starts_at
        else Refusal("ends_before_start", say("The end must come later."), field="ends_at"),
    )


def _has_seat(program: Program, by: User) -> Refusal | None:
    if seat_of(by, program.pk):
        return None
    return Refusal("wrong_role", say("Only a member of the board names a deputy."))


def _deputies_allowed(program: Program) -> Refusal | None:
    """Why deputies are of no use: no ballot rule in force knows them."""
    try:
        rule = rules.in_force(program, RuleKind.BALLOT_RULES)
    except rules.NoRule:
        return Refusal("no_deputies", say("{program} has no ballot rules yet.", program=program))
    if any(ballot.delegation == "named_deputy" for ballot in rule.params.matters.values()):
        return None
    return Refusal(
        "no_deputies", say("The ballot rules in force know no deputies."), rule=str(rule)
    )
