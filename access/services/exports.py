"""The verb of exports: that somebody took the trail out of here."""

from __future__ import annotations

from access.target_policy import may_export
from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.programs.models import Program


@journal.verb("access.export_events")
def record_export(*, program: Program, narrowed: str, by: User) -> Event:
    """Record an export of the programme's access trail before it is made; each is its own event.

    `narrowed` is the query that narrowed it, as the page has it.
    """
    refuse(may_export(program.pk, by))
    event: Event = journal.record(
        subject=program, change={"format": say("OCSF 1.8"), "narrowed": narrowed[:500]}
    )
    return event
