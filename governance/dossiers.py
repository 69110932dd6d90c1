"""A sealed dossier as people read it. It shows what was sealed, word for word, and nothing else.

Only what its kind withholds from a person for a time is replaced, by a sentence that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.text import slugify

from fellowship.kernel.saying import joined, say
from fellowship.web import cells, charts
from fellowship.web.columns import Column, Table
from governance import kinds
from governance.models import Matter

_LONG = 90
_SCORE = re.compile(r"^([1-5]) of 5$")
_TONES = {"yes": "good", "no": "bad", "in part": "warn", "partly": "warn", "by approval": "warn"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table with its column's name; `tone` where it is a plain yes or no."""

    column: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of a dossier with one kind of content: text, pairs, a table or a difference."""

    id: str
    heading: str
    text: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    passages: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    old: str | None = None
    new: str = ""
    scores: charts.Chart | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing stands under the heading."""
        shown = self.text or self.pairs or self.passages or self.rows or self.scores
        return not shown and self.old is None

    @property
    def table(self) -> Table[tuple[Cell, ...]]:
        """The rows under their columns."""
        columns = [Column(name, _nth(i)) for i, name in enumerate(self.columns)]
        return Table(self.heading, columns, self.rows)


def _nth(place: int) -> Callable[[tuple[Cell, ...]], object]:
    def shown(row: tuple[Cell, ...]) -> object:
        if place >= len(row):
            return ""
        cell = row[place]
        return cells.tag(cell.text, cell.tone) if cell.tone and place else cell.text

    return shown


def read_by(user: Any, matter: Matter) -> Callable[[Any], Any]:
    """From the body of a dossier to what the person reads of it now; asked once for a matter."""
    kind = kinds.get(matter.kind)
    instead = kind.withheld(kinds.subject_of(matter), user) if kind.withholds else {}

    def read(body: Any) -> Any:
        if not instead or not isinstance(body, Mapping):
            return body
        parts = [
            {"heading": part["heading"], "text": instead[part["heading"]]}
            if isinstance(part, Mapping) and part.get("heading") in instead
            else part
            for part in body.get("sections", ())
        ]
        return {**body, "sections": parts}

    return read


def sections(body: Any) -> list[Section]:
    """The sections of a dossier's body, in their order; like scores side by side in one figure."""
    given = body.get("sections", ()) if isinstance(body, Mapping) else ()
    read = [_section(i, part) for i, part in enumerate(given, 1) if isinstance(part, Mapping)]
    return _side_by_side(read)


def _side_by_side(read: list[Section]) -> list[Section]:
    """Scores of several judges on the same criteria as one figure, before what each wrote."""
    judged = [(section, _scored(section)) for section in read]
    first = next(((s, found) for s, found in judged if len(found) > 1), None)
    if first is None:
        return read
    labels = [label for label, _ in first[1]]
    alike = {s.id: found for s, found in judged if [label for label, _ in found] == labels}
    figure = charts.dots(
        [
            charts.DotRow(label, [found[i][1] for found in alike.values()])
            for i, label in enumerate(labels)
        ],
        title=say("Scores per criterion, one dot for each reviewer"),
        low=1,
        high=5,
    )
    names = {section.id: section.heading for section, _ in judged}
    table = tuple(
        (
            Cell("", label),
            *(
                Cell(names[key], say("{found} of 5", found=found[i][1]))
                for key, found in alike.items()
            ),
        )
        for i, label in enumerate(labels)
    )
    columns = (say("Criterion"), *(names[key] for key in alike))
    scores = Section("scores", say("Scores"), columns=columns, rows=table, scores=figure)
    combined: list[Section] = []
    for section, _ in judged:
        if section.id == first[0].id:
            combined.append(scores)
        left = tuple(pair for pair in section.pairs if not _SCORE.match(pair[1]))
        combined.append(replace(section, pairs=left) if section.id in alike else section)
    return combined


def _scored(section: Section) -> list[tuple[str, int]]:
    """The pairs of a section that are a score of five."""
    found = [(label, _SCORE.match(value)) for label, value in section.pairs]
    return [(label, int(match[1])) for label, match in found if match]


def _section(number: int, part: Mapping[str, Any]) -> Section:
    heading = str(part.get("heading") or say("Part {number}", number=number))
    place = f"part-{number}-{slugify(heading)[:40]}".rstrip("-")
    if isinstance(part.get("diff"), Mapping):
        diff = part["diff"]
        return Section(place, heading, old=_said(diff.get("old")), new=_said(diff.get("new")))
    if "rows" in part:
        return _rows(place, heading, part)
    return Section(place, heading, text=_said(part.get("text")))


def _rows(place: str, heading: str, part: Mapping[str, Any]) -> Section:
    """Rows as a table where columns have names; as pairs, or as passages where they are long."""
    rows = list(part.get("rows") or ())
    columns = [str(column) for column in part.get("columns") or ()]
    if rows and isinstance(rows[0], Mapping):
        columns = list(dict.fromkeys(str(key) for row in rows for key in row))
        rows = [[row.get(column) for column in columns] for row in rows]
    rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in rows]
    if any(columns) or any(len(row) != 2 for row in rows):
        width = max([len(columns), *(len(row) for row in rows)])
        names = [*columns, *[""] * (width - len(columns))]
        shown = tuple(tuple(_cell(names[i], value) for i, value in enumerate(row)) for row in rows)
        return Section(place, heading, columns=tuple(names), rows=shown)
    pairs = tuple((_said(label), _said(value)) for label, value in rows)
    if any(len(value) > _LONG or "\n" in value for _, value in pairs):
        short = tuple(pair for pair in pairs if not _is_long(pair[1]))
        return Section(
            place, heading, pairs=short, passages=tuple(p for p in pairs if _is_long(p[1]))
        )
    return Section(place, heading, pairs=pairs)


def _is_long(value: str) -> bool:
    return len(value) > _LONG or "\n" in value


def _cell(column: str, value: Any) -> Cell:
    text = _said(value)
    return Cell(column, text, _TONES.get(text.strip().casefold(), ""))


def _said(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return say("Yes") if value else say("No")
    if isinstance(value, (list, tuple)):
        return joined(", ", (_said(item) for item in value))
    if isinstance(value, Mapping):
        return joined("; ", (f"{key}: {_said(item)}" for key, item in value.items()))
    return str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """One section that differs between two versions of a dossier, as text."""

    heading: str
    old: str
    new: str


def changes(before: Any, after: Any) -> list[Difference]:
    """What differs from one version to the next, section by section, in the order of the later."""
    old, new = _as_text(before), _as_text(after)
    headings = [*new, *(heading for heading in old if heading not in new)]
    return [
        Difference(heading, old.get(heading, ""), new.get(heading, ""))
        for heading in headings
        if old.get(heading, "") != new.get(heading, "")
    ]


def _as_text(body: Any) -> dict[str, str]:
    """Each section of a body as plain text; sections of one heading one below the other."""
    given = body.get("sections", ()) if isinstance(body, Mapping) else ()
    found: dict[str, str] = {}
    for number, part in enumerate(given, 1):
        if isinstance(part, Mapping):
            heading = str(part.get("heading") or say("Part {number}", number=number))
            text = _text_of(part)
            found[heading] = f"{found[heading]}\n{text}" if heading in found else text
    return found


def _text_of(part: Mapping[str, Any]) -> str:
    if isinstance(part.get("diff"), Mapping):
        return _said(part["diff"].get("new"))
    if "rows" not in part:
        return _said(part.get("text"))
    return "\n".join(_line(row) for row in part.get("rows") or ())


def _line(row: Any) -> str:
    if isinstance(row, Mapping):
        return joined("; ", (f"{key}: {_said(value)}" for key, value in row.items()))
    if isinstance(row, (list, tuple)):
        return ": ".join(_said(value) for value in row)
    return _said(row)
