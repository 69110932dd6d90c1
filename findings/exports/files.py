"""An export as a file that is handed out: recorded first, then written outside of memory."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, Final

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.exports import poam, tables
from findings.models import Finding, FindingQuerySet
from findings.services import record_export
from governance.models import ExceptionRecord

PLAN: Final = "oscal"
"""The format of the plan of action; all others are tables."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A file open at its beginning, its name and its media type; whoever sends it closes it."""

    content: IO[bytes]
    name: str
    media_type: str


def handed(
    program: Program, file_format: str, rows: FindingQuerySet, by: User, narrowed: str = ""
) -> Handed:
    """`rows` as a table, or the programme's plan of action as `by` sees it.

    Raises Refused where the person may not export, or there is nothing to plan for.
    """
    record_export(program=program, file_format=file_format, narrowed=narrowed, by=by)
    held = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    if file_format == PLAN:
        findings = Finding.objects.visible_to(by)
        exceptions = ExceptionRecord.objects.visible_to(by)
        try:
            poam.write(held, program, findings, exceptions, at=now(), reader=by)
        except poam.NothingPlanned as error:
            held.close()
            raise Refused(Refusal("nothing_planned", f"{str(error).capitalize()}.")) from error
        name, media_type = f"{program.slug}-poam.json", "application/json"
    else:
        tables.write(held, file_format, rows, reader=by)
        name, media_type = f"{program.slug}-{tables.name(file_format)}", tables.TYPES[file_format]
    held.seek(0)
    return Handed(held, name, media_type)
