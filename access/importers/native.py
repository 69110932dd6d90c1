"""Our own rows: a JSON array, or one JSON object on each line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from access.rows import BadRow

_DECODER: Any = json.JSONDecoder()
NOT_JSON = BadRow("not_json", "This line is not JSON.")
NOT_TEXT = BadRow("not_text", "This line is not UTF-8 text.")


def read(data: bytes) -> Iterator[Any]:
    """The rows. Raises ValueError where an array as a whole cannot be read."""
    body = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body.startswith(b"["):
        yield from _array(body)
        return
    scan = _DECODER.scan_once
    for raw in body.split(b"\n"):
        if not raw or raw.isspace():
            continue
        try:
            line = raw.decode().strip()
            value, end = scan(line, 0)
            yield value if end == len(line) else NOT_JSON
        except UnicodeDecodeError:
            yield NOT_TEXT
        except (StopIteration, ValueError, RecursionError):
            yield NOT_JSON


def _array(body: bytes) -> list[Any]:
    try:
        rows = json.loads(body)
    except UnicodeDecodeError:
        raise ValueError("This is not UTF-8 text.") from None
    except RecursionError:
        raise ValueError("This JSON is nested too deeply.") from None
    except ValueError as error:
        raise ValueError(f"This is not JSON: {error}.") from None
    return list(rows)
