"""What lets a call open despite a gap: governance, standing below, registers its exceptions."""

from __future__ import annotations

from collections.abc import Callable

from fellowship.programs.models import Program

_sources: list[Callable[[Program], bool]] = []


def register(source: Callable[[Program], bool]) -> None:
    """Add a source that says whether a live exception covers the programme's launch gap."""
    _sources.append(source)


def coverings(program: Program) -> bool:
    """Whether any live exception covers the launch gap of the programme."""
    return any(source(program) for source in _sources)
