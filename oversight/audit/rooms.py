"""Programmes beside each other as their auditor finds them: what was audited, and with what end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from fellowship.programs.models import Program
from governance.models import Escalation, ExceptionRecord
from oversight.models import ControlRun, Sample, Verification
from oversight.office.glance import numbers


@dataclass(frozen=True, slots=True)
class Room:
    """One programme: alarms open, exceptions in force, and what was audited.

    `failing` of the `tested` tests of control found exceptions when last run.
    """

    program: Program
    alarms: int = 0
    exceptions: int = 0
    verification: Verification | None = None
    tested: int = 0
    failing: int = 0
    samples: int = 0


def rooms(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Room]:
    """The programmes as their auditor knows them, in five queries; those with problems first."""
    keys = [program.pk for program in programs]
    alarms = numbers(Escalation.objects.visible_to(user).open(), keys)
    exceptions = numbers(ExceptionRecord.objects.visible_to(user).live(at), keys)
    verified = {one.program_id: one for one in _newest(Verification, user, keys, "program_id")}
    runs = _newest(ControlRun, user, keys, "program_id", "test")
    samples = numbers(Sample.objects.visible_to(user), keys)
    found = [
        Room(
            program,
            alarms.get(program.pk, 0),
            exceptions.get(program.pk, 0),
            verified.get(program.pk),
            sum(run.program_id == program.pk for run in runs),
            sum(run.program_id == program.pk and run.failed > 0 for run in runs),
            samples.get(program.pk, 0),
        )
        for program in programs
    ]
    return sorted(found, key=lambda room: (not _broken(room), -room.failing))


def _broken(room: Room) -> bool:
    return room.verification is not None and room.verification.found > 0


def _newest(model: Any, user: Any, keys: Sequence[int], *of: str) -> list[Any]:
    """The newest record of each kind, as told by the fields."""
    newest = model.objects.filter(program__in=keys).order_by().values(*of).annotate(last=Max("pk"))
    return list(model.objects.visible_to(user).filter(pk__in=newest.values("last")))
