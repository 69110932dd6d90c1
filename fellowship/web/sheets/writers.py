"""One table of an export as a file: CSV, XLSX or JSON Lines, written row by row.

A spreadsheet takes a cell that begins with = + - @, a tab or a carriage return for a formula; in
CSV and XLSX such a cell gets an apostrophe before it. JSON Lines keeps values exactly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any, Final, Protocol
from uuid import UUID

from fellowship.kernel.canonical import instant

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
SHEET_ROWS: Final = 1_000_000
CELL: Final = 32_767
CUT: Final = " … (cut at the longest a cell may be; the record has it whole)"
_FLUSH: Final = 2000


class Writer(Protocol):
    """Writes one table into an open binary file; says how many rows."""

    def __call__(
        self, target: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> int: ...


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(DANGEROUS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    text = _text(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return instant(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)


def write_csv(target: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """UTF-8 with a byte order mark, comma-separated, CRLF, quoted where needed (RFC 4180)."""
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
    out = csv.writer(text)
    out.writerow(columns)
    count = 0
    for row in rows:
        out.writerow([safe(value) for value in row])
        count += 1
    text.flush()
    text.detach()
    return count


def write_jsonl(target: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """One JSON object a line."""
    count = 0
    held: list[str] = []
    for row in rows:
        line = json.dumps(
            dict(zip(columns, map(exact, row), strict=True)),
            ensure_ascii=False,
            separators=(",", ":"),
        )
        held.append(f"{line}\n")
        count += 1
        if len(held) == _FLUSH:
            target.write("".join(held).encode())
            held.clear()
    target.write("".join(held).encode())
    return count


def exact(value: Any) -> Any:
    """A value as JSON holds it: instants as RFC 3339, decimals and UUIDs as text."""
    if isinstance(value, (Decimal, UUID, dt.date, dt.time, bytes, memoryview)):
        return _text(value)
    return value


def write_xlsx(target: IO[bytes], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """One workbook, a new sheet after each million rows, in constant memory; text stays text."""
    import xlsxwriter  # 2 MB that other formats need not hold

    count = 0
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as held:
        book = xlsxwriter.Workbook(
            held.name,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - its API is naive
        sheet: Any = None
        for row in rows:
            if count % SHEET_ROWS == 0:
                sheet = _sheet(book, columns)
            place = count % SHEET_ROWS + 1
            for column, value in enumerate(row):
                _cell(sheet, place, column, safe(value))
            count += 1
        if sheet is None:
            _sheet(book, columns)
        book.close()
        held.seek(0)
        while block := held.read(1 << 20):
            target.write(block)
    return count


def _sheet(book: Any, columns: Sequence[str]) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for number, name in enumerate(columns):
        sheet.write_string(0, number, name)
    return sheet


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, int) and abs(value) < 2**53:
        sheet.write_number(row, column, value)
    elif value != "":
        text = str(value)
        sheet.write_string(
            row, column, text if len(text) <= CELL else text[: CELL - len(CUT)] + CUT
        )


WRITERS: Final[dict[str, Writer]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "jsonl": write_jsonl,
}
