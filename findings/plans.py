"""The plan of one metric, and how its amounts are said.

Why it is locked: docs/adr/0023-controls-measured-by-a-locked-plan.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from fellowship.kernel.saying import numeral, say, say_n
from findings.states import COUNTED, HIGHER_IS_BETTER, Counted, Direction, Metric
from findings.statistics import Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPlan:
    """What is fixed before a control ships: what is counted, of what, when, and what is enough.

    `threshold` is in the metric's unit (shares 0…1); of a cost it is the worsening tolerated.
    """

    metric: str
    denominator: str
    baseline_from: dt.date
    baseline_until: dt.date
    selection: str
    setting: str
    threshold: Decimal = Decimal(0)
    minimum_n: int = 30
    unit: str = ""
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def counted(self) -> Counted:
        """How it is counted, which follows from the metric."""
        return COUNTED[Metric(self.metric)]

    @property
    def direction(self) -> Direction:
        """Which way it improves, which follows from the metric."""
        return Direction.HIGHER if self.metric in HIGHER_IS_BETTER else Direction.LOWER

    def columns(self) -> dict[str, Any]:
        """The plan as the columns of a metric."""
        return {
            "metric": self.metric,
            "counted": self.counted,
            "direction": self.direction,
            "unit": self.unit,
            **self.amendable(),
        }

    def amendable(self) -> dict[str, Any]:
        """What of it may be amended: all but what is counted, and in which unit."""
        return {
            "denominator": self.denominator,
            "baseline_from": self.baseline_from,
            "baseline_until": self.baseline_until,
            "selection": self.selection,
            "setting": self.setting,
            "threshold": self.threshold,
            "minimum_n": self.minimum_n,
            **{name: getattr(self.conditions, name) for name in Conditions.__dataclass_fields__},
        }


LABELS: Mapping[str, str] = {
    "denominator": say("what is counted"),
    "baseline_from": say("baseline from"),
    "baseline_until": say("baseline until"),
    "selection": say("why this baseline"),
    "setting": say("where it is counted"),
    "threshold": say("least improvement"),
    "minimum_n": say("least number"),
    "model": "model",
    "attack": "attack",
    "harness": "harness",
    "harness_version": say("harness version"),
    "context": "context",
}
"""What may be amended, in words."""


class Measured(Protocol):
    """What says how an amount is read: a metric, or its plan."""

    @property
    def counted(self) -> str:
        """How it is counted."""

    @property
    def unit(self) -> str:
        """The unit of exposure or of time."""


def amount(of: Measured, value: float, *, signed: bool = False) -> str:
    """A difference or threshold in the metric's unit: “12 points”, “3.5 minutes”."""
    if of.counted == Counted.SHARE:
        one = abs(value * 100) == 1
        return say_n(
            1 if one else 2,
            "{points} point",
            "{points} points",
            points=_figure(value * 100, signed),
        )
    if of.counted == Counted.RATE:
        return say("{figure} per {unit}", figure=_figure(value, signed), unit=of.unit)
    if of.counted == Counted.DURATIONS:
        return f"{_figure(value, signed)} {of.unit}"
    return _figure(value, signed)


def level(of: Measured, value: float) -> str:
    """A level in the metric's unit: “68 %”, “0.3 per 1,000 sessions”, “42 minutes”."""
    if of.counted == Counted.SHARE:
        return f"{numeral(f'{value * 100:.3g}')} %"
    return amount(of, value)


def _figure(value: float, signed: bool) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{abs(value):,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    sign = "−" if value < 0 and text != "0" else "+" if signed and text != "0" else ""
    return f"{sign}{numeral(text)}"


def said(of: Measured, name: str, value: Any) -> str:
    """A field of a plan, or its recorded text, as it is shown."""
    return amount(of, float(value)) if name == "threshold" else str(value)
