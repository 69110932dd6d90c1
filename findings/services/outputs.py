"""The verb of exports: that somebody took findings out of here."""

from __future__ import annotations

from fellowship.accounts.models import Actor
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.programs.models import Program
from findings import policy


@journal.verb("findings.export")
def record_export(*, program: Program, file_format: str, narrowed: str, by: Actor) -> Event:
    """Record an export of the programme's findings before it is made; each is its own event.

    `narrowed` is the query that narrowed it, as the page has it.
    """
    refuse(policy.may_export(program.pk, by))
    event: Event = journal.record(
        subject=program, change={"format": file_format, "narrowed": narrowed[:500]}
    )
    return event
