"""History rows against the events that made them, both ways."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from fellowship.history.models import Event
from fellowship.history.models import Shape as ShapeRow
from fellowship.history.recorder import summary
from fellowship.history.rows import Shape, history_models, shape_key, shape_of, shape_with
from fellowship.history.verify.bodies import Read, rows_named
from fellowship.history.verify.redacted import Redacted
from fellowship.history.verify.report import Report

_CHUNK = 900  # below SQLite's smallest limit of parameters
_BATCH = 2000


class RowCheck:
    """Collects which rows the events account for; `finish` names those no event does."""

    def __init__(self, report: Report, redacted: Redacted) -> None:
        self.report = report
        self.redacted = redacted
        self.models = history_models()
        self.accounted: Counter[str] = Counter()
        self._gone: Counter[tuple[str, str]] = Counter()

    def check(self, reads: Iterable[Read]) -> None:
        """Check the rows that these events name."""
        named: dict[tuple[str, str], dict[int, tuple[Read, str]]] = defaultdict(dict)
        for read in reads:
            if isinstance(read.rows, dict):
                self._check_summary(read, read.rows)
                continue
            for label, key, digest, shape in read.rows:
                named[label, shape][int(key)] = (read, digest)
        for (label, shape), refs in named.items():
            self._check_rows(label, shape, refs)

    def finish(self) -> None:
        """Name rows of history that no event accounts for."""
        for (label, shape), count in self._gone.items():
            self.report.notes.append(
                f"{count} rows of {label} have columns since dropped (shape {shape}):"
                " their digests cannot be recomputed"
            )
        for label, model in self.models.items():
            count = model.objects.count()
            self.report.rows += count
            if count > self.accounted[label]:
                self._name_unaccounted(label, model)

    def _check_rows(self, label: str, key: str, refs: dict[int, tuple[Read, str]]) -> None:
        shape = self._shape(label, key)
        found = set()
        for row in self._fetch(label, shape, list(refs)):
            found.add(row[0])
            read, digest = refs[row[0]]
            if row[1] != read.uid or (shape and self._digest(shape, row) != digest):
                self._add(f"{label} {row[0]} is not as event {read.event_id} recorded it", read)
        self.accounted[label] += len(found)
        if shape is None:
            self._gone[label, key] += len(found)
        for pk in refs.keys() - found:
            self._add(
                f"{label} {pk}, which event {refs[pk][0].event_id} recorded, is gone", refs[pk][0]
            )

    def _fetch(self, label: str, shape: Shape | None, pks: Sequence[int]) -> Iterator[Any]:
        model = self.models.get(label)
        if model is None:
            return
        columns = shape.columns if shape else ()
        for start in range(0, len(pks), _CHUNK):
            chunk = model.objects.filter(pk__in=pks[start : start + _CHUNK]).order_by()
            yield from chunk.values_list("pk", "history_event", *columns)

    def _check_summary(self, read: Read, said: dict[str, Any]) -> None:
        refs = []
        for label, key in said["shapes"]:
            shape = self._shape(label, key)
            if shape is None:
                self._gone[label, key] += 1
                return
            rows = self.models[label].objects.filter(history_event=read.uid).order_by()
            columns = ("pk", "history_event", *shape.columns)
            for row in rows.values_list(*columns).iterator(chunk_size=_BATCH):
                refs.append((label, str(row[0]), self._digest(shape, row), key))
                self.accounted[label] += 1
        if summary(refs) != said:
            self._add(f"history rows are not as event {read.event_id} recorded them", read)

    def _digest(self, shape: Shape, row: Sequence[Any]) -> str:
        """The digest the row was recorded with, also where personal data was taken out since."""
        return self.redacted.original(shape.label, int(row[0]), shape.digest(row[2:]))

    def _shape(self, label: str, key: str) -> Shape | None:
        """The shape an event names; None when its columns are no longer known or there."""
        model = self.models.get(label)
        if model is None:
            return None
        present = shape_of(model)
        return present if present.key == key else _stored(label, key)

    def _name_unaccounted(self, label: str, model: Any) -> None:
        last = 0
        rows = model.objects.order_by("history_id").values_list("pk", "history_event")
        while batch := list(rows.filter(pk__gt=last)[:_CHUNK]):
            bodies = dict(
                Event.objects.filter(uid__in={uid for _, uid in batch if uid}).values_list(
                    "uid", "body"
                )
            )
            for pk, uid in batch:
                if uid not in bodies or not _names(bodies[uid], label, pk):
                    self.report.add("row", f"no event accounts for {label} {pk}")
            last = batch[-1][0]

    def _add(self, what: str, read: Read) -> None:
        self.report.add("row", what, read.index)


def _names(body: str, label: str, pk: int) -> bool:
    """Whether an event's body names the row; one that only sums up was checked as a whole."""
    try:
        rows = rows_named(json.loads(body))
    except (ValueError, KeyError, TypeError):
        return False
    if isinstance(rows, dict):
        return any(named == label for named, _ in rows["shapes"])
    return any((named, key) == (label, str(pk)) for named, key, *_ in rows)


@cache
def _stored(label: str, key: str) -> Shape | None:
    row = ShapeRow.objects.filter(key=key, model=label).first()
    if row is None or shape_key(label, columns := json.loads(row.columns)) != key:
        return None
    return shape_with(history_models()[label], columns)
