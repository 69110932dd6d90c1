"""Work in a process of its own, so that its peak of memory is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from fellowship.kernel.frames import roomy


@dataclass(frozen=True)
class Done:
    """What a child process said: its peak, what it held before the work, and how long it took."""

    megabytes: float
    idle: float
    seconds: float
    said: dict[str, Any]


def peak_of(work: str, size: int) -> Done:
    """Run a work of this module in a child process on the run's database.

    Its stderr is this one's, so that what it failed of can be read; then CalledProcessError.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", work, str(size)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    return Done(**json.loads(ran.stdout.splitlines()[-1]))


def _peak() -> float:
    """Megabytes, of this program alone: `ru_maxrss` counts what the parent held at the fork."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("the kernel does not tell the peak of memory")


def export(size: int, file_format: str) -> dict[str, Any]:
    """The first `size` events as an export's table."""
    from fellowship.history.models import Event
    from fellowship.web.sheets import tables
    from oversight.export import columns

    found = Event.objects.order_by("seal__seq")[:size]
    with open(os.devnull, "wb") as target:
        count = tables.write(target, file_format, columns.EVENTS, found)
    if count != size:
        raise RuntimeError(f"{count:,} rows were written, not {size:,}")
    return {"rows": count}


def bundle(size: int) -> dict[str, Any]:
    """The whole export of the programme that the benchmark's events are of, kept for `proof`."""
    from benchmarks.ledger import program
    from oversight.audit.scope import Scope
    from oversight.export import bundle as export

    found = program()
    with _bundle().open("wb") as target:
        made = export.write(target, Scope(found.pk), file_format="csv", program=found.slug)
    if made.events < size or not made.fits:
        raise RuntimeError(f"{made.events:,} events went out, not {size:,}")
    return {"rows": made.events, "MB": round(_bundle().stat().st_size / 1e6)}


def proof(size: int) -> dict[str, Any]:
    """The export's own `verify.py` over it; `size` is not asked for."""
    import tempfile
    import zipfile

    from oversight.export import verify as stranger

    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(_bundle()) as packed:
            packed.extractall(folder)
        began = time.perf_counter()
        found, _ = stranger.check(Path(folder), [], [])
        spent = time.perf_counter() - began
    _bundle().unlink()
    if found.wrong:
        raise RuntimeError(found.wrong[0])
    return {"seconds": spent}


def _bundle() -> Path:
    return Path(settings.VAR_DIR) / "bench-export.zip"


def verify(size: int) -> dict[str, Any]:
    """The whole log, without history and live rows; `size` is not asked for."""
    from fellowship.history.verify import verify as check

    report = check(rows=False)
    if not report.ok:
        raise RuntimeError(str(report.first))
    return {"sealed": report.sealed, "leaves": report.leaves_per_second}


WORKS: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "export-csv": partial(export, file_format="csv"),
    "export-jsonl": partial(export, file_format="jsonl"),
    "bundle": bundle,
    "proof": proof,
    "verify": verify,
}


def main() -> None:
    """Set up Django, do the work, print what it took as one line of JSON."""
    import django

    django.setup()
    idle = _peak()
    began = time.perf_counter()
    said = WORKS[sys.argv[1]](int(sys.argv[2]))
    spent = time.perf_counter() - began
    print(json.dumps({"megabytes": _peak(), "idle": idle, "seconds": spent, "said": said}))


if __name__ == "__main__":
    roomy(main)()
