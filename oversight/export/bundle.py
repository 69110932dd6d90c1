"""The export itself: one frozen snapshot of a scope as a ZIP file that verifies itself.

Inside: `log.jsonl` (each event's place, leaf and exact body), `proofs.csv` (the nodes of every
inclusion proof and of the proofs that earlier checkpoints are of the same log), `redactions.jsonl`
(which rows erasures changed, bound to their sealed events), `checkpoint`,
`checkpoints.jsonl`, `public-key.txt`, the tables in the format asked for, `columns.json`,
`shapes.json`, `withheld.csv`, `manifest.json` with the SHA-256 of every file, `manifest.sig` (the
log's key over the manifest), `README.txt` and `verify.py`.

Why it is so: docs/adr/0038-an-export-that-accuses-us.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db.models import Exists, Max, OuterRef

from fellowship.history import keys, signed_note, withheld
from fellowship.history.models import Checkpoint
from fellowship.history.redactions import EVENT
from fellowship.history.rows import history_models, shape_of
from fellowship.kernel.canonical import plain
from fellowship.kernel.snapshots import snapshot
from fellowship.kernel.time import now
from fellowship.web.sheets import tables
from fellowship.web.sheets.columns import Column, said
from oversight.audit.populations import POPULATIONS
from oversight.audit.scope import Scope
from oversight.export import columns
from oversight.export.log import Log, copies
from oversight.export.packing import Pack, Tell

VERIFIER: Final = Path(__file__).with_name("verify.py")
README: Final = Path(__file__).with_name("README.txt")
_OTHERS: Final = 12
"""Files that are there whatever the scope."""
_CHUNK: Final = 900
"""Below SQLite's smallest limit of parameters."""
_RECORDS: Final = 250
"""Records of a population in memory at once: each holds others along, 10 kB in all."""


class NothingSealed(ValueError):
    """There is no sealed event to export."""


@dataclass
class Summary:
    """What went into an export. `fits`: the log gives the root of its checkpoint."""

    events: int = 0
    rows: int = 0
    log_size: int = 0
    fits: bool = True
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def write(
    target: IO[bytes],
    scope: Scope,
    *,
    file_format: str,
    program: str,
    as_of: dt.datetime | None = None,
    tell: Tell | None = None,
) -> Summary:
    """Write the export of `scope` to `target`, an open binary file, in bounded memory.

    With `as_of`, nothing recorded later goes in, and each record of the programme is added as it
    stood then. Seal before: what is not sealed is not exported. `tell` hears how far it has got.
    Raises NothingSealed where nothing is sealed.
    """
    kept = copies()
    with snapshot():
        checkpoint = Checkpoint.objects.last()
        if checkpoint is None:
            raise NothingSealed("nothing is sealed yet")
        models = len(history_models()) * (2 if as_of else 1)
        pack = Pack(target, _OTHERS + models + len(POPULATIONS), tell)
        export = _Export(pack, scope, file_format, Log(checkpoint, kept), as_of)
        summary = export.run(program)
        pack.close()
        return summary


class _Export:
    def __init__(
        self, pack: Pack, scope: Scope, file_format: str, log: Log, as_of: dt.datetime | None
    ) -> None:
        self.pack = pack
        self.scope = replace(scope, to_at=_earlier(scope.to_at, as_of))
        # As it stood: whoever changed it, and whenever before.
        still = replace(self.scope, from_at=None, actors=(), verbs=(), words="")
        self.standing = still if as_of else None
        self.as_of = as_of
        self.format = file_format
        self.log = log
        self.summary = Summary(log_size=log.checkpoint.size)
        self.dictionary: dict[str, list[dict[str, str]]] = {}
        self.withheld: list[str] = []

    def run(self, program: str) -> Summary:
        """Every file in its order; the manifest and its signature last."""
        self.summary.events = self.log.events(self.pack, self._sealed())
        self.log.redactions(self.pack, self._holds)
        self.log.proofs(self.pack)
        self.log.keys(self.pack)
        self._table("events", columns.EVENTS, self._sealed())
        self._history()
        self._populations()
        lines = (f"{line}\n".encode() for line in self.withheld)
        self.pack.lines("withheld.csv", lines, head=b"model,history_id,event\n")
        self.pack.json("columns.json", self.dictionary)
        self.pack.text("README.txt", README.read_text(encoding="utf-8"))
        self.pack.text("verify.py", VERIFIER.read_text(encoding="utf-8"))
        self.summary.fits, self.summary.files = self.log.fits, self.pack.files
        text = f"{json.dumps(self._manifest(program), indent=1, ensure_ascii=False)}\n"
        self.pack.last("manifest.json", text)
        self.pack.last("manifest.sig", _signed(text))
        return self.summary

    def _sealed(self) -> Any:
        rows = self.scope.events().filter(seal__seq__lt=self.log.checkpoint.size)
        return rows.order_by("seal__seq")

    def _holds(self, label: str, keys: Collection[int]) -> Collection[int]:
        """Which of these rows of the record the export holds."""
        if label == EVENT:
            rows = self._sealed()
        elif model := history_models().get(label):
            rows = withheld.readable(label, self._rows_of(model, self.scope))
        else:
            return ()
        rows, known = rows.order_by(), sorted(keys)
        found: set[int] = set()
        for start in range(0, len(known), _CHUNK):
            part = rows.filter(pk__in=known[start : start + _CHUNK])
            found.update(part.values_list("pk", flat=True))
        return found

    def _history(self) -> None:
        for label, model in history_models().items():
            rows = self._rows_of(model, self.scope)
            read = withheld.readable(label, rows)
            if read.exists():
                self._rows(f"history/{label}", model, read)
            else:
                self.pack.skip()
            if read is not rows:
                self._withhold(label, rows, read)
            if self.standing:
                standing = withheld.readable(label, self._rows_of(model, self.standing))
                self._as_they_stood(label, model, standing)

    def _rows_of(self, model: Any, scope: Scope) -> Any:
        # By the row, not by the scope: the log is far longer than any model's history.
        event = scope.events().filter(
            uid=OuterRef("history_event"), seal__seq__lt=self.log.checkpoint.size
        )
        return model.objects.filter(Exists(event)).order_by("history_id")

    def _withhold(self, label: str, rows: Any, read: Any) -> None:
        """Name the rows that are left out, and nothing of what they say."""
        left_out = rows.exclude(pk__in=read.order_by().values("pk"))
        for pk, event in left_out.values_list("pk", "history_event").iterator(chunk_size=5000):
            self.withheld.append(f"{label},{pk},{event}")

    def _as_they_stood(self, label: str, model: Any, rows: Any) -> None:
        records = rows.order_by().values(model.instance_type._meta.pk.attname)
        newest = records.annotate(newest=Max("history_id")).values("newest")
        standing = model.objects.filter(pk__in=newest).exclude(history_type="-")
        if standing.exists():
            self._rows(f"as-of/{label}", model, standing.order_by("history_id"))
        else:
            self.pack.skip()

    def _populations(self) -> None:
        """The ready-made populations of the period, where the scope is the programme's record.

        They hold what stands now: with an instant to look back to there are none.
        """
        narrowed = set(self.scope.said()) - {"from", "to"}
        for key, population in POPULATIONS.items():
            if self.as_of or narrowed:
                self.pack.skip()
                continue
            scope = self.scope
            rows = population.within(scope.program_id, scope.from_at, scope.to_at, scope.hidden)
            path = f"populations/{key}.{self.format}"
            listed = columns.of_population(population)
            self.dictionary[path] = said(listed)
            texts = (population.texts(row) for row in rows.iterator(chunk_size=_RECORDS))
            with self.pack.opened(path) as (target, note):
                note["rows"] = tables.write_rows(target, self.format, listed, texts)

    def _rows(self, name: str, model: Any, rows: Any) -> None:
        listed = columns.of_history(model)
        if self.format == "jsonl" and name.startswith("history/"):
            self.dictionary[f"{name}.jsonl"] = said(listed)
            self.summary.rows += self.pack.lines(
                f"{name}.jsonl", _exact(model, tables.fetched(listed, rows))
            )
            return
        count = self._table(name, listed, rows)
        self.summary.rows += count if name.startswith("history/") else 0

    def _table(self, name: str, listed: Sequence[Column], rows: Any) -> int:
        path = f"{name}.{self.format}"
        self.dictionary[path] = said(listed)
        with self.pack.opened(path) as (target, note):
            count = tables.write(target, self.format, listed, rows)
            note["rows"] = count
        return count

    def _manifest(self, program: str) -> dict[str, Any]:
        manifest: dict[str, Any] = plain(
            {
                "version": 2,
                "program": program,
                "scope": self.scope.said(),
                "as_of": self.as_of,
                "format": self.format,
                "made_at": now(),
                "log": settings.LEDGER_ORIGIN,
                "log_size": self.log.checkpoint.size,
                "missing": self.log.missing,
                "events": self.summary.events,
                "history_rows": self.summary.rows,
                "withheld_rows": len(self.withheld),
                "files": dict(sorted(self.summary.files.items())),
            }
        )
        return manifest


def _exact(model: Any, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """History rows as the very values whose digest the ledger holds, with their key beside them."""
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
