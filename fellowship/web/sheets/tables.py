"""One table of an export, by the quickest way to its bytes: the database's own or row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Any, Final

from fellowship.web.sheets import copying, parquet, writers
from fellowship.web.sheets.columns import Column

BATCH: Final = 2_000
"""Rows fetched at once."""
FORMATS: Final = (*writers.WRITERS, *(["parquet"] if parquet.INSTALLED else []))
"""What a table can be written as here."""


def write(target: IO[bytes], file_format: str, listed: Sequence[Column], rows: Any) -> int:
    """Write the rows of a query as `file_format`, one of FORMATS; says how many.

    The same bytes on every database.
    """
    if file_format == "csv" and copying.can(rows.model, listed):
        return copying.write(target, listed, rows)
    return write_rows(target, file_format, listed, fetched(listed, rows))


def write_rows(
    target: IO[bytes], file_format: str, listed: Sequence[Column], rows: Iterable[Sequence[Any]]
) -> int:
    """Write rows that are there already, in the order of the columns; says how many."""
    if file_format == "parquet":
        return parquet.write(target, listed, rows)
    names = [column.name for column in listed]
    return writers.WRITERS[file_format](target, names, rows)


def fetched(listed: Sequence[Column], rows: Any) -> Any:
    """The values of the columns, row by row, no more than BATCH in memory."""
    return rows.values_list(*(c.lookup for c in listed)).iterator(chunk_size=BATCH)
