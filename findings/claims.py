"""What a finding's page shows of its claim beyond its own columns."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import CharField, DateTimeField, F, IntegerField, QuerySet, Value
from django.db.models.functions import Cast

from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from findings.models import AffectedSystem, Finding, FindingDataset, FindingEvent, ImportRow

MIN: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that the claim names: how it is called, where it is shown, when it happened."""

    label: str
    url: str = ""
    at: dt.datetime | None = None
    place: str = ""
    """The row of the file, where the finding came by one."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Other systems it affects, what it rests on beside results, and the file it came by."""

    systems: tuple[Named, ...] = ()
    datasets: tuple[Named, ...] = ()
    events: tuple[Named, ...] = ()
    files: tuple[Named, ...] = ()


def beside(finding: Finding) -> Beside:
    """What the claim names, of four kinds in one query, each in its order."""
    rows = sorted(_named(finding.pk), key=lambda row: (row[0], row[4] or MIN, row[1]))
    found: dict[int, list[Named]] = defaultdict(list)
    for kind, _, key, label, at, place in rows:
        name = f"{label} {key}".strip() if kind == 0 else label
        found[kind].append(Named(name, _url(kind, key), at, place))
    return Beside(*(tuple(found[kind]) for kind in range(4)))


@read
def _named(finding: int) -> QuerySet[Any, Any]:
    first, *others = (
        _rows(AffectedSystem, 0, finding, "version", "name"),
        _rows(FindingDataset, 1, finding, "dataset__ref", "dataset__name"),
        _rows(FindingEvent, 2, finding, "event", "label", at="at"),
        _rows(ImportRow, 3, finding, "belongs_to__ref", "belongs_to__name", place="place"),
    )
    found: QuerySet[Any, Any] = first.union(*others, all=True)
    return found


def _rows(model: Any, kind: int, finding: int, key: str, label: str, **more: str) -> Any:
    """Rows of one kind, in the columns that all kinds share."""
    text, moment = CharField(), DateTimeField()
    place = F(more["place"]) if "place" in more else Value("")
    columns = {
        "its_kind": Value(kind, IntegerField()),
        "its_row": F("pk"),
        "its_key": Cast(key, text),
        "its_label": Cast(label, text),
        "its_time": Cast(F(more["at"]) if "at" in more else Value(None), moment),
        "its_place": Cast(place, text),
    }
    return (
        model.objects.filter(finding_id=finding)
        .order_by()
        .annotate(**columns)
        .values_list(*columns)
    )


def _url(kind: int, key: str) -> str:
    route = ("", "access:dataset", "access:event", "findings:import")[kind]
    return route_to(route, key) if route else ""
