"""Reading tables out of files: CSV, TSV, JSON and XLSX, with nothing but text in their cells."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from access.outputs.kinds import UNPACKED_MAX, ending
from fellowship.kernel.saying import say

ROWS_MAX: Final = 200_000
_FORMULA: Final = re.compile(r"[=@]|[+-](?![\d.,]*%?$)[^\s]*[A-Za-z(!]")
_COUNTS: Final = re.compile(
    r"(n|count|counts|number|total|freq|frequency|people|persons|users|cases|hits|trials)"
    r"|(n|num|count|number)[_ ].*|.*[_ ](n|count|total|freq)",
    re.IGNORECASE,
)
_SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Unreadable(ValueError):
    """The file is no table that can be read."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, its rows as text, and its sheet's name where there are sheets."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = ""

    def counting(self, declared: Sequence[str] = ()) -> list[str]:
        """The columns that count something: those declared, and those whose names say so."""
        return [c for c in self.columns if c in declared or _COUNTS.fullmatch(c.strip())]

    def numbers(self, column: str) -> Iterator[tuple[int, float]]:
        """Each row's number (from 1) and value in the column, where it is a number."""
        place = self.columns.index(column)
        for number, row in enumerate(self.rows, start=1):
            value = as_number(row[place]) if place < len(row) else None
            if value is not None:
                yield number, value


def read(name: str, body: bytes, *, most: int = ROWS_MAX) -> list[Table]:
    """The tables of a file, each with at most `most` rows. Raises Unreadable."""
    reader = {"csv": _csv, "tsv": _tsv, "json": _json, "xlsx": _xlsx}.get(ending(name))
    if reader is None:
        return []
    try:
        return reader(body, most)
    except Unreadable:
        raise
    except (ValueError, csv.Error, KeyError, zipfile.BadZipFile, ET.ParseError) as error:
        raise Unreadable(str(error)) from error
    except RecursionError as error:
        raise Unreadable(say("it is nested too deeply")) from error


def as_number(text: str) -> float | None:
    """A cell as a number; None where it is none. Thousands may be parted by commas."""
    plain = text.strip().replace(",", "")
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", plain):
        return None
    return float(plain)


def formula(table: Table) -> int | None:
    """The first row, from 1 and the heading being 0, with a cell a spreadsheet would run."""
    for number, row in enumerate((table.columns, *table.rows)):
        if any(_FORMULA.match(cell) for cell in row):
            return number
    return None


def _csv(body: bytes, most: int) -> list[Table]:
    return _separated(body, ",", most)


def _tsv(body: bytes, most: int) -> list[Table]:
    return _separated(body, "\t", most)


def _separated(body: bytes, by: str, most: int) -> list[Table]:
    text = body.decode("utf-8-sig")
    rows = []
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=by):
        if row:
            rows.append(tuple(row))
        if len(rows) > most:
            break
    return [_made(rows)]


def _json(body: bytes, most: int) -> list[Table]:
    value = json.loads(body.decode("utf-8-sig"))
    if isinstance(value, dict) and isinstance(value.get("rows"), list):
        value = value["rows"]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return []
    rows = value[:most]
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    cells = [tuple(_text(row.get(column)) for column in columns) for row in rows]
    return [_made([tuple(columns), *cells])] if columns else []


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _made(rows: Sequence[tuple[str, ...]], name: str = "") -> Table:
    if not rows:
        raise Unreadable(say("it has no row"))
    return Table(tuple(rows[0]), tuple(rows[1:]), name)


def _xlsx(body: bytes, most: int) -> list[Table]:
    found = []
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        names = set(book.namelist())
        if any(name.endswith((".bin", ".vml")) or "externalLink" in name for name in names):
            raise Unreadable(say("it holds programs or links to other files"))
        shared = _shared(book) if "xl/sharedStrings.xml" in names else []
        for name in sorted(n for n in names if re.fullmatch(r"xl/worksheets/\w+\.xml", n)):
            rows = list(_sheet(_parsed(book, name), shared, most))
            if rows:
                found.append(_made(rows, name.rpartition("/")[2].removesuffix(".xml")))
    if not found:
        raise Unreadable(say("it has no row"))
    return found


def _parsed(book: zipfile.ZipFile, name: str) -> ET.Element:
    with book.open(name) as file:
        body = file.read(UNPACKED_MAX)
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Unreadable(say("it declares entities"))
    return ET.fromstring(body)  # noqa: S314 - no document type, so no entity to expand


def _shared(book: zipfile.ZipFile) -> list[str]:
    root = _parsed(book, "xl/sharedStrings.xml")
    return ["".join(t.text or "" for t in item.iter(f"{_SHEET}t")) for item in root]


def _sheet(root: ET.Element, shared: list[str], most: int) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(root.iter(f"{_SHEET}row")):
        if number > most:
            return
        cells: dict[int, str] = {}
        for cell in row.iter(f"{_SHEET}c"):
            place = _column(cell.get("r", "")) if cell.get("r") else len(cells)
            cells[place] = _cell(cell, shared)
        if cells and max(cells) < 1_000:
            yield tuple(cells.get(place, "") for place in range(max(cells) + 1))


def _cell(cell: ET.Element, shared: list[str]) -> str:
    formula_here = cell.find(f"{_SHEET}f")
    if formula_here is not None:
        return f"={formula_here.text or ''}"
    if cell.get("t") == "inlineStr":
        return "".join(t.text or "" for t in cell.iter(f"{_SHEET}t"))
    value = cell.findtext(f"{_SHEET}v") or ""
    if cell.get("t") == "s" and value.isdigit() and int(value) < len(shared):
        return shared[int(value)]
    return value


def _column(reference: str) -> int:
    """The place of a cell's column: A is 0, AA is 26."""
    place = 0
    for letter in reference.rstrip("0123456789"):
        place = place * 26 + ord(letter.upper()) - 64
    return place - 1
