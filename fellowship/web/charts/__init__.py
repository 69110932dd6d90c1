"""Charts drawn as SVG on the server, each with a sentence and a data table that say the same."""

from __future__ import annotations

from fellowship.web.charts.bars import Bar, Step, bars, funnel
from fellowship.web.charts.base import Chart, nice_ceiling
from fellowship.web.charts.days import Day, days
from fellowship.web.charts.dots import DotRow, dots
from fellowship.web.charts.intervals import Interval, intervals
from fellowship.web.charts.series import Mark, Point, Reading, readings, series, sparkline

__all__ = [
    "Bar",
    "Chart",
    "Day",
    "DotRow",
    "Interval",
    "Mark",
    "Point",
    "Reading",
    "Step",
    "bars",
    "days",
    "dots",
    "funnel",
    "intervals",
    "nice_ceiling",
    "readings",
    "series",
    "sparkline",
]
