"""A BagIt 1.0 bag as a ZIP file whose bytes depend on its content alone.

Entries are sorted, stored without compression (whose output differs between versions of zlib),
dated with one given instant, and carry the same attributes on every system.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Final

_EARLIEST: Final = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
_MODE: Final = 0o100644 << 16


def bag(
    payload: Mapping[str, bytes], *, name: str, at: dt.datetime, info: Mapping[str, str]
) -> bytes:
    """The ZIP of a bag folder `name` that holds `payload` under `data/`; `at` dates all entries."""
    data = {f"data/{path}": content for path, content in payload.items()}
    tags: dict[str, bytes] = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "manifest-sha256.txt": _manifest(data),
        "bag-info.txt": _info(data, at, info),
    }
    tags["tagmanifest-sha256.txt"] = _manifest(tags)
    return _zip({f"{name}/{path}": content for path, content in {**data, **tags}.items()}, at)


def _manifest(files: Mapping[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)]
    return "".join(lines).encode()


def _info(data: Mapping[str, bytes], at: dt.datetime, info: Mapping[str, str]) -> bytes:
    size = sum(len(content) for content in data.values())
    said = {
        **info,
        "Bagging-Date": at.date().isoformat(),
        "Payload-Oxum": f"{size}.{len(data)}",
    }
    lines = (f"{key}: {' '.join(said[key].split())}\n" for key in sorted(said))
    return "".join(lines).encode()


def _zip(files: Mapping[str, bytes], at: dt.datetime) -> bytes:
    moment = max(at.astimezone(dt.UTC), _EARLIEST)
    dated = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time=dated)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = _MODE
            packed.writestr(entry, files[path])
    return held.getvalue()
