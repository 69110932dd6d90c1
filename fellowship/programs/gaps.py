"""What lets a call open despite a gap: governance, standing below, registers its exceptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fellowship.programs.models import Program


@dataclass(frozen=True, slots=True)
class Covering:
    """A live exception that covers the launch gap, until when, and its page.

    Name and page are empty for whoever may not read it.
    """

    until: dt.datetime
    name: str = ""
    url: str = ""


Provider = Callable[[Program, Any], Iterable[Covering]]
_sources: list[Provider] = []


def register(source: Provider) -> None:
    """Add a source of live exceptions that cover the launch gap of a programme."""
    _sources.append(source)


def coverings(program: Program, user: Any = None) -> list[Covering]:
    """The live exceptions that cover the programme's launch gap, as the person may see them."""
    return [covering for source in _sources for covering in source(program, user)]
