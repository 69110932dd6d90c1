"""What every chart is: an SVG of classes and attributes, a sentence that says the same, its data.

No style attribute and no colour is written here: `components.css` gives each class its colour in
both schemes, and the Content-Security-Policy would refuse anything else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from fellowship.kernel.saying import numeral, say
from fellowship.web.markup import escaped, markup


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper of a chart: one for columns of text, one for phones and side columns.

    SVG text does not wrap and shrinks with its picture, so each chart is drawn for both and a
    container query shows the one that fits. On the narrow sheet labels stand above their marks.
    """

    width: int
    label: int
    row: int
    signs: int
    name: str

    @property
    def above(self) -> bool:
        """Whether labels stand above the marks instead of left of them."""
        return self.label == 0

    @property
    def start(self) -> int:
        """Where marks begin."""
        return self.label or 2

    @property
    def end(self) -> int:
        """Where marks end."""
        return self.width - 12

    def mark_y(self, row: int) -> int:
        """The height of a row's marks."""
        return row * self.row + (self.row - 12 if self.above else 20)

    def label_y(self, row: int) -> int:
        """The height of a row's label."""
        return row * self.row + (16 if self.above else 24)

    def bottom(self, rows: int) -> int:
        """Where the axis lies below `rows` rows."""
        return self.row * rows + (6 if self.above else 12)


WIDE = Sheet(width=640, label=180, row=30, signs=25, name="wide")
NARROW = Sheet(width=320, label=0, row=46, signs=44, name="narrow")
SHEETS = (WIDE, NARROW)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart. `svg` (one picture a sheet) is decorative; `summary` says what it shows."""

    title: str
    svg: SafeString
    summary: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    compact: bool = False


def drawn(draw: Callable[[Sheet], SafeString]) -> SafeString:
    """The chart drawn on each sheet."""
    return mark_safe("".join(draw(sheet) for sheet in SHEETS))  # noqa: S308 - made by `canvas`


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` laid on pixels `start` to `end`; what lies outside is clamped."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of `value`."""
        span = self.high - self.low
        share = 0.0 if span == 0 else (min(max(value, self.low), self.high) - self.low) / span
        return round(self.start + share * (self.end - self.start), 1)


def canvas(sheet: Sheet, height: float, parts: Sequence[str]) -> SafeString:
    """The `<svg>` around escaped `parts`."""
    return picture(sheet.width, height, parts, sheet.name)


def picture(width: float, height: float, parts: Sequence[str], name: str) -> SafeString:
    """An `<svg>` of any size."""
    return markup(
        '<svg class="chart {0}" viewBox="0 0 {1} {2}" width="{1}" height="{2}" aria-hidden="true"'
        ' focusable="false">{3}</svg>',
        name,
        width,
        height,
        mark_safe("".join(parts)),  # noqa: S308 - parts come from the functions below, escaped
    )


def shape(name: str, **attributes: Any) -> SafeString:
    """One SVG element; `_class` and dashes as underscores: `shape("line", _class="axis", x1=0)`."""
    pairs = [f' {k.lstrip("_").replace("_", "-")}="{escaped(v)}"' for k, v in attributes.items()]
    return SafeString(f"<{name}{''.join(pairs)}/>")


def words(text: str, x: float, y: float, name: str = "", anchor: str = "start") -> SafeString:
    """Text at a place."""
    return markup(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', name, x, y, anchor, text
    )


def shorten(text: str, signs: int) -> str:
    """`text` cut to `signs`, since SVG does not wrap; the data table has it whole."""
    said = str(text)
    return said if len(said) <= signs else f"{said[: signs - 1].rstrip()}…"


def figure(value: float, unit: str = "") -> str:
    """A value as people read it: shares as per cent, others with at most two decimals."""
    if unit == "%":
        return f"{numeral(f'{value * 100:.3g}')} %"
    number = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{numeral(number)} {_one(unit) if number == '1' else unit}".strip()


def _one(unit: str) -> str:
    return unit.removesuffix("s")


def day(value: dt.date) -> str:
    """A day on an axis."""
    return say("{day:%-d %b}", day=value)


def day_and_year(value: dt.date) -> str:
    """A day on an axis that crosses a year."""
    return say("{day:%-d %b %Y}", day=value)


def grid(scale: Scale, y: float, at: Sequence[float]) -> list[str]:
    """Faint vertical lines behind the marks."""
    return [shape("line", _class="grid", x1=scale(t), y1=4, x2=scale(t), y2=y) for t in at]


def axis(scale: Scale, y: float, ticks: Sequence[float], unit: str = "") -> list[str]:
    """A horizontal axis with its ticks and their figures below."""
    parts: list[str] = [shape("line", _class="axis", x1=scale.start, y1=y, x2=scale.end, y2=y)]
    for i, tick in enumerate(ticks):
        x = scale(tick)
        anchor = "start" if i == 0 else "end" if i == len(ticks) - 1 else "middle"
        parts.append(shape("line", _class="axis", x1=x, y1=y, x2=x, y2=y + 4))
        parts.append(words(figure(tick, unit), x, y + 18, "tick", anchor))
    return parts


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """`count` + 1 even ticks from `low` to `high`."""
    return [low + (high - low) * i / count for i in range(count + 1)]


def nice_ceiling(value: float) -> float:
    """The next round number at or above `value`, for the end of an axis."""
    if value <= 0:
        return 1
    magnitude = 10 ** (len(str(int(value))) - 1) if value >= 1 else 1
    for step in (1, 2, 2.5, 4, 5, 10):
        if value <= step * magnitude:
            return step * magnitude
    return 10 * magnitude
