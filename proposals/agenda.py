"""What proposals put on the agenda of a board: those whose reviewers differ, before a decision."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance import agenda
from proposals.models import Discussion


def differing(program: Program, user: Any, at: dt.datetime) -> list[agenda.AgendaItem]:
    """Discussions still open that the person may see, the longest waiting first."""
    rows = Discussion.objects.visible_to(user).open().filter(program=program)
    rows = rows.select_related("proposal").order_by("opened_at", "id")
    return [
        agenda.AgendaItem(
            title=found.proposal.title,
            url=route_to("proposals:discussion", found.proposal.ref),
            ref=found.proposal.ref,
            note=found.apart,
        )
        for found in rows[: agenda.MOST]
    ]


agenda.register(
    "proposals.discussions", heading=say("Reviewers differ"), order=15, source=differing
)
