"""Files of published or measured results, read into counts. One module for each format.

A reader is `read(bytes) -> Iterator[Reading | BadRow]`: plain values, no database. It raises
`Unreadable` where the file as a whole is not what it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fellowship.kernel.saying import say
from findings.series import agentdojo, garak
from findings.series.rows import BadRow, Reading, Unreadable

__all__ = ["FORMATS", "BadRow", "Format", "Reading", "Unreadable"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its name for people, and what reads it."""

    label: str
    hint: str
    read: Callable[[bytes], Iterator[Reading | BadRow]]


FORMATS = {
    "agentdojo": Format(
        say("AgentDojo results"), say("The table of results, as CSV"), agentdojo.read
    ),
    "garak": Format(
        say("garak report"), say("A run’s report.jsonl, its evaluations"), garak.read_report
    ),
    "garak-calibration": Format(
        say("garak calibration"),
        say("Means and spreads over a bag of models, as JSON"),
        garak.read_bag,
    ),
}
