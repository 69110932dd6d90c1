"""To ask for an export of the record, and to record that it was made, or why it could not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.canonical import plain
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from oversight import policy
from oversight.models import Extract


@journal.verb("oversight.ask_export")
def ask_export(
    *, program: Program, scope: Mapping[str, Any], file_format: str, by: Actor, reason: str = ""
) -> Extract:
    """Record what is asked for, before anything is made: an event of its own, each time."""
    person = by if isinstance(by, User) else None
    if person is not None:
        refuse(policy.may_audit(program.pk, person))
    asked = plain({name: value for name, value in scope.items() if value})
    extract: Extract = Extract.objects.create(
        program=program, person=person, scope=asked, file_format=file_format
    )
    journal.record(subject=extract, change={"scope": asked, "format": file_format})
    return extract


@journal.verb("oversight.finish_export")
def finish_export(
    *,
    extract: Extract,
    sha256: str,
    size: int,
    events: int,
    rows: int,
    log_size: int,
    fits: bool,
    tell: bool,
    by: Actor,
) -> Extract:
    """Record what went out, with the hash of the file. With `tell`, its person hears of it.

    One made already stays as it was made.
    """
    found: Extract = Extract.objects.locked().get(pk=extract.pk)
    if found.made_at or found.failed_at:
        return found
    found.made_at = now()
    found.sha256, found.size = sha256, size
    found.events, found.rows, found.log_size, found.fits = events, rows, log_size, fits
    found.save()
    if tell:
        _tell(
            found,
            say("Your export is ready"),
            say("{events:,} events, {rows:,} history rows.", events=events, rows=rows),
        )
    said = {"sha256": sha256, "size": size, "events": events, "log_size": log_size, "fits": fits}
    journal.record(subject=found, change=said)
    return found


@journal.verb("oversight.fail_export")
def fail_export(*, extract: Extract, why: str, by: Actor) -> Extract:
    """Record that it could not be made, and tell its person why."""
    found: Extract = Extract.objects.locked().get(pk=extract.pk)
    if found.made_at or found.failed_at:
        return found
    found.failed_at, found.failure = now(), why
    found.save()
    _tell(found, say("Your export could not be made"), why)
    journal.record(subject=found, change={"why": why})
    return found


def _tell(extract: Extract, title: str, body: str) -> None:
    notify(
        kind="oversight.export",
        to=[extract.person],
        title=title,
        body=body,
        url=extract.get_absolute_url(),
        subject_obj=extract,
        dedupe=f"export:{extract.pk}",
    )
