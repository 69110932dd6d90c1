"""What lets a call open despite a gap: governance, standing below, registers its exceptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fellowship.programs.models import Program


@dataclass(frozen=True, slots=True)
class Covering:
    """A live exception that covers the launch gap, until when, and its page."""

    ref: str
    title: str
    until: dt.datetime
    url: str


Provider = Callable[[Program], Iterable[Covering]]
_sources: list[Provider] = []


def register(source: Provider) -> None:
    """Add a source of live exceptions that cover the launch gap of a programme."""
    _sources.append(source)


def coverings(program: Program) -> list[Covering]:
    """The live exceptions that cover the launch gap of the programme."""
    return [covering for source in _sources for covering in source(program)]
