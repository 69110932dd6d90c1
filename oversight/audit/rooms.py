"""Programmes beside each other as their auditor finds them: what was audited, and with what end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, OuterRef

from fellowship.programs.models import Program
from fellowship.web.tables import length
from governance.models import Escalation, ExceptionRecord
from oversight.models import ControlRun, Sample, Verification


@dataclass(frozen=True, slots=True)
class Room:
    """One programme: alarms open, exceptions in force, samples drawn, and what was audited.

    `failing` of the `tested` tests of control found exceptions when last run.
    """

    program: Program
    alarms: int
    in_force: int
    samples: int
    verification: Verification | None
    tested: int
    failing: int


def rooms(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Room]:
    """The programmes as their auditor knows them, in three queries; those with problems first."""
    keys = [program.pk for program in programs]
    numbers = _numbers(keys, user, at)
    verified = {one.program_id: one for one in _newest(Verification, user, keys, "program_id")}
    runs = _newest(ControlRun, user, keys, "program_id", "test")
    found = [
        Room(
            program,
            verification=verified.get(program.pk),
            tested=sum(run.program_id == program.pk for run in runs),
            failing=sum(run.program_id == program.pk and run.failed > 0 for run in runs),
            **numbers[program.pk],
        )
        for program in programs
    ]
    return sorted(found, key=lambda room: (not _broken(room), -room.failing))


def _numbers(keys: Sequence[int], user: Any, at: dt.datetime) -> dict[int, dict[str, Any]]:
    """Alarms, exceptions and samples of each, counted as far as lists are."""
    there = {"program": OuterRef("pk")}
    rows: Any = Program.objects.filter(pk__in=keys).values(
        "pk",
        alarms=length(Escalation.objects.visible_to(user).open().filter(**there)),
        in_force=length(ExceptionRecord.objects.visible_to(user).live(at).filter(**there)),
        samples=length(Sample.objects.visible_to(user).filter(**there)),
    )
    return {row.pop("pk"): row for row in rows}


def _broken(room: Room) -> bool:
    return room.verification is not None and room.verification.found > 0


def _newest(model: Any, user: Any, keys: Sequence[int], *of: str) -> list[Any]:
    """The newest record of each kind, as told by the fields."""
    newest = model.objects.filter(program__in=keys).order_by().values(*of).annotate(last=Max("pk"))
    return list(model.objects.visible_to(user).filter(pk__in=newest.values("last")))
