"""What the document of a signed scope says of access: every dataset and operation as it stands.

The answers are those of `access.reach`, so the paper never says other than the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from access import reach
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web.components import times
from scoping import paper
from scoping.models import ScopeOfWork
from scoping.paper import Part
from scoping.states import ScopeState


@paper.register
def open_now(scope: ScopeOfWork, at: dt.datetime) -> Iterator[Part]:
    """Dataset by operation for the fellow, for the version in force alone."""
    if scope.state != ScopeState.SIGNED:
        return
    calendar = scope.fellowship.program.calendar()
    rows = [
        (row, [(same, _until(same.first.decision.until, calendar)) for same in row.alike])
        for row in reach.matrix(scope.fellowship, at, scope)
    ]
    context = {"rows": rows, "at": paper.instant(at)}
    yield Part(
        "access.reach", say("What was open when this was made"), "access/_paper.html", context
    )


def _until(at: dt.datetime | None, calendar: WorkCalendar) -> str:
    """The last day in the programme's zone where it ends with a day, as every page says it."""
    if at is None:
        return ""
    last = times.last_day(at, calendar)
    return paper.day(last) if last else paper.instant(at)
