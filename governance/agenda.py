"""The agenda of a meeting, generated from what waits for the board."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import kinds
from governance.models import Condition, Escalation, ExceptionRecord, Matter

HORIZON = dt.timedelta(days=30)
MOST = 100


@dataclass(frozen=True, slots=True)
class AgendaSection:
    """One heading with what stands under it."""

    heading: str
    items: list[Any]


def agenda(program: Program, user: Any, at: dt.datetime | None = None) -> list[AgendaSection]:
    """What the board should take up at `at`, as `user` may see it; empty headings are left out.

    Matters stand by kind; then open escalations, conditions due, exceptions about to end.
    """
    at = at or now()
    sections = _matters(program, user)
    escalations = Escalation.objects.visible_to(user).open().filter(program=program)
    conditions = (
        Condition.objects.visible_to(user)
        .unsettled(at)
        .filter(program=program, due_at__lte=at + HORIZON)
    )
    ending = (
        ExceptionRecord.objects.visible_to(user)
        .live(at)
        .filter(program=program, expires_at__lte=at + HORIZON)
    )
    sections += [
        AgendaSection("Risk escalations", list(escalations[:MOST])),
        AgendaSection("Conditions due", list(_with_matter(conditions)[:MOST])),
        AgendaSection("Exceptions about to end", list(_with_owner(ending)[:MOST])),
    ]
    return [section for section in sections if section.items]


def _with_matter(rows: QuerySet[Condition]) -> QuerySet[Condition]:
    return rows.select_related("owner", "decision__matter").only(
        *("number", "text", "due_at", "state", "owner__name", "owner__email"),
        "decision__matter__ref",
    )


def _with_owner(rows: QuerySet[ExceptionRecord]) -> QuerySet[ExceptionRecord]:
    return rows.select_related("owner").only(
        *("ref", "title", "expires_at", "owner__name", "owner__email")
    )


def _matters(program: Program, user: Any) -> list[AgendaSection]:
    live = Matter.objects.opened_to(user).live().filter(program=program)
    live = live.only("kind", "ref", "title", "due_at")
    by_kind: dict[str, list[Any]] = {}
    for matter in live.order_by("kind", "due_at", "id")[:MOST]:
        by_kind.setdefault(matter.kind, []).append(matter)
    known = kinds.registered()
    return [
        AgendaSection(known[kind].label if kind in known else kind, matters)
        for kind, matters in by_kind.items()
    ]
