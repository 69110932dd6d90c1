"""`python -m benchmarks [--quick]`: measure, print the table, write var/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

from benchmarks import database
from fellowship.kernel.frames import roomy


def main() -> int:
    """0 where every budget holds, 1 where not or a part failed, 2 where nothing can be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rows, fewer turns")
    parser.add_argument(
        "--only", default="", help="run only parts: pages,data,bulk,ledger,assignment"
    )
    parser.add_argument("--scale", type=float, default=0, help="another size than 1 (quick: 0.2)")
    parser.add_argument(
        "--growth", action="store_true", help="every page at 1, 10 and 100 times the rows instead"
    )
    chosen = parser.parse_args()
    began = time.perf_counter()
    kept = Path(os.environ.get("FELLOWSHIP_VAR", "var"))
    if chosen.growth:
        return _growth(kept / "growth.json")
    out = kept / "bench.json"
    try:
        with database.prepared():
            from benchmarks import run
            from benchmarks.measure import table

            scale = chosen.scale or (0.2 if chosen.quick else 1.0)
            parts = set(filter(None, chosen.only.split(","))) or set(run.PARTS)
            measured = run.run(scale=scale, quick=chosen.quick, parts=parts)
    except database.NoServer as missing:
        sys.stderr.write(f"PostgreSQL does not answer, so nothing is measured: {missing}\n")
        return 2
    spent = time.perf_counter() - began
    print(table(measured.rows))
    print(f"\n{measured.numbers}")
    print(", ".join(f"{name} {seconds:.0f} s" for name, seconds in measured.parts.items()))
    print(f"{spent:.0f} s, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    if measured.failed:
        print(f"Failed, so not measured: {', '.join(measured.failed)}. The errors stand above.")
    out.parent.mkdir(parents=True, exist_ok=True)
    about = {
        "quick": chosen.quick,
        "scale": scale,
        "seconds": round(spent),
        "parts": {name: round(seconds, 1) for name, seconds in measured.parts.items()},
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "postgresql": measured.server,
        "failed": measured.failed,
        "rows": [row.as_json() for row in measured.rows],
    }
    out.write_text(f"{json.dumps(about, indent=1, ensure_ascii=False)}\n")
    return 0 if all(row.ok for row in measured.rows) and not measured.failed else 1


def _growth(out: Path) -> int:
    try:
        with database.prepared():
            from benchmarks import growth

            began = time.perf_counter()

            def say(text: str) -> None:
                sys.stderr.write(f"  {time.perf_counter() - began:5.0f} s  {text}\n")

            lines, held = growth.measure(5, say)
    except database.NoServer as missing:
        sys.stderr.write(f"PostgreSQL does not answer, so nothing is measured: {missing}\n")
        return 2
    print(growth.table(lines))
    said = {"held": held, "load": os.getloadavg(), "rows": [line.as_json() for line in lines]}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(f"{json.dumps(said, indent=1, ensure_ascii=False)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(roomy(main)())
