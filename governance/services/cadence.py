"""The verbs of the cadence: set it, end it, and call the meetings it names."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models import Cadence, Meeting
from governance.policy import meetings as policy
from governance.services.meetings import call_off, tell_called

CALLER = journal.System("governance.cadence")


@journal.verb("governance.set_cadence")
def set_cadence(
    *,
    program: Program,
    first_on: dt.date,
    at: dt.time,
    every_weeks: int,
    minutes: int,
    by: User,
    place: str = "",
    weeks_ahead: int = 8,
) -> Cadence:
    """Let the board meet every so many weeks from `first_on` on, at `at` of the programme's wall.

    The meetings of the weeks ahead are called at once, later ones by the sweep. An earlier cadence
    ends and its meetings to come are cancelled. The same cadence again is returned as it is.
    """
    program = Program.objects.locked().get(pk=program.pk)
    lengths = {"every_weeks": every_weeks, "minutes": minutes, "weeks_ahead": weeks_ahead}
    refuse(policy.may_set_cadence(program, first_on, lengths, by))
    wanted: dict[str, Any] = {
        "first_on": first_on,
        "at": at,
        "place": place.strip(),
        **lengths,
    }
    live = Cadence.objects.live().filter(program=program).first()
    if live and all(getattr(live, name) == value for name, value in wanted.items()):
        return live
    if live:
        _end(live, by, say("The board meets at another time from now on."))
    cadence = Cadence.objects.create(program=program, **wanted)
    journal.record(subject=cadence, change=wanted | {"at": f"{at:%H:%M}"})
    call_ahead(cadence=cadence, by=by)
    return cadence


@journal.verb("governance.end_cadence")
def end_cadence(*, cadence: Cadence, by: User, reason: str) -> Cadence:
    """End the cadence; its meetings to come are cancelled. Once is enough."""
    cadence = Cadence.objects.locked().select_related("program").get(pk=cadence.pk)
    if cadence.ended_at is not None:
        return unchanged(cadence, policy.may_end_cadence(cadence, by, reason))
    refuse(policy.may_end_cadence(cadence, by, reason))
    _end(cadence, by, reason.strip())
    return cadence


def _end(cadence: Cadence, by: User, reason: str) -> None:
    cadence.ended_at, cadence.ended_by = now(), by
    cadence.save()
    journal.record(subject=cadence, change={"ended_at": cadence.ended_at})
    ahead = Meeting.objects.locked().filter(cadence=cadence, starts_at__gt=now())
    for meeting in ahead.filter(cancelled_at=None, minutes=""):
        call_off(meeting, by=by, reason=reason)


@journal.verb("governance.call_ahead")
def call_ahead(*, cadence: Cadence, by: Actor) -> list[Meeting]:
    """Call the meetings that the cadence names in the weeks ahead and that are not called yet."""
    cadence = Cadence.objects.locked().select_related("program").get(pk=cadence.pk)
    if cadence.ended_at is not None:
        return []
    today = cadence.program.today()
    until = today + dt.timedelta(weeks=cadence.weeks_ahead)
    called = set(cadence.meetings.values_list("slot_on", flat=True))
    made = []
    for slot in cadence.slots(today, until):
        starts_at = cadence.starts_at(slot)
        if slot in called or starts_at <= now() or _taken(cadence, starts_at):
            continue
        made.append(
            Meeting.objects.create(
                program=cadence.program,
                starts_at=starts_at,
                duration=cadence.minutes,
                place=cadence.place,
                cadence=cadence,
                slot_on=slot,
            )
        )
    if made:
        journal.record(subject=cadence, change={"called": [m.starts_at for m in made]})
        tell_called(made)
    return made


def _taken(cadence: Cadence, starts_at: dt.datetime) -> bool:
    there = Meeting.objects.filter(program=cadence.program, starts_at=starts_at, cancelled_at=None)
    return there.exists()


def call_due(at: dt.datetime) -> int:
    """Call what every live cadence names by now; returns how many meetings. Twice is once."""
    live = Cadence.objects.live().order_by("pk")
    return sum(len(call_ahead(cadence=cadence, by=CALLER)) for cadence in live)
