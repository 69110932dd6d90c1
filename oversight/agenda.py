"""What oversight puts on a board's agenda: figures of its own work beyond what passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance import agenda
from oversight.models import HealthBreach

ORDER = 70


def breaches(program: Program, user: Any, at: dt.datetime) -> Iterator[agenda.AgendaItem]:
    """The figures the board has to take up, or wanted to look at again by now.

    Without numbers: each reader's page counts what that reader may know.
    """
    rows = HealthBreach.objects.visible_to(user).due(at).filter(program=program)
    for breach in rows.select_related("program__realm")[: agenda.MOST]:
        found = say(
            "Beyond its limit since {local:%-d %B %Y}",
            local=program.day(breach.found_at),
        )
        again = say(": to be looked at again") if breach.answered_at else ""
        yield agenda.AgendaItem(
            title=str(breach), url=breach.get_absolute_url(), note=f"{found}{again}"
        )


agenda.register("oversight.health", heading=say("Governance health"), order=ORDER, source=breaches)
