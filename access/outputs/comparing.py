"""An output beside earlier releases: the same bytes, and small differences between counts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from access.models import Output, Release, ReleaseRequest
from access.models.releases import ReleaseQuerySet
from access.outputs import kinds, tables
from access.outputs.checks import FAILED, PASSED, Check
from access.outputs.tables import Table
from access.release_states import Criterion
from fellowship.kernel import blobs
from fellowship.kernel.saying import say, say_n

MOST: Final = 20
"""Earlier releases an output is held against, the latest first."""
LARGEST: Final = 2_000_000
"""Bytes of a file that is compared by content."""
_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Beside:
    """An output beside one earlier release: what is alike, in words, and whether it is a risk."""

    release: Release
    words: str
    risk: bool
    difference: str = ""


def earlier(request: ReleaseRequest, *, own: bool) -> ReleaseQuerySet:
    """What was released before of the same fellowship; unless `own`, of the same datasets too."""
    rows = Release.objects.exclude(request=request)
    mine = Q(request__fellowship_id=request.fellowship_id)
    if not own:
        datasets = request.sources.values("dataset_id")
        mine |= Q(request__sources__dataset_id__in=datasets)
    found = rows.filter(mine, request__fellowship__program_id=request.program_id).distinct()
    chosen: ReleaseQuerySet = found.select_related("request", "output").order_by("-id")
    return chosen


def compare(output: Output, releases: Iterable[Release], smallest: int) -> list[Beside]:
    """The output beside each of the releases in which something is alike."""
    body: bytes | None = None
    found = []
    for release in list(releases)[:MOST]:
        if release.sha256 == output.sha256:
            found.append(Beside(release, say("The same bytes were released before."), risk=False))
            continue
        comparable = kinds.ending(release.output.name) == kinds.ending(output.name)
        if not comparable or max(output.size, release.output.size) > LARGEST:
            continue
        body = body if body is not None else blobs.read(output.sha256)
        one = _pair(output, body, release, smallest)
        if one:
            found.append(one)
    return found


def check(found: Iterable[Beside], looked_at: int) -> Check:
    """What the comparison tells of its criterion."""
    risks = [one for one in found if one.risk]
    if risks:
        first = risks[0]
        return Check(Criterion.DIFFERENCING, FAILED, first.words, first.release.request.ref)
    if not looked_at:
        return Check(Criterion.DIFFERENCING, PASSED, say("Nothing was released before."))
    many = (
        say("1 earlier file")
        if looked_at == 1
        else say("{looked_at} earlier files", looked_at=looked_at)
    )
    return Check(Criterion.DIFFERENCING, PASSED, say("No small difference to {many}.", many=many))


def _pair(output: Output, body: bytes, release: Release, smallest: int) -> Beside | None:
    try:
        before = blobs.read(release.sha256)
        new, old = tables.read(output.name, body), tables.read(release.output.name, before)
    except (tables.Unreadable, blobs.Damaged):
        return None
    if new and old:
        both = (output.declared, release.output.declared)
        declared = tuple(column for one in both for column in one.get("count_columns", ()))
        return _tables(release, new, old, declared, smallest)
    if release.output.name != output.name or not _is_text(output.name):
        return None
    lines = list(
        difflib.unified_diff(
            before.decode("utf-8-sig", "replace").splitlines(),
            body.decode("utf-8-sig", "replace").splitlines(),
            f"{release.request.ref} {release.output.name}"[:100],
            output.name,
            lineterm="",
            n=2,
        )
    )
    return Beside(release, say("The same name, another text."), False, "\n".join(lines[:_LINES]))


def _is_text(name: str) -> bool:
    kind = kinds.PLAIN.get(kinds.ending(name))
    return bool(kind and kind.text)


def _tables(
    release: Release, new: list[Table], old: list[Table], declared: tuple[str, ...], smallest: int
) -> Beside | None:
    """Tables of the same columns, row by row: counts that differ by less than the least group."""
    alike, close, where = 0, 0, ""
    for one in new:
        for other in old:
            if set(one.columns) != set(other.columns):
                continue
            counting = one.counting(declared)
            before = dict(_keyed(other, counting))
            for key, values in _keyed(one, counting):
                if key not in before:
                    continue
                alike += 1
                for column, value in values.items():
                    difference = abs(value - before[key].get(column, value))
                    if 0 < difference < smallest:
                        close += 1
                        where = where or column
    if close:
        words = say_n(
            close,
            "{n} count differs by less than {smallest} from an earlier release, the first in "
            "“{where}”: whoever has both can tell who was added.",
            "{n} counts differ by less than {smallest} from an earlier release, the first in "
            "“{where}”: whoever has both can tell who was added.",
            smallest=smallest,
            where=where[:60],
        )
        return Beside(release, words, risk=True)
    if alike:
        rows = say("1 row") if alike == 1 else say("{alike} rows", alike=alike)
        return Beside(
            release,
            say("The same table: {rows} alike, no small difference.", rows=rows),
            risk=False,
        )
    return None


def _keyed(
    table: Table, counting: list[str]
) -> Iterator[tuple[tuple[tuple[str, str], ...], dict[str, float]]]:
    """Each row's cells that do not count, as its key, with its counts."""
    for row in table.rows:
        cells = dict(zip(table.columns, row, strict=False))
        key = tuple(sorted((c, cells.get(c, "")) for c in table.columns if c not in counting))
        values = {c: tables.as_number(cells.get(c, "")) for c in counting}
        yield key, {c: value for c, value in values.items() if value is not None}
