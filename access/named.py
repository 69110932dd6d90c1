"""What an act names beyond dataset and operation: fields, row filters, the bytes of an output.

Only where its details name them is more asked than the decision; facts are read once for a batch.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from access.models import Release
from access.rows import Row
from access.states import EventKind
from fellowship.kernel.saying import joined, say
from fellowship.programs.models import Program

PORTION: Final = 5_000
LEAVING: Final = (EventKind.EXPORT.value, EventKind.OUTPUT_DOWNLOAD.value)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a grant names; nothing named means all."""

    ref: str
    fields: frozenset[str]
    row_filters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Breach:
    """The clause that what is named does not keep to, and why."""

    clause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """Some bytes that were released, for which case and from when."""

    ref: str
    fellowship_id: int
    at: dt.datetime


@dataclass(slots=True)
class Named:
    """What a batch's rows name, against grants and releases."""

    limits: dict[int, Limits]
    released: dict[str, list[Released]]

    @classmethod
    def of(cls, program: Program, rows: Iterable[Row], grants: Any) -> Named:
        """Nothing is asked where no row names anything."""
        named = [row.named for row in rows if row.named]
        if not named:
            return cls({}, {})
        limits = {
            pk: Limits(ref, _folded(fields), _folded(filters))
            for pk, ref, fields, filters in grants.values_list("pk", "ref", "fields", "row_filters")
        }
        return cls(limits, _released(program, {h for one in named if (h := _hash(one))}))

    def breach(self, row: Row, grant_id: int | None) -> Breach | None:
        """Where fields or rows are named that the grant does not name."""
        limits = self.limits.get(grant_id or 0)
        if limits is None or row.named is None:
            return None
        for key, what, allowed in (
            ("fields", say("fields"), limits.fields),
            ("row_filters", say("rows"), limits.row_filters),
        ):
            beyond = [name for name in _texts(row.named.get(key)) if name.casefold() not in allowed]
            if allowed and beyond:
                names = joined(", ", (say("“{name}”", name=name) for name in beyond[:5]))
                return Breach(
                    joined(", ", (limits.ref, what)),
                    say("{ref} does not name {names}.", ref=limits.ref, names=names),
                )
        return None

    def release(self, row: Row, fellowship_id: int | None) -> Released | None:
        """The release of the bytes that an act took out, for its case and before it."""
        if row.named is None or row.kind not in LEAVING:
            return None
        found = self.released.get(_hash(row.named), ())
        return next((r for r in found if r.fellowship_id == fellowship_id and r.at <= row.at), None)

    def unreleased(self, row: Row) -> Breach | None:
        """Where an output is downloaded under a hash that was not released."""
        if row.named is None or row.kind != EventKind.OUTPUT_DOWNLOAD or not _hash(row.named):
            return None
        return Breach(say("Release desk"), say("No release to this fellowship has these bytes."))


def _released(program: Program, hashes: set[str]) -> dict[str, list[Released]]:
    wanted, found = sorted(hashes), defaultdict[str, list[Released]](list)
    for start in range(0, len(wanted), PORTION):
        rows = Release.objects.filter(
            sha256__in=wanted[start : start + PORTION], request__fellowship__program=program
        ).order_by("released_at", "id")
        names = ("sha256", "request__ref", "request__fellowship_id", "released_at")
        for sha256, *values in rows.values_list(*names):
            found[sha256].append(Released(*values))
    return found


def _hash(named: Mapping[str, Any]) -> str:
    value = named.get("sha256")
    return value.lower() if isinstance(value, str) and len(value) == 64 else ""


def _texts(value: Any) -> Iterator[str]:
    yield from (name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
