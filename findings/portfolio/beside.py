"""Programmes beside each other: how many findings stand, are overdue and have no owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef

from fellowship.programs.models import Program
from fellowship.web.tables import length
from findings.models import Finding


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one programme's findings, those whose clock runs: counted as far as lists are."""

    program: Program
    unsettled: int
    overdue: int
    unowned: int


def standings(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Standing]:
    """The programmes' findings as the person sees them, in one query; the most overdue first."""
    rows = Finding.objects.visible_to(user).unsettled().filter(program=OuterRef("pk"))
    counted = Program.objects.filter(pk__in=[program.pk for program in programs]).values_list(
        "pk", length(rows), length(rows.overdue(at)), length(rows.filter(product_owner=None))
    )
    numbers = {program: found for program, *found in counted}
    found = [Standing(program, *numbers[program.pk]) for program in programs]
    return sorted(found, key=lambda one: (-one.overdue, -one.unowned, -one.unsettled))
