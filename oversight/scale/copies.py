"""Copies of records, written in sets with the history and the events a service would leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from django.db.models import Model

from fellowship.history.bulk import create_many
from fellowship.kernel.journal import System
from fellowship.kernel.tracking import Tracked

FILLER: Final = System("seed_scale")
VERB: Final = "oversight.seed_scale"
CHUNK: Final = 5_000
"""Records made and written in one transaction: what bounds the memory of a filling."""
T = TypeVar("T", bound=Tracked)


def values_of(template: Model) -> dict[str, Any]:
    """The columns of a record but for its key."""
    fields = template._meta.concrete_fields
    return {f.attname: getattr(template, f.attname) for f in fields if not f.primary_key}


def copy(template: T, **changes: Any) -> T:
    """The record again, unsaved, with `changes`."""
    return type(template)(**{**values_of(template), **changes})


def copies(template: T, changes: Iterable[Mapping[str, Any]]) -> Iterator[T]:
    """One copy for each set of changes."""
    values, model = values_of(template), type(template)
    return (model(**{**values, **changed}) for changed in changes)


def keep(objs: Iterable[T]) -> list[T]:
    """Write records, a chunk at a time; returns them with their keys."""
    kept: list[T] = []
    for part in chunks(objs):
        kept += create_many(part, verb=VERB, by=FILLER)
    return kept


def keep_each(objs: Iterable[T], then: Callable[[list[T]], object]) -> int:
    """Write records and hand each chunk to `then`, keeping none; how many."""
    count = 0
    for part in chunks(objs):
        then(create_many(part, verb=VERB, by=FILLER))
        count += len(part)
    return count


def chunks(objs: Iterable[T]) -> Iterator[list[T]]:
    """Lists of at most CHUNK records."""
    remaining = iter(objs)
    while part := list(islice(remaining, CHUNK)):
        yield part
