"""Many people at once against the site's real processes: `python -m benchmarks.load`.

gunicorn, a worker, beat, PostgreSQL and Redis, as docs/deployment.md starts them, on a database of
its own. Every person signs in once and then works with pauses to think: reads pages and lists of
their role, searches, votes, reports access events, attaches files, disposes of findings. Afterwards
what was taken is counted again in the database: nothing lost, nothing doubled, the ledger intact.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from tests.support.processes import Site, served

THINK: Final = (0.5, 3.0)
"""Seconds between two acts of one person."""
WORDS: Final = ("refusal", "turns", "access", "drift", "PRO-2026", "leak", "control", "session")
PAGES: Final = {
    "applicant": ("/", "/proposals/", "/inbox/", "/calls/", "/your-data/"),
    "manager": ("/", "/board/", "/office/", "/triage/", "/proposals/", "/inbox/"),
    "product_owner": ("/", "/triage/", "/inbox/"),
    "steward": ("/", "/access/", "/webhooks/", "/inbox/"),
    "board": ("/", "/board/", "/inbox/"),
    "oncall": ("/", "/oncall/", "/inbox/"),
    "auditor": ("/", "/audit/", "/risks/"),
    "sponsor": ("/", "/office/", "/risks/"),
}
SEARCHES: Final = ("/triage/", "/proposals/", "/board/", "/search/")
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Person:
    """One who works: a role, a session, a token for the API, and what of the record is theirs."""

    role: str
    session: str
    token: str
    theirs: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """What came of it all: seconds by kind of act, errors, and what the site said it took."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    taken: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)


class Browser:
    """One kept connection of one person."""

    def __init__(self, url: str, person: Person, seen: Seen) -> None:
        self.person, self.seen = person, seen
        self.address = urlsplit(url)
        self.connection: http.client.HTTPConnection | None = None
        self.cookies = {"sessionid": person.session}

    def act(
        self, kind: str, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """One request, timed; anything but an answer below 500 that was asked for is an error."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        began = time.perf_counter()
        try:
            status, content = self._send(method, path, body, sent)
        except (OSError, http.client.HTTPException) as error:
            with self.seen.lock:
                self.seen.errors[f"{kind}: {type(error).__name__}"] += 1
            self.connection = None
            return 0, b""
        spent = time.perf_counter() - began
        with self.seen.lock:
            self.seen.seconds[kind].append(spent)
            if status >= 500 or (method == "GET" and status in (401, 403, 429)):
                self.seen.errors[f"{kind}: {status} {path.partition('?')[0]}"] += 1
            elif status >= 400:
                self.seen.refused[f"{kind}: {status}"] += 1
        return status, content

    def api(self, kind: str, path: str, value: Any) -> tuple[int, bytes]:
        """A call of the API, with a key that lets it be sent again."""
        return self.act(
            kind,
            "POST",
            path,
            json.dumps(value).encode(),
            **{
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.person.token}",
                "Idempotency-Key": uuid.uuid4().hex,
            },
        )

    def took(self, kind: str, key: str) -> None:
        """Keep what the site said it took, to be counted again."""
        with self.seen.lock:
            self.seen.taken[kind].append(key)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                str(self.address.hostname), self.address.port, timeout=60
            )
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("csrftoken="):
                self.cookies["csrftoken"] = value.partition("=")[2].partition(";")[0]
        if answer.getheader("Connection", "").lower() == "close":
            self.connection.close()
            self.connection = None
        return answer.status, content


def read(browser: Browser) -> None:
    """Open a page of one's role, and one that it leads to."""
    path = random.choice(PAGES[browser.person.role])
    status, content = browser.act("read a list", "GET", path)
    if status == 200:
        prefix = "/(?:proposals|triage|board|fellowships|access|publications)/"
        links = re.findall(rf'href="({prefix}[^"?#]*\d[^"?#]*/)"', content.decode())
        if links:
            browser.act("read a record", "GET", random.choice(links))


def search(browser: Browser) -> None:
    """Look for a word."""
    path = f"{random.choice(SEARCHES)}?{urlencode({'q': random.choice(WORDS)})}"
    status, _ = browser.act("search", "GET", path)
    if status == 404:  # a room of others
        browser.act("search", "GET", "/")


def vote(browser: Browser) -> None:
    """Open the dossier and vote, or change the vote."""
    ref = random.choice(browser.person.theirs["matters"])
    bearer = {"Authorization": f"Bearer {browser.person.token}"}
    browser.act("read a dossier", "GET", f"/api/v1/matters/{ref}/", **bearer)
    said = {"position": random.choice(("approve", "deny")), "rationale": "As the dossier shows."}
    status, _ = browser.api("vote", f"/api/v1/matters/{ref}/vote/", said)
    if status == 200:
        browser.took("vote", f"{ref} {browser.person.theirs['seat']}")


def report(browser: Browser) -> None:
    """Send a batch of access events; one in four is sent twice, as systems do."""
    made = [{**browser.person.theirs["event"], "id": uuid.uuid4().hex} for _ in range(20)]
    value = {"source": "load", "events": made, **browser.person.theirs["asked"]}
    for _ in range(2 if random.random() < 0.25 else 1):
        status, _ = browser.api("report access", "/api/v1/access/events/", value)
        if status in (200, 201, 202):
            for event in made:
                browser.took("event", event["id"])


def attach(browser: Browser) -> None:
    """Attach a file to the draft, then take it away again."""
    ref = browser.person.theirs["draft"]
    status, page = browser.act("read a draft", "GET", f"/proposals/{ref}/attachments/")
    found = _TOKEN.search(page.decode()) if status == 200 else None
    if found is None:
        return
    name, edge = f"{uuid.uuid4().hex[:12]}.txt", uuid.uuid4().hex
    text = f"{name}\n{'a line of a small file. ' * 2000}"
    parts = (
        f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        f"{found.group(1)}\r\n--{edge}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: text/plain\r\n\r\n{text}\r\n--{edge}--\r\n"
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    status, _ = browser.act(
        "attach a file", "POST", f"/proposals/{ref}/attachments/", parts.encode(), **kind
    )
    if status in (200, 302):
        browser.took("file", f"{ref} {name}")


def dispose(browser: Browser) -> None:
    """Take a finding that waits, once."""
    waiting = browser.person.theirs["findings"]
    ref = next(waiting, None)
    if ref is None:
        read(browser)
        return
    said = {"reason": "Read; nothing to be done by us.", "actionable": False}
    status, _ = browser.api("disposition", f"/api/v1/findings/{ref}/accept/", said)
    if status in (200, 201):
        browser.took("disposition", ref)


ACTS: Final[dict[str, tuple[tuple[Callable[[Browser], None], int], ...]]] = {
    "applicant": ((read, 6), (search, 2), (attach, 2)),
    "manager": ((read, 7), (search, 3)),
    "product_owner": ((read, 5), (search, 2), (dispose, 3)),
    "steward": ((read, 4), (search, 1), (report, 5)),
    "board": ((read, 5), (search, 2), (vote, 3)),
    "oncall": ((read, 7), (search, 3)),
    "auditor": ((read, 7), (search, 3)),
    "sponsor": ((read, 8), (search, 2)),
}


def work(browser: Browser, until: float) -> None:
    """Act, think, act again."""
    acts, weights = zip(*ACTS[browser.person.role], strict=True)
    time.sleep(random.uniform(0, THINK[1]))
    while time.monotonic() < until:
        random.choices(acts, weights)[0](browser)
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
    for kind, spent in sorted(seen.seconds.items()):
        cuts = quantiles(spent, n=100) if len(spent) > 1 else [spent[0]] * 99
        numbers = [cuts[49], cuts[94], cuts[98], max(spent)]
        lines.append(f"{kind:16} {len(spent):6d} " + " ".join(f"{n * 1000:8.0f}" for n in numbers))
    total = sum(map(len, seen.seconds.values()))
    lines.append(f"{total} requests, {total / seconds:.1f} a second")
    lines.append(f"errors: {sum(seen.errors.values())} {dict(seen.errors) or ''}")
    lines.append(f"refused with a reason: {dict(seen.refused)}")
    return "\n".join(lines)


def main() -> int:
    """Serve, fill, run, count again; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=300)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="fellowship-load-") as place,
        # Where every browser is one machine, limits by address would only measure themselves.
        served(Path(place), migrated=False, THROTTLE_USER="100000/min") as site,
    ):
        told = _aside(site, "prepare", str(options.people))
        people = _people(json.loads(told.strip().splitlines()[-1]))
        print(f"{len(people)} people for {options.seconds} s", flush=True)
        seen = run(site, people, options.seconds)
        print(table(seen, options.seconds))
        taken = Path(place) / "taken.json"
        taken.write_text(json.dumps(seen.taken))
        wrong = json.loads(_aside(site, "check", str(taken)).strip().splitlines()[-1])
        print("\n".join(f"wrong: {line}" for line in wrong) or "nothing lost, nothing doubled")
        counted = ", ".join(f"{len(set(keys))} {kind}s" for kind, keys in seen.taken.items())
        print(f"counted again: {counted}")
        print(site.manage("verify_ledger", as_owner=True).strip().splitlines()[-1])
    return 1 if wrong or seen.errors else 0


def _people(said: list[dict[str, Any]]) -> list[Person]:
    people = [Person(**one) for one in said]
    for person in people:
        if "findings" in person.theirs:
            person.theirs["findings"] = iter(person.theirs["findings"])
    return people


def _aside(site: Site, *arguments: str) -> str:
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
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
