"""The graph drawn by columns, as SVG without styles; the page shows its table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fellowship.kernel.saying import begun, joined, say
from fellowship.web.charts.base import shorten
from fellowship.web.markup import escaped
from oversight.lineage.graph import RANKS, Graph, Node, counted, noun

WIDTH: Final = 132
HEIGHT: Final = 46
GAP_X: Final = 28
GAP_Y: Final = 14
TOP: Final = 28
SHOWN: Final = 12
"""At most so many boxes a column; the table has them all."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node's place, in SVG units."""

    node: Node
    x: int
    y: int


def draw(found: Graph, gap: str | None = None) -> str:
    """The SVG. `gap` names the column drawn as missing; by default the first without a node."""
    missing = found.first_missing if gap is None else gap
    boxes: dict[str, Box] = {}
    columns = found.columns
    used = [0] * len(columns)
    for node in found.nodes.values():
        column = columns.index(node.kind)
        if used[column] < SHOWN:
            x = column * (WIDTH + GAP_X)
            boxes[node.key] = Box(node, x, TOP + used[column] * (HEIGHT + GAP_Y))
            used[column] += 1
    rows = max([*used, 1])
    width = len(columns) * (WIDTH + GAP_X) - GAP_X
    beside = " beside" if len(columns) > len(RANKS) else ""
    height = TOP + rows * (HEIGHT + GAP_Y)
    parts = [
        f'<svg class="lineage{beside}" viewBox="-1 0 {width + 2} {height}" role="group" '
        f'aria-label="{escaped(describe(found, missing))}" xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [
        f'<text class="rank" x="{i * (WIDTH + GAP_X)}" y="14">{escaped(begun(noun(kind)))}</text>'
        for i, kind in enumerate(columns)
    ]
    parts += [
        _line(boxes[e.source], boxes[e.target])
        for e in found.edges
        if e.source in boxes and e.target in boxes
    ]
    parts += [_box(box) for box in boxes.values()]
    if missing:
        column = columns.index(missing)
        parts.append(_gap(column, used[column]))
    return "".join([*parts, "</svg>"])


def describe(found: Graph, gap: str | None = None) -> str:
    """The picture in a sentence, with the first missing link."""
    first = found.first_missing if gap is None else gap
    beside = _counted(found, [kind for kind in found.columns if kind not in RANKS])
    missing = say("; first missing link: {first}", first=noun(first)) if first else ""
    return say(
        "Chain of {counted}{beside}{missing}",
        counted=_counted(found, RANKS),
        beside=beside and say("; beside it {beside}", beside=beside),
        missing=missing,
    )


def _counted(found: Graph, kinds: Sequence[str]) -> str:
    """“1 claim, 2 findings”."""
    numbers = [(kind, len(found.of(kind))) for kind in kinds]
    return joined(", ", (joined(" ", (str(n), counted(kind, n))) for kind, n in numbers))


def _line(a: Box, b: Box) -> str:
    x1, y1 = a.x + WIDTH, a.y + HEIGHT // 2
    x2, y2 = b.x, b.y + HEIGHT // 2
    if b.x < a.x:
        x1, x2 = a.x, b.x + WIDTH
    elif b.x == a.x:
        x1, x2 = a.x + WIDTH // 2, b.x + WIDTH // 2
    middle = (x1 + x2) // 2
    return f'<path class="link" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(box: Box) -> str:
    node = box.node
    label, detail = escaped(shorten(node.label, 17)), escaped(shorten(node.detail, 18))
    inner = (
        f'<rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text class="label" x="{box.x + 8}" y="{box.y + 19}">{label}</text>'
        f'<text class="detail" x="{box.x + 8}" y="{box.y + 36}">{detail}</text>'
    )
    if node.url:
        inner = f'<a href="{escaped(node.url)}">{inner}</a>'
    return f'<g class="node {node.kind}">{inner}</g>'


def _gap(column: int, used: int) -> str:
    x, y = column * (WIDTH + GAP_X), TOP + used * (HEIGHT + GAP_Y)
    return (
        f'<g class="node missing"><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text class="label" x="{x + 8}" y="{y + 27}">{escaped(say("missing"))}</text></g>'
    )
