"""What readers yield."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from findings.states import Metric
from findings.statistics import Conditions, Sample


class Unreadable(ValueError):
    """The file as a whole is not what it should be; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number of a file: what it shows, its count, its conditions, and when it was taken.

    `defence` is the control that was switched on, empty for none, None where the file cannot say.
    """

    row: str
    metric: Metric
    sample: Sample
    conditions: Conditions
    taken_on: dt.date | None
    defence: str | None
    source: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not taken, and why."""

    row: str
    reason: str
