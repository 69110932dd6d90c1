"""Who asks for the erasure that the retention rule proposes, and who keeps it back, and why not."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from oversight.models import DueErasure, Hold
from oversight.states import HoldGround

RULE: Final = "retention"


def administers(by: Any, program: Program | int) -> Refusal | None:
    """Why `by` may not answer for what the programme keeps of people."""
    if by.is_superuser or has_role(by, program, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role", say("Only an administrator of the programme does this."), rule=RULE
    )


def held(person: int) -> Refusal | None:
    """What keeps the person's data back now, whoever asks."""
    hold = Hold.objects.live().filter(person=person).order_by("-until").first()
    if hold is None:
        return None
    text = say(
        "It is held back until {last:%-d %B %Y}: {ground}.",
        last=hold.program.last_day(hold.until),
        ground=hold.get_ground_display().lower(),
    )
    return Refusal("held", text, rule=RULE)


def may_ask_due(due: DueErasure, by: User) -> Refusal | None:
    """Why `by` may not ask the erasure that is due."""
    return first(
        administers(by, due.program_id),
        Refusal("separation_own", say("Another administrator asks for yours."), rule=RULE)
        if by.pk == due.person_id
        else None,
        None
        if due.ended_at is None
        else Refusal("not_due", say("They are no longer due by the rule."), rule=RULE),
        held(due.person_id),
    )


def may_hold(
    *,
    person: User,
    program: Program,
    ground: str,
    reason: str,
    until: dt.datetime,
    longest: dt.datetime,
    by: User,
) -> Refusal | None:
    """Why the person's data is not held back."""
    return first(
        administers(by, program),
        Refusal("separation_own", say("Another administrator holds yours back."), rule=RULE)
        if by.pk == person.pk
        else None,
        None
        if _known(person, program)
        else Refusal("no_part", say("They never had a part in this programme."), field="program"),
        None
        if ground in HoldGround.values
        else Refusal("unknown_ground", say("Choose one of the listed grounds."), field="ground"),
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why."), rule=RULE, field="reason"),
        None if until > now() else Refusal("past", say("Choose a day to come."), field="until"),
        None
        if until <= longest
        else Refusal(
            "too_long",
            say(
                "By the rule a hold ends by {longest:%-d %B %Y}; then it is decided anew.",
                longest=program.last_day(longest),
            ),
            rule=RULE,
            field="until",
        ),
    )


def may_lift(hold: Hold, by: User, reason: str) -> Refusal | None:
    """Why `by` may not lift the hold."""
    return first(
        administers(by, hold.program_id),
        Refusal("separation_own", say("Another administrator lifts yours."), rule=RULE)
        if by.pk == hold.person_id
        else None,
        None if hold.lasts(now()) else Refusal("over", say("It holds no more."), rule=RULE),
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why."), rule=RULE, field="reason"),
    )


def _known(person: User, program: Program) -> bool:
    return (
        RoleAssignment.objects.filter(user=person, realm_id=program.pk).exists()
        or DueErasure.objects.filter(person=person, program=program).exists()
    )
