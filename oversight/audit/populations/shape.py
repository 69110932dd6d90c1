"""What a population is: all records of a kind, their columns, and what they are stratified by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, OuterRef, QuerySet, Subquery

from fellowship.history.models import Event
from fellowship.kernel.canonical import instant
from fellowship.kernel.saying import say
from oversight.audit.sample import Keyed

Cell = Callable[[Any], Any]
Hidden = Mapping[str, list[int]]
"""Keys by model label of what a person declared a conflict about."""


@dataclass(frozen=True)
class Column:
    """One column of a population. `kind`: text, at (an instant).

    `by`: the lookup under which the database groups by it, where it can make strata.
    """

    label: str
    cell: Cell
    kind: str = "text"
    by: str = ""


@dataclass(frozen=True)
class Population:
    """All records of a kind. `dated` is the instant that places a record in a period.

    `about`: model label and lookup of the record a conflict may be about, where that is another.
    """

    key: str
    label: str
    prose: str
    rows: Callable[[int], QuerySet[Any]]
    dated: str
    columns: tuple[Column, ...]
    url: Cell = lambda row: ""
    about: tuple[str, str] | None = None

    def within(
        self,
        program_id: int,
        from_at: dt.datetime | None,
        to_at: dt.datetime | None,
        hidden: Hidden | None = None,
    ) -> QuerySet[Any]:
        """The records of the period `[from_at, to_at)`, the oldest first, without the `hidden`."""
        rows = self.rows(program_id)
        if from_at:
            rows = rows.filter(**{f"{self.dated}__gte": from_at})
        if to_at:
            rows = rows.filter(**{f"{self.dated}__lt": to_at})
        return self._without(rows, hidden or {}).order_by(self.dated, "pk")

    def _without(self, rows: QuerySet[Any], hidden: Hidden) -> QuerySet[Any]:
        """The rows a conflict does not close; of events, by what each is about."""
        if rows.model is Event:
            for label, keys in hidden.items():
                rows = rows.exclude(subject_type=label, subject_id__in=keys)
            return rows
        label, lookup = self.about or (rows.model._meta.label_lower, "pk")
        left_out = hidden.get(label)
        return rows.exclude(**{f"{lookup}__in": left_out}) if left_out else rows

    def cells(self, row: Any) -> list[Any]:
        """The row's values in the order of the columns."""
        return [column.cell(row) for column in self.columns]

    @property
    def strata(self) -> list[tuple[str, str]]:
        """The columns one may stratify by, as choices: lookup and label."""
        return [(column.by, column.label) for column in self.columns if column.by]

    def stratum(self, by: str) -> str:
        """The label of the column with this lookup."""
        return dict(self.strata).get(by, by)

    def keyed(self, rows: QuerySet[Any], by: str = "") -> Iterator[Keyed]:
        """Each row's key and stratum in words, in the order of the keys, in bounded memory."""
        ordered = rows.order_by("pk")
        if not by:
            yield from ((pk, "") for pk in ordered.values_list("pk", flat=True).iterator(5000))
            return
        words = choices_of(rows.model, by)
        for pk, value in ordered.values_list("pk", by).iterator(chunk_size=5000):
            yield pk, words.get(value) or ("none" if value in (None, "") else str(value))

    def texts(self, row: Any) -> list[Any]:
        """The row's values as files hold them: instants in RFC 3339, all else as text or number."""
        return [_text(value) for value in self.cells(row)]


def begun(model: type[Model]) -> Subquery:
    """When a record of a tracked model was first written, for those that keep no such column."""
    rows: Any = model.history.model.objects  # type: ignore[attr-defined]
    first = rows.filter(**{model._meta.pk.attname: OuterRef("pk")}).order_by("history_id")
    return Subquery(first.values("history_date")[:1])


def _text(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return instant(value)
    return value if value is None or isinstance(value, (int, str)) else str(value)


def choices_of(model: Any, lookup: str) -> dict[Any, str]:
    """The choices of the field a lookup leads to, by value; empty where it has none."""
    field: Any = None
    for step in lookup.split("__"):
        try:
            field = model._meta.get_field(step)
        except FieldDoesNotExist:
            return {}
        model = field.related_model or model
    return {key: say(label) for key, label in getattr(field, "flatchoices", None) or ()}
