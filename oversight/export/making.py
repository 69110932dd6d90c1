"""Making an export that was asked for: claimed by one process, its progress told, its file kept.

A run touches its progress file as long as it lives. Where that stands still, the process is taken
for dead and another begins anew; after three of them the export has failed.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from fellowship.history.seal import seal
from fellowship.kernel import blobs
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from oversight import policy, services
from oversight.audit.scope import Scope
from oversight.export import bundle
from oversight.export.packing import Progress
from oversight.models import Extract, ExtractRun

log = logging.getLogger(__name__)
BY: Final = System("oversight.exports")
SMALL: Final = 5_000
"""Events up to which a page makes the export itself, while the person waits."""
STILL: Final = 300
"""Seconds without a sign after which a run is taken for dead."""
ATTEMPTS: Final = 3
_DIED: Final = (
    "The process that made it ended three times before it was done. Narrow the scope, or ask the "
    "operators to run “manage.py export_history”."
)
_BROKE: Final = "Something went wrong that the operators find in the log. Nothing was sent out."


@blobs.referenced_by
def named() -> Iterator[str]:
    """The files of exports that are still kept."""
    rows = Extract.objects.kept(now()).order_by()
    yield from rows.values_list("sha256", flat=True)


def is_small(scope: Scope) -> bool:
    """Whether the export is made while the person waits."""
    return bool(scope.events().values("pk")[: SMALL + 1].count() <= SMALL)


def scope_of(extract: Extract) -> tuple[Scope, dt.datetime | None]:
    """The scope that was asked for, as its person reads it now, and the instant asked for."""
    said = dict(extract.scope)
    as_of = said.pop("as_of", None)
    scope = Scope.again(extract.program, extract.person, said)
    return scope, dt.datetime.fromisoformat(as_of) if as_of else None


def progress(extract: Extract) -> Progress | None:
    """How far a run has got; None where none has begun."""
    try:
        return Progress(**json.loads(_beside(extract, "json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def make_waiting() -> int:
    """Make every export that waits and that no living process is making; how many were ended."""
    return sum(make(extract, tell=True) for extract in Extract.objects.waiting())


def make(extract: Extract, *, tell: bool) -> bool:
    """Make one, unless another process does. Whatever goes wrong is recorded with it."""
    if not _claimed(extract):
        return False
    try:
        _make(extract, tell=tell)
    except Refused as refused:
        services.fail_export(extract=extract, why=str(refused), by=BY)
    except bundle.NothingSealed:
        services.fail_export(extract=extract, why="Nothing is in the record yet.", by=BY)
    except Exception:
        log.exception("export %s could not be made", extract.pk)
        services.fail_export(extract=extract, why=_BROKE, by=BY)
    finally:
        _beside(extract, "json").unlink(missing_ok=True)
    return True


def _make(extract: Extract, *, tell: bool) -> None:
    if refusal := policy.may_audit(extract.program_id, extract.person or BY):
        raise Refused(refusal)
    seal()
    scope, as_of = scope_of(extract)
    path = _beside(extract, f"{os.getpid()}.part")
    try:
        with path.open("wb") as target:
            made = bundle.write(
                target,
                scope,
                file_format=extract.file_format,
                program=extract.program.slug,
                as_of=as_of,
                tell=lambda progress: _say(extract, progress),
            )
        blob = blobs.put(_blocks(path), ours=True)
    finally:
        path.unlink(missing_ok=True)
    services.finish_export(
        extract=extract,
        sha256=blob.sha256,
        size=blob.size,
        events=made.events,
        rows=made.rows,
        log_size=made.log_size,
        fits=made.fits,
        tell=tell,
        by=BY,
    )


def _claimed(extract: Extract) -> bool:
    """Whether this process is the one to make it, now or after another's death."""
    try:
        with transaction.atomic():
            ExtractRun.objects.create(extract=extract)
    except IntegrityError:
        return _taken_over(extract)
    _say(extract, Progress(0, 1, 0, ""))
    return True


def _taken_over(extract: Extract) -> bool:
    run = ExtractRun.objects.get(extract=extract)
    if _lives(extract):
        return False
    if run.attempt >= ATTEMPTS:
        services.fail_export(extract=extract, why=_DIED, by=BY)
        return False
    # Compare and swap: of two that find it dead, one begins anew.
    mine = ExtractRun.objects.filter(pk=run.pk, attempt=run.attempt)
    if not mine.update(attempt=run.attempt + 1):
        return False
    for left in _beside(extract, "json").parent.glob(f"{extract.uid}.*"):
        left.unlink(missing_ok=True)
    _say(extract, Progress(0, 1, 0, ""))
    return True


def _lives(extract: Extract) -> bool:
    """By the machine's clock, which dates files."""
    try:
        return time.time() - _beside(extract, "json").stat().st_mtime < STILL
    except OSError:
        return False


def _say(extract: Extract, said: Progress) -> None:
    path = _beside(extract, "json")
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(said)), encoding="utf-8")
    draft.replace(path)


def _beside(extract: Extract, ending: str) -> Path:
    folder = Path(settings.VAR_DIR) / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{extract.uid}.{ending}"


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as held:
        while block := held.read(1 << 20):
            yield block
