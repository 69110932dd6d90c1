"""Questions others ask about programmes."""

from __future__ import annotations

from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program


def calendar_of(realm_id: int) -> WorkCalendar:
    """The working days of this realm's programme; Monday to Friday in UTC where there is none."""
    program = Program.objects.filter(pk=realm_id).first()
    return program.calendar() if program else WorkCalendar()
