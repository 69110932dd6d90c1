"""Copies of records, written in sets with the history and the events a service would leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db import connection
from django.db.models import Model

from fellowship.history.bulk import create_many
from fellowship.kernel.journal import System
from oversight.scale import printing

FILLER: Final = System("seed_scale")
VERB: Final = "oversight.seed_scale"
CHUNK: Final = 5_000
"""Records made and written in one transaction: what bounds the memory of a filling."""
Change = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Copies:
    """The record again, once for each set of changes."""

    template: Any
    changes: Iterable[Change]


class Copied:
    """A record that was written: its key, what was changed in it, else what it repeats."""

    __slots__ = ("_changed", "_template", "pk")

    def __init__(self, pk: int, template: Model, changed: Change) -> None:
        self.pk = pk
        self._template = template
        self._changed = changed

    def __getattr__(self, name: str) -> Any:
        changed = self._changed
        return changed[name] if name in changed else getattr(self._template, name)


def keep(copies: Copies) -> list[Any]:
    """Write copies, a chunk at a time; returns them with their keys."""
    kept: list[Any] = []
    for part in chunks(copies.changes):
        kept += _write(copies.template, part)
    return kept


def keep_each(copies: Copies, then: Callable[[list[Any]], object]) -> int:
    """Write copies and hand each chunk to `then`, keeping none; how many."""
    count = 0
    for part in chunks(copies.changes):
        then(_write(copies.template, part))
        count += len(part)
    return count


def chunks(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Lists of at most CHUNK sets of changes."""
    remaining = iter(changes)
    while part := list(islice(remaining, CHUNK)):
        yield part


def _write(template: Any, changes: Sequence[Change]) -> list[Any]:
    """By printing lines where the database reads them (PostgreSQL), else record by record.

    What is copied is the record as the database holds it now, whatever is remembered of it.
    """
    template = type(template)._base_manager.get(pk=template.pk)
    if connection.vendor == "postgresql":
        keys = printing.write(template, changes, verb=VERB, by=FILLER)
        return [Copied(key, template, given) for key, given in zip(keys, changes, strict=True)]
    fields = template._meta.concrete_fields
    values = {f.attname: getattr(template, f.attname) for f in fields if not f.primary_key}
    made = [type(template)(**{**values, **given}) for given in changes]
    return create_many(made, verb=VERB, by=FILLER)
