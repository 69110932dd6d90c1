"""What a column of an exported table is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type in words, what it means, and the lookup that fetches it."""

    name: str
    type: str
    meaning: str
    lookup: str = ""


def field_of(model: type[models.Model], lookup: str) -> Any:
    """The field that holds what `lookup` fetches, of a foreign key the key it points at."""
    *way, name = lookup.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    field: Any = next((f for f in model._meta.concrete_fields if name in (f.name, f.attname)), None)
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return field


def said(listed: Sequence[Column]) -> list[dict[str, str]]:
    """The columns for a dictionary: name, type and meaning."""
    return [
        {key: value for key, value in asdict(column).items() if key != "lookup"}
        for column in listed
    ]
