"""A site whose parts can be taken from it, the people at work there, and the release after it."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import psycopg2  # type: ignore[import-untyped]
from celery import Celery

from benchmarks.load_acts import FORM, multipart
from benchmarks.load_people import Answer, Browser, Person, Seen
from tests.support.gate import Gate, gate
from tests.support.mailserver import MailServer, serving
from tests.support.processes import ROOT, Site, served
from tests.support.redis_server import RedisServer, redis_server
from tests.support.workers import until

PREPARE: Final = "from tests.scenarios.outages import prepare; print(prepare())"
BATCH: Final = 20
ROOM: Final = 4_000_000
NEXT: Final = b"ok, the next release\n"
WAITING: Final = "SELECT pid FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
_HIDDEN: Final = re.compile(r'name="(csrfmiddlewaretoken|_once|version)" value="([^"]+)"')


@dataclass
class House:
    """The site, the parts that can be taken from it, and who works there."""

    site: Site
    door: Gate
    redis: RedisServer
    mail: MailServer
    people: dict[str, Person]
    connection: Any
    browsers: list[Browser] = field(default_factory=list)

    @property
    def place(self) -> Path:
        """The folder of the site's state, and of its logs."""
        return self.site.logs

    @property
    def role(self) -> str:
        """The application's, in the database."""
        return str(urlsplit(self.site.env["DATABASE_URL"]).username)

    def browser(self, role: str = "") -> Browser:
        """A new browser of the person, or of a visitor."""
        person = self.people[role] if role else Person("visitor", "", "")
        self.browsers.append(Browser(self.site.url, person, Seen()))
        return self.browsers[-1]

    def close(self) -> None:
        """Let every browser hang up."""
        while self.browsers:
            self.browsers.pop().hang_up()

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What lies in the database, past the door."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def hurry(self, task: str) -> None:
        """Send a task as beat does, without waiting for its time."""
        app = Celery(broker=self.redis.url, set_as_current=False)
        with app.connection() as broker:
            app.send_task(task, connection=broker)

    def now(self) -> Any:
        """The time of the database."""
        return self.rows("SELECT now()")[0][0]

    def ready(self) -> dict[str, Any]:
        """What `/readyz` tells of the parts."""
        answer = self.browser().get("ready", "/readyz")
        return {"code": answer.status, **(answer.value if answer.content else {})}

    def worked(self, task: str) -> Any:
        """When the task last went well."""
        found = self.rows("SELECT succeeded_at FROM clocks_taskrun WHERE name = %s", task)
        return found[0][0] if found else None

    def children(self, name: str) -> list[int]:
        """The processes that a process of ours started to do the work."""
        pid = self.site.running[name].pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_children(self, name: str) -> list[int]:
        """End those as a power cut does, and tell which."""
        pids = self.children(name)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    @contextmanager
    def held(self, table: str, mode: str = "EXCLUSIVE") -> Iterator[Callable[[], bool]]:
        """Nobody writes to the table within the block; yields whether somebody waits to."""
        with closing(psycopg2.connect(self.site.owner_env["DATABASE_URL"])) as connection:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")
            pid = connection.info.backend_pid
            yield lambda: bool(self.rows(WAITING, pid))

    @contextmanager
    def no_room(self) -> Iterator[None]:
        """No file of the web's grows beyond four megabytes, as on a disk that is full."""
        pids = self.children("web")
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            for pid in pids:
                whole = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, whole)


@contextmanager
def kept_house(place: Path) -> Iterator[House]:
    """It stands as long as the block."""
    with (
        gate(("127.0.0.1", 5432)) as door,
        redis_server(place) as redis,
        serving() as mail,
        served(
            place,
            migrated=False,
            door=door.port,
            code=_copied(place / "code"),
            REDIS_URL=redis.url,
            EMAIL_URL=mail.url,
            WEB_CONCURRENCY="1",
        ) as site,
    ):
        said = site.manage("shell", "--verbosity", "0", "--command", PREPARE)
        people = {one["role"]: Person(**one) for one in json.loads(said.splitlines()[-1])}
        with closing(psycopg2.connect(site.owner_env["DATABASE_URL"])) as connection:
            connection.autocommit = True
            house = House(site, door, redis, mail, people, connection)
            try:
                yield house
            finally:
                house.close()


def _copied(place: Path) -> Path:
    """The release that is served: a copy of the code, so that the next can be put over it."""
    left_out = shutil.ignore_patterns(".*", "var", "images", "node_modules", "staticfiles")
    shutil.copytree(ROOT, place, ignore=left_out)
    return place


def filled(browser: Browser, path: str, **answers: Any) -> Callable[[], Answer]:
    """The form of a page as it is now, filled in: what sends it, as often as it is called."""
    page = browser.get("a form", path)
    hidden = dict(_HIDDEN.findall(page.content.decode()))
    sent = urlencode({**hidden, **answers}).encode()
    return lambda: browser.post("sent", path, sent, FORM)


def alarm(summary: str) -> dict[str, str]:
    return {"kind": "vulnerability", "severity": "high", "summary": summary}


def attached(browser: Browser, path: str, content: bytes) -> Answer:
    """The answer to the form with a file."""
    page = browser.get("a form", path).content
    return browser.post("attach", path, *multipart(page, "notes.txt", content))


@dataclass
class Writer:
    """Somebody who sends one thing after another, each until it is taken."""

    send: Callable[[int], Answer]
    taken: int = 0
    refused: list[Answer] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stopped.is_set():
            answer = self.send(self.taken)
            if answer.status in (200, 201):
                self.taken += 1
            else:
                self.refused.append(answer)
            self.stopped.wait(0.8)


@contextmanager
def at_work(*writers: Writer) -> Iterator[None]:
    """They work as long as the block, and each has done something by its end."""
    threads = [threading.Thread(target=one.work) for one in writers]
    for thread in threads:
        thread.start()
    try:
        yield
        for one in writers:
            until(lambda had=one.taken, one=one: one.taken > had + 2, what="what goes on")
    finally:
        for one in writers:
            one.stopped.set()
        for thread in threads:
            thread.join()


def alarms(house: House, words: str) -> Writer:
    """Alarms in numbered words, each known again by its key."""
    steward = house.browser("steward")

    def send(number: int) -> Answer:
        said = {**alarm(f"{words} {number}"), "program": "meridian"}
        return steward.api("alarm", "/api/v1/escalations/", said, f"{words} {number}")

    return Writer(send)


def batches(house: House, source: str) -> Writer:
    """Batches of access events with ids of their own."""
    steward = house.browser("steward")
    one = house.people["steward"].theirs["event"]

    def send(number: int) -> Answer:
        made = [{**one, "id": f"{number}-{n}"} for n in range(BATCH)]
        return steward.api("batch", f"/api/v1/access/events/?source={source}", made)

    return Writer(send)


FIELD: Final = '    sealed = models.TextField(blank=True, help_text="The answer'
COLUMN: Final = '    note = models.TextField(default="of next", db_default="of before")\n'
MIGRATION: Final = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial")]
    operations = [
        migrations.AddField(
            "KeptAnswer", "note", models.TextField(default="of next", db_default="of before")
        )
    ]
"""


def next_release(code: Path) -> None:
    """Put a release over the code that adds a column, fills it, and can be told by its health."""
    for path, old, new in (
        ("web/models.py", FIELD, COLUMN + FIELD),
        ("web/views.py", '"ok\\n"', repr(NEXT.decode())),
    ):
        file = code / "fellowship" / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    (code / "fellowship/web/migrations/0002_note.py").write_text(MIGRATION)
