"""Lists as columns: a heading, and what stands below it for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from django.utils.safestring import SafeString

from fellowship.kernel.saying import say
from fellowship.web.components import blocks, marks
from fellowship.web.markup import escaped, markup
from fellowship.web.tables import Page

R = TypeVar("R")
NONE_FITS: Final = say("Nothing fits this filter.")


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column; the first of a table is the heading of each row.

    `cell` gives text, which is escaped, or HTML of `web.cells`. `sort` is a name that `paginate`
    knows. `num` sets figures to the right.
    """

    label: str
    cell: Callable[[R], object]
    sort: str = ""
    num: bool = False


@dataclass(frozen=True)
class Table(Generic[R]):
    """A list as it is shown: `{% data_table table %}` in a template.

    `rows` are what the columns read; `page` is what they were taken from, where it can be sorted.
    `picked` marks a row. With `pick` each row can be picked: it gives the value of the tick and
    what is picked, in words; the ticks are named `pick` and belong to the form the table stands
    in. `anchor` names a row for links within the page. Where there are no rows, `empty` says so and
    `hint` what comes to stand here, or what to do first; where filters leave none, `narrowed` being
    what they are, it says that instead.
    """

    caption: str
    columns: Sequence[Column[R]]
    rows: Iterable[R]
    page: Page[Any] | None = None
    empty: str = say("Nothing here.")
    hint: str = ""
    narrowed: object = ()
    dense: bool = False
    picked: Callable[[R], bool] | None = field(default=None)
    pick: Callable[[R], str] | None = field(default=None)
    anchor: Callable[[R], str] | None = field(default=None)

    def render(self) -> SafeString:
        """The table as HTML."""
        frames = self._frames()
        rows = "".join(self._row(row, frames) for row in self.rows)
        if not rows and self.narrowed:
            return marks.empty(NONE_FITS, say("Let go of a filter to see more."))
        if not rows:
            return marks.empty(self.empty, self.hint)
        return blocks.table(
            SafeString(f"<thead><tr>{self._head()}</tr></thead><tbody data-rows>{rows}</tbody>"),
            self.caption,
            hide_caption=True,
            dense=self.dense,
        )

    def _head(self) -> str:
        return self._pick_head() + "".join(
            sort_header(self.page, column.sort, column.label, num=column.num)
            if column.sort and self.page is not None
            else markup(
                '<th scope="col"{}>{}</th>',
                marks.attributes({"class": "num" if column.num else ""}),
                column.label,
            )
            for column in self.columns
        )

    def _pick_head(self) -> str:
        if self.pick is None:
            return ""
        pattern = '<td class="picker" data-pick-all><span class="visually-hidden">{}</span></td>'
        return markup(pattern, say("Pick"))

    def _tick(self, row: R) -> str:
        if self.pick is None:
            return ""
        return markup(_TICK, value := self.pick(row), say("Pick {what}", what=value))

    def _frames(self) -> list[tuple[str, Callable[[R], object], str]]:
        first, *others = self.columns
        frames: list[tuple[str, Callable[[R], object], str]]
        frames = [('<th scope="row">', first.cell, "</th>")]
        for column in others:
            attrs = {"data-label": column.label, "class": "num" if column.num else ""}
            frames.append((f"<td{marks.attributes(dict(attrs))}>", column.cell, "</td>"))
        return frames

    def _row(self, row: R, frames: list[tuple[str, Callable[[R], object], str]]) -> str:
        cells = "".join(f"{opening}{escaped(cell(row))}{end}" for opening, cell, end in frames)
        picked = ' class="pick"' if self.picked and self.picked(row) else ""
        named = markup(' id="{}"', self.anchor(row)) if self.anchor else ""
        return f"<tr{named}{picked}>{self._tick(row)}{cells}</tr>"


_TICK = (
    '<td class="picker"><input type="checkbox" class="row-pick" name="pick" value="{}"'
    ' aria-label="{}"></td>'
)


def sort_header(page: Page[Any], name: str, label: str, *, num: bool = False) -> SafeString:
    """A column's heading whose link sorts by it."""
    order = "none"
    if page.sort.removeprefix("-") == name:
        order = "descending" if page.down else "ascending"
    return markup(
        '<th scope="col" class="sort {}" aria-sort="{}"><a href="{}">{}{}</a></th>',
        "num" if num else "",
        order,
        page.sort_url(name),
        label,
        marks.icon({"ascending": "up", "descending": "down"}.get(order, "updown")),
    )
