"""The export itself: one frozen snapshot of a scope as a ZIP file that verifies itself.

Inside: `log.jsonl` (each event's place and exact body), `proofs.csv` (the nodes of every inclusion
proof), `checkpoint` and `public-key.txt`, the tables in the format asked for, `columns.json`,
`manifest.json` with the SHA-256 of every file, `manifest.sig` (the log's key over the manifest),
and `verify.py`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db.models import Exists, Max, OuterRef

from fellowship.history import keys, signed_note, withheld
from fellowship.history.models import Checkpoint
from fellowship.history.rows import history_models, shape_of
from fellowship.history.seal import leaf_hashes
from fellowship.kernel.canonical import plain
from fellowship.kernel.snapshots import snapshot
from fellowship.kernel.time import now
from fellowship.web.sheets import tables
from fellowship.web.sheets.columns import Column, said
from oversight.audit.scope import Scope
from oversight.export import columns
from oversight.export.nodes import Tree

VERIFIER: Final = Path(__file__).with_name("verify.py")
LEVEL: Final = 1
"""Deflate's fastest: the export waits for the database, not for the disk."""


class NothingSealed(ValueError):
    """There is no sealed event to export."""


@dataclass
class Summary:
    """What went into an export."""

    events: int = 0
    rows: int = 0
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def write(
    target: IO[bytes],
    scope: Scope,
    *,
    file_format: str,
    program: str,
    as_of: dt.datetime | None = None,
) -> Summary:
    """Write the export of `scope` to `target`, an open binary file, in bounded memory.

    With `as_of`, nothing recorded later goes in, and each record of the programme is added as it
    stood then. Seal before: what is not sealed is not exported. Raises NothingSealed where nothing
    is.
    """
    with snapshot():
        checkpoint = Checkpoint.objects.last()
        if checkpoint is None:
            raise NothingSealed("nothing is sealed yet")
        with zipfile.ZipFile(
            target, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=LEVEL
        ) as packed:
            export = _Export(packed, scope, file_format, checkpoint, as_of)
            return export.run(program)


class _Export:
    def __init__(
        self,
        packed: zipfile.ZipFile,
        scope: Scope,
        file_format: str,
        checkpoint: Checkpoint,
        as_of: dt.datetime | None,
    ) -> None:
        self.packed = packed
        self.scope = replace(scope, to_at=_earlier(scope.to_at, as_of))
        self.standing = replace(self.scope, from_at=None) if as_of else None
        self.format = file_format
        self.checkpoint = checkpoint
        self.summary = Summary()
        self.indexes = array("q")
        self.dictionary: dict[str, list[dict[str, str]]] = {}

    def run(self, program: str) -> Summary:
        """Every file in its order; the manifest and its signature last."""
        self._log()
        self._proofs()
        self._text("checkpoint", self.checkpoint.note)
        self._text("public-key.txt", f"{keys.verifier()}\n")
        self._events()
        self._history()
        self._json("columns.json", self.dictionary)
        self._text("verify.py", VERIFIER.read_text(encoding="utf-8"))
        manifest = self._manifest(program)
        text = f"{json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)}\n"
        self.packed.writestr("manifest.json", text)
        self.packed.writestr("manifest.sig", _signed(text))
        return self.summary

    def _sealed(self) -> Any:
        rows = self.scope.events().filter(seal__seq__lt=self.checkpoint.size)
        return rows.order_by("seal__seq")

    def _log(self) -> None:
        def lines() -> Iterator[bytes]:
            fetched = self._sealed().values_list("seal__seq", "body")
            for index, body in fetched.iterator(chunk_size=tables.BATCH):
                self.indexes.append(index)
                said = json.dumps(body, ensure_ascii=False)
                yield f'{{"index":{index},"body":{said}}}\n'.encode()

        self.summary.events = self._stream("log.jsonl", lines())

    def _proofs(self) -> None:
        with Tree(leaf_hashes(0, self.checkpoint.size)) as tree:
            if tree.root.hex() != self.checkpoint.root_hash:
                raise ValueError("the log does not give the root of its checkpoint: verify_ledger")
            lines = (
                f"{level},{index},{found.hex()}\n".encode()
                for level, index, found in tree.paths(self.indexes)
            )
            self._stream("proofs.csv", lines, head=b"level,index,hash\n")

    def _events(self) -> None:
        self._table("events", columns.EVENTS, self._sealed())

    def _history(self) -> None:
        for label, model in history_models().items():
            rows = self._rows_of(label, model, self.scope)
            if rows.exists():
                self._rows(f"history/{label}", model, rows)
            if self.standing:
                self._as_they_stood(label, model, self._rows_of(label, model, self.standing))

    def _rows_of(self, label: str, model: Any, scope: Scope) -> Any:
        # By the row, not by the scope: the log is far longer than any model's history.
        event = scope.events().filter(
            uid=OuterRef("history_event"), seal__seq__lt=self.checkpoint.size
        )
        rows = model.objects.filter(Exists(event)).order_by("history_id")
        return withheld.readable(label, rows)

    def _as_they_stood(self, label: str, model: Any, rows: Any) -> None:
        records = rows.order_by().values(model.instance_type._meta.pk.attname)
        newest = records.annotate(newest=Max("history_id")).values("newest")
        standing = model.objects.filter(pk__in=newest).exclude(history_type="-")
        if standing.exists():
            self._rows(f"as-of/{label}", model, standing.order_by("history_id"))

    def _rows(self, name: str, model: Any, rows: Any) -> None:
        listed = columns.of_history(model)
        if self.format == "jsonl" and name.startswith("history/"):
            self.dictionary[f"{name}.jsonl"] = said(listed)
            self.summary.rows += self._stream(
                f"{name}.jsonl", _exact(model, tables.fetched(listed, rows))
            )
            return
        count = self._table(name, listed, rows)
        self.summary.rows += count if name.startswith("history/") else 0

    def _table(self, name: str, listed: Sequence[Column], rows: Any) -> int:
        path = f"{name}.{self.format}"
        self.dictionary[path] = said(listed)
        with self._open(path) as (target, note):
            count = tables.write(target, self.format, listed, rows)
            note["rows"] = count
        return count

    def _stream(self, path: str, lines: Iterable[bytes], head: bytes = b"") -> int:
        count = 0
        held: list[bytes] = [head] if head else []
        with self._open(path) as (target, note):
            for line in lines:
                held.append(line)
                count += 1
                if len(held) >= tables.BATCH:
                    target.write(b"".join(held))
                    held.clear()
            target.write(b"".join(held))
            note["rows"] = count
        return count

    @contextmanager
    def _open(self, path: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        """A file of the ZIP, hashed as it is written, and its line in the manifest."""
        note: dict[str, Any] = {}
        with self.packed.open(path, "w", force_zip64=True) as inside:
            hashing = _Hashing(inside)
            yield hashing, note
        self.summary.files[path] = {**note, "sha256": hashing.sha256, "bytes": hashing.size}

    def _text(self, path: str, text: str) -> None:
        with self._open(path) as (target, _):
            target.write(text.encode())

    def _json(self, path: str, content: Any) -> None:
        self._text(path, f"{json.dumps(content, indent=1, ensure_ascii=False)}\n")

    def _manifest(self, program: str) -> dict[str, Any]:
        said: dict[str, Any] = plain(
            {
                "version": 1,
                "program": program,
                "scope": self.scope.said(),
                "format": self.format,
                "made_at": now(),
                "log": settings.LEDGER_ORIGIN,
                "log_size": self.checkpoint.size,
                "events": self.summary.events,
                "history_rows": self.summary.rows,
                "files": self.summary.files,
            }
        )
        return said


class _Hashing:
    """A binary file that counts and hashes what is written through it."""

    def __init__(self, inside: IO[bytes]) -> None:
        self._inside = inside
        self._hash = hashlib.sha256()
        self.size = 0
        self.closed = False

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, content: bytes) -> int:
        self._hash.update(content)
        self.size += len(content)
        return self._inside.write(content)

    def flush(self) -> None:
        return None

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _exact(model: Any, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """History rows as the very text whose SHA-256 the ledger holds, with their key beside it."""
    shape = shape_of(model)
    for pk, *values in rows:
        row = {
            name: None if value is None else convert(value)
            for name, convert, value in zip(shape.columns, shape.converts, values, strict=True)
        }
        text = json.dumps(
            {"history_id": pk, "model": shape.label, "row": row},
            separators=(",", ":"),
            ensure_ascii=False,
        )
        yield f"{text}\n".encode()


def _signed(manifest: str) -> str:
    """A signed note over the manifest, by the log's key and name."""
    hashed = hashlib.sha256(manifest.encode()).hexdigest()
    text = f"fellowship export\n{hashed}\n"
    return signed_note.sign(text, settings.LEDGER_ORIGIN, keys.signing_key())


def _earlier(to_at: dt.datetime | None, as_of: dt.datetime | None) -> dt.datetime | None:
    """The end of the period: the earlier of the two, the instant `as_of` itself inside."""
    inside = as_of + dt.timedelta(microseconds=1) if as_of else None
    return min((instant for instant in (to_at, inside) if instant), default=None)
