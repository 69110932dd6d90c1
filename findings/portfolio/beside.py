"""Programmes beside each other: how many findings stand, are overdue and have no owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from fellowship.programs.models import Program
from findings.models import Finding


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one programme's findings, those whose clock runs."""

    program: Program
    unsettled: int = 0
    overdue: int = 0
    unowned: int = 0


def standings(programs: Sequence[Program], user: Any, at: dt.datetime) -> list[Standing]:
    """The programmes' findings as the person sees them, in one query; the most overdue first."""
    rows = Finding.objects.visible_to(user).unsettled().filter(program__in=programs).order_by()
    late, nobodys = Q(due_at__lte=at), Q(product_owner=None)
    counted = rows.values_list("program_id").annotate(
        unsettled=Count("id"),
        overdue=Count("id", filter=late),
        unowned=Count("id", filter=nobodys),
    )
    numbers = {program: found for program, *found in counted}
    found = [Standing(program, *numbers.get(program.pk, ())) for program in programs]
    return sorted(found, key=lambda one: (-one.overdue, -one.unowned, -one.unsettled))
