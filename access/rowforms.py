"""Rows within a form: as many as were kept or typed, some empty ones, each error in its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError

from access import describing
from fellowship.kernel.saying import say
from fellowship.web import forms

SPARE: Final = 3
"""Empty rows shown below those that are filled."""
MORE: Final = 10
"""Empty rows shown when more are asked for."""


def _line(label: str, longest: int) -> Any:
    field: Any = forms.CharField(label=label, max_length=longest, required=False)
    field.says_optional = False
    return field


def _tick(label: str) -> Any:
    field: Any = forms.BooleanField(label=label, required=False)
    field.says_optional = False
    return field


@dataclass(frozen=True)
class RowKind:
    """One kind of row: the parts it has, how it is kept, and what is wrong with it."""

    prefix: str
    parts: Mapping[str, Callable[[], Any]]
    kept: Callable[[Iterable[Mapping[str, Any]]], list[dict[str, Any]]]
    problems: Callable[[Sequence[Mapping[str, Any]]], list[describing.Problem]]
    most: int

    def name(self, row: int, part: str) -> str:
        """The form's field of one part of a row."""
        return f"{self.prefix}_{row}_{part}"

    def count(self, data: Mapping[str, Any] | None, kept: int, spare: int) -> int:
        """How many rows the form shows: those typed or kept, and the spare ones."""
        if data is None:
            return min(kept + spare, self.most + SPARE)
        pattern = re.compile(rf"{self.prefix}_(\d{{1,4}})_")
        typed = [int(m[1]) + 1 for name in data if (m := pattern.match(name))]
        return min(max(typed, default=0) + (spare if spare > SPARE else 0), self.most + SPARE)

    def add_to(self, form: Any, count: int) -> None:
        """Give the form the fields of `count` rows."""
        for row in range(count):
            for part, make in self.parts.items():
                form.fields[self.name(row, part)] = make()

    def initial(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What kept rows fill in."""
        return {
            self.name(n, part): row.get(part, "")
            for n, row in enumerate(rows)
            for part in self.parts
        }

    def bound(self, form: Any, count: int) -> list[list[Any]]:
        """The rows' bound fields, for the page."""
        return [[form[self.name(row, part)] for part in self.parts] for row in range(count)]

    def read(self, form: Any, count: int) -> list[dict[str, Any]]:
        """The rows that say something; what is wrong with one is told in it."""
        data = form.cleaned_data
        rows, places = [], []
        for n in range(count):
            row = {part: data.get(self.name(n, part)) for part in self.parts}
            if any(row.values()):
                rows.append(row)
                places.append(n)
        kept = self.kept(rows)
        for problem in self.problems(kept):
            part = problem.part or next(iter(self.parts))
            place = places[min(problem.row, len(places) - 1)]
            form.add_error(self.name(place, part), ValidationError(problem.sentence))
        return kept


FIELDS: Final = RowKind(
    "field",
    {
        "name": lambda: _line(say("Name"), 100),
        "type": lambda: _line(say("Type"), 100),
        "description": lambda: _line(say("What it holds"), 300),
        "sensitive": lambda: _tick(say("Sensitive")),
    },
    describing.fields,
    describing.field_problems,
    describing.MOST_FIELDS,
)
FILTERS: Final = RowKind(
    "filter",
    {
        "key": lambda: _line(say("Key"), 60),
        "label": lambda: _line(say("Which rows"), 100),
        "description": lambda: _line(say("How they are chosen"), 300),
    },
    describing.row_filters,
    describing.filter_problems,
    describing.MOST_FILTERS,
)
KINDS: Final = (FIELDS, FILTERS)
