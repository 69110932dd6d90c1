"""Where access is enforced, in a line: which target systems do what is desired, and which wait."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from access.desired import Pair
from access.models import Assignment, Grant
from access.states import Operation
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say, within
from fellowship.web import cells
from fellowship.web.components.times import NONE, span
from fellowship.web.markup import markup


class Standing(NamedTuple):
    """How one assignment stands, in words and tone."""

    words: str
    tone: str


def standing(row: Assignment, at: dt.datetime) -> Standing:
    """Enforced; or since when the target keeps us waiting, to open or to close."""
    if row.is_acknowledged:
        return Standing(say("Enforced") if row.acknowledged else say("Closed"), "good")
    if row.narrowed_at is None:
        return Standing(say("Opening waits {span}", span=span(at - row.changed_at)), "plain")
    if row.overdue_at is not None and row.overdue_at <= at:
        return Standing(say("Not closed for {span}", span=span(at - row.narrowed_at)), "bad")
    return Standing(say("Closing waits {span}", span=span(at - row.narrowed_at)), "warn")


def of(people: Iterable[int], datasets: Iterable[int]) -> dict[Pair, list[Assignment]]:
    """The assignments of these people and datasets at targets in use; one query."""
    found: dict[Pair, list[Assignment]] = defaultdict(list)
    for row in _assignments(sorted(set(people)), sorted(set(datasets))):
        found[row.person_id, row.dataset_id].append(row)
    return found


@read
def _assignments(people: list[int], datasets: list[int]) -> QuerySet[Assignment]:
    rows = Assignment.objects.filter(
        person_id__in=people, dataset_id__in=datasets, target__retired_at=None
    )
    return rows.select_related("target").order_by("target__name", "id")


def line(rows: Iterable[Assignment], grant: Grant, at: dt.datetime) -> SafeString:
    """“JupyterHub ✔ 14:02 · Warehouse waits 12 min”, of one grant of the pair.

    Of a grant that is over a system says that it is closed, whatever it lets through by another.
    """
    over = grant.over_at <= at
    parts = [
        _closed(row, grant, at) if over and _shuts(row, grant) else _part(row, at) for row in rows
    ]
    return SafeString(joined(" · ", parts)) if parts else NONE


def _shuts(row: Assignment, grant: Grant) -> bool:
    """Whether the target said that it enforces what does not name the grant any more."""
    return row.is_acknowledged and all(one["grant"] != grant.ref for one in row.acknowledged)


def _closed(row: Assignment, grant: Grant, at: dt.datetime) -> SafeString:
    """That it is closed, and since when the target has said so, where it said it after the end."""
    said = row.acknowledged_at
    since = cells.when(said, _style(said, at)) if said and said >= grant.over_at else ""
    words = say("closed ✔")
    return markup("{} {} {}", row.target.name, words, since)


def _part(row: Assignment, at: dt.datetime) -> SafeString:
    if row.is_acknowledged and row.acknowledged_at:
        words = "✔" if row.acknowledged else say("closed ✔")
        when = cells.when(row.acknowledged_at, _style(row.acknowledged_at, at))
        return markup('<span class="nowrap">{} {} {}</span>', row.target.name, words, when)
    said = standing(row, at)
    tone = f"tag {said.tone}" if said.tone in ("warn", "bad") else "nowrap"
    words = within(said.words)
    return markup('<span class="{}">{}: {}</span>', tone, row.target.name, words)


def _style(then: dt.datetime, at: dt.datetime) -> str:
    """The time of day for what happened today, else the day."""
    return "time" if at - then < dt.timedelta(hours=12) else "short"


def permissions(desired: list[dict[str, Any]]) -> str:
    """What a list of permissions lets through, in words."""
    operations = dict.fromkeys(o for one in desired for o in one["operations"])
    return joined(", ", (str(Operation(o).label) for o in operations)) or say("Nothing")
