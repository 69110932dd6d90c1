"""A table as Parquet, where pyarrow is installed: `pip install 'fellowship[parquet]'`.

Columns have the types their dictionary says; what has no type of its own there (decimals, UUIDs,
JSON) is text, as in JSON Lines. A part of the rows at a time is in memory.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import IO, Any, Final

from fellowship.web.sheets.columns import Column
from fellowship.web.sheets.writers import exact

INSTALLED: Final = find_spec("pyarrow") is not None
GROUP: Final = 20_000
"""Rows in a row group."""


def write(target: IO[bytes], listed: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    """Write the table; says how many rows."""
    import pyarrow as pa  # type: ignore[import-not-found, unused-ignore]
    import pyarrow.parquet as pq  # type: ignore[import-not-found, unused-ignore]

    types = {
        "instant": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "true or false": pa.bool_(),
        "integer": pa.int64(),
    }
    kinds = [types.get(column.type, pa.string()) for column in listed]
    names = [column.name for column in listed]
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    count, waiting = 0, iter(rows)
    with pq.ParquetWriter(target, schema, compression="zstd") as out:
        while part := list(itertools.islice(waiting, GROUP)):
            columns = [
                pa.array(
                    [_text(value) for value in values] if kind == pa.string() else values, kind
                )
                for values, kind in zip(zip(*part, strict=True), kinds, strict=True)
            ]
            out.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(part)
    return count


def _text(value: Any) -> str | None:
    said = exact(value)
    if said is None or isinstance(said, str):
        return said
    return json.dumps(said, ensure_ascii=False)
