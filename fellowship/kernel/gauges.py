"""Figures that applications tell of themselves when they are asked: depths, ages, lags.

Each is read from the database, so that every process tells the same and none must be added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Values: TypeAlias = "float | Mapping[tuple[str, ...], float] | None"
Read = Callable[[], Values]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure: its name, what it says, the names of its labels, and how it is read."""

    name: str
    words: str
    labels: tuple[str, ...]
    counter: bool
    read: Read


_known: dict[str, Gauge] = {}


def gauge(name: str, words: str, *labels: str, counter: bool = False) -> Callable[[Read], Read]:
    """Decorator: the figure `fellowship_<name>`; with labels, `read` returns one value for each.

    None is no value: nothing was ever there to be measured.
    """

    def decorate(read: Read) -> Read:
        _known[name] = Gauge(f"fellowship_{name}", words, labels, counter, read)
        return read

    return decorate


def every() -> Iterator[Gauge]:
    """All of them, in the order they were told of."""
    yield from _known.values()
