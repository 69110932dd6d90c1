"""Questions others ask about programmes."""

from __future__ import annotations

from django.db.models import QuerySet

from fellowship.kernel.prepared import read
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program


def calendar_of(realm_id: int) -> WorkCalendar:
    """The working days of this realm's programme; Monday to Friday in UTC where there is none."""
    found = _program(realm_id)
    return found[0].calendar() if found else WorkCalendar()


@read
def _program(key: int) -> QuerySet[Program]:
    return Program.objects.filter(pk=key).order_by()
