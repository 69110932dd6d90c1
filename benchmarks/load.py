"""Many people at once against the site's real processes: `python -m benchmarks.load`.

gunicorn, a worker, beat, PostgreSQL and Redis, as docs/deployment.md starts them, on a database of
its own. Every person works with pauses to think: reads pages and records of their role, searches,
votes, reviews, reports access events, attaches files, writes, disposes of findings. Afterwards what
was taken is counted again in the database: nothing lost, nothing doubled, the ledger intact.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from benchmarks.load_acts import ACTS
from benchmarks.load_people import Browser, Person, Seen
from tests.support.processes import Site, served

THINK: Final = (2.0, 6.0)
"""Seconds between two acts of one person."""
QUEUES: Final = ("findings", "reviews")
"""What is done one by one, each once."""


def work(browser: Browser, until: float) -> None:
    """Act, think, act again."""
    acts, weights = zip(*ACTS[browser.person.role], strict=True)
    time.sleep(random.uniform(0, THINK[1]))
    while time.monotonic() < until:
        act = random.choices(acts, weights)[0]
        try:
            act(browser)
        except Exception as error:  # a person's thread never ends unseen
            browser.seen.failed(f"{act.__name__}: {error!r}")
        time.sleep(random.uniform(*THINK))


def run(site: Site, people: list[Person], seconds: int) -> Seen:
    """All of them for so long."""
    seen = Seen()
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=work, args=(Browser(site.url, person, seen), until))
        for person in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def table(seen: Seen, seconds: int) -> str:
    """Acts by kind with their times, then what went wrong."""
    lines = [f"{'act':16} {'n':>6} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'max ms':>8}"]
    together = [spent for each in seen.seconds.values() for spent in each]
    for kind, spent in (*sorted(seen.seconds.items()), ("all", together)):
        cuts = quantiles(spent, n=100, method="inclusive") if len(spent) > 1 else spent * 99
        numbers = [cuts[49], cuts[94], cuts[98], max(spent)]
        lines.append(f"{kind:16} {len(spent):6d} " + " ".join(f"{n * 1000:8.0f}" for n in numbers))
    lines.append(f"{len(together)} requests, {len(together) / seconds:.1f} a second")
    lines.append(f"errors: {seen.errors.total()}")
    lines += [f"  {count:5d} × {what}" for what, count in seen.errors.most_common(20)]
    return "\n".join(lines)


def main() -> int:
    """Serve, fill, run, count again; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=300)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="fellowship-load-") as place,
        # All browsers are one machine, and a seat works faster than one person.
        served(Path(place), migrated=False, THROTTLE_USER="100000/min") as site,
    ):
        told = _aside(site, "prepare", str(options.people))
        people = _people(told)
        print(f"{len(people)} people for {options.seconds} s", flush=True)
        seen = run(site, people, options.seconds)
        print(table(seen, options.seconds))
        taken = Path(place) / "taken.json"
        taken.write_text(json.dumps(seen.taken))
        wrong = _aside(site, "check", str(taken)) + _logged(site)
        print("\n".join(f"wrong: {line}" for line in wrong) or "nothing lost, nothing doubled")
        counted = ", ".join(f"{len(keys)} × {kind}" for kind, keys in sorted(seen.taken.items()))
        print(f"counted again: {counted}")
        print(site.manage("verify_ledger", as_owner=True).strip())
    return 1 if wrong or seen.errors else 0


def _logged(site: Site) -> list[str]:
    """Errors the processes wrote down themselves."""
    return [
        f"{name} logged: {line[:300]}"
        for name in ("web", "worker", "beat")
        for line in site.log(name).splitlines()
        if " ERROR " in line or " CRITICAL " in line
    ]


def _people(said: list[Any]) -> list[Person]:
    people = [Person(**one) for one in said]
    for person in people:
        for name in QUEUES:
            if name in person.theirs:
                person.theirs[name] = iter(person.theirs[name])
    return people


def _aside(site: Site, *arguments: str) -> list[Any]:
    """A part that needs Django, in a process of its own with the site's settings."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load_world", *arguments],
        env={**site.env, "LOG_LEVEL": "WARNING"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
