"""The agenda of a meeting, generated from what waits for the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import kinds
from governance.models import Condition, Escalation, ExceptionRecord, Matter

HORIZON = dt.timedelta(days=30)
MOST = 100
ESCALATIONS, CONDITIONS, ENDING = 60, 80, 90

Source = Callable[[Program, Any, dt.datetime], Iterable[Any]]
"""What an application puts on the agenda: of a programme, for a reader, at an instant."""


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """One line of the agenda that is no record of governance; `url` is a path of this site."""

    title: str
    url: str
    ref: str = ""
    due_at: dt.datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Registered:
    order: int
    heading: str
    source: Source


_registered: dict[str, _Registered] = {}


def register(key: str, *, heading: str, order: int, source: Source) -> None:
    """Put what `source` yields under `heading`, among the kinds of matter by `order`.

    It yields `AgendaItem`s the reader may see, and nothing else: recusal hides an item here too.
    Registered once, from `AppConfig.ready`; the same key again takes the place of the first.
    """
    _registered[key] = _Registered(order, heading, source)


@dataclass(frozen=True, slots=True)
class AgendaSection:
    """One heading with what stands under it."""

    heading: str
    items: list[Any]


def agenda(program: Program, user: Any, at: dt.datetime | None = None) -> list[AgendaSection]:
    """What the board should take up at `at`, as `user` may see it; empty headings are left out.

    Matters stand by kind in the order the kinds give; among them what other applications
    registered, open escalations, conditions due, exceptions about to end.
    """
    at = at or now()
    placed = _matters(program, user)
    placed += [
        (r.order, r.heading, list(r.source(program, user, at))) for r in _registered.values()
    ]
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
    placed += [
        (ESCALATIONS, say("Risk escalations"), list(escalations[:MOST])),
        (CONDITIONS, say("Conditions due"), list(_with_matter(conditions)[:MOST])),
        (ENDING, say("Exceptions about to end"), list(_with_owner(ending)[:MOST])),
    ]
    found: dict[str, list[Any]] = {}
    for _, heading, items in sorted(placed, key=lambda part: part[0]):
        if items:
            found.setdefault(heading, []).extend(items)
    return [AgendaSection(heading, items) for heading, items in found.items()]


def _with_matter(rows: QuerySet[Condition]) -> QuerySet[Condition]:
    return rows.select_related("owner", "decision__matter").only(
        *("number", "text", "due_at", "state", "owner__name", "owner__email"),
        "decision__matter__ref",
    )


def _with_owner(rows: QuerySet[ExceptionRecord]) -> QuerySet[ExceptionRecord]:
    return rows.select_related("owner").only(
        *("ref", "title", "expires_at", "owner__name", "owner__email")
    )


def _matters(program: Program, user: Any) -> list[tuple[int, str, list[Any]]]:
    live = Matter.objects.opened_to(user).live().filter(program=program)
    live = live.only("kind", "ref", "title", "words", "due_at")
    by_kind: dict[str, list[Any]] = {}
    for matter in live.order_by("kind", "due_at", "id")[:MOST]:
        by_kind.setdefault(matter.kind, []).append(matter)
    known = kinds.registered()
    return [
        (known[kind].order, known[kind].heading or known[kind].label, matters)
        for kind, matters in by_kind.items()
        if kind in known
    ]
