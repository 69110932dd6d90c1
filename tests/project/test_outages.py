"""What may be taken from the site's real processes: they say so, and recover by themselves.

gunicorn, a worker and beat as docs/deployment.md starts them, with a Redis of their own, PostgreSQL
behind a door that can be shut, and a mail server on loopback. Nothing is lost, nothing doubled.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from benchmarks.load_acts import write
from benchmarks.load_people import Answer
from tests.conftest import unavailable
from tests.scenarios.world import PASSWORD
from tests.support import redis_server
from tests.support.outages import (
    BATCH,
    NEXT,
    House,
    Writer,
    alarm,
    alarms,
    at_work,
    attached,
    batches,
    filled,
    kept_house,
    next_release,
)
from tests.support.workers import until

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.timeout(1200)]
SIGN_IN: Final = "/accounts/login/"
ALARM: Final = "/escalations/new/"
ALARMS: Final = """
SELECT e.occurrences, (SELECT count(*) FROM history_event h
WHERE h.verb = 'governance.raise_escalation' AND h.subject_type = 'governance.escalation'
AND h.subject_id = e.id)
FROM governance_escalation e WHERE e.summary LIKE %s
"""
END_SESSIONS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
RUNS: Final = """
SELECT r.attempt,
(SELECT count(*) FROM history_event h WHERE h.verb = 'oversight.finish_export'
 AND h.subject_type = 'oversight.extract' AND h.subject_id = e.id),
(SELECT count(*) FROM notices_notice n WHERE n.subject_type = 'oversight.extract'
 AND n.subject_id = e.id)
FROM oversight_extract e JOIN oversight_extractrun r ON r.extract_id = e.id WHERE e.uid = %s
"""
MAILS: Final = "SELECT message_id FROM notices_mail WHERE state = %s"
UNREAD: Final = """
SELECT 1 FROM history_event AS event WHERE NOT EXISTS
    (SELECT 1 FROM oversight_eventwords AS words WHERE words.event_id = event.id) LIMIT 1
"""
LEASES_OVER: Final = "UPDATE notices_mail SET next_attempt_at = now() WHERE state = 'waiting'"
EXPORT: Final = """
from fellowship.accounts.models import User
from fellowship.programs.models import Program
from oversight import services
program = Program.objects.get()
by = User.objects.get(username="auditor")
print(services.ask_export(program=program, scope={}, file_format="csv", by=by).uid)
"""
MIGRATE: Final = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("grant_app_role", {!r})
"""
NOTHING_KNOWN: Final = {"database": False, "migrations": True, "cache": True}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not redis_server.PROGRAM:
        unavailable("there is no redis-server to take away")
    with kept_house(tmp_path_factory.mktemp("outages")) as house:
        yield house


@pytest.fixture
def house(standing: House) -> Iterator[House]:
    yield standing
    standing.close()


def check_told_to_wait(answer: Answer) -> None:
    """503, when to come back, and in words that nothing was changed; for systems as a problem."""
    assert (answer.status, answer.retry_after) == (503, "30")
    assert b"Nothing was changed" in answer.content or answer.value["status"] == 503


@dataclass
class Tried:
    """What people do while Redis is away: forms that were open before it went."""

    house: House
    words: str = field(default_factory=lambda: f"An alarm {uuid.uuid4().hex}")

    def __post_init__(self) -> None:
        self.manager, self.visitor = self.house.browser("manager"), self.house.browser()
        program = self.house.people["manager"].theirs["program"]
        self.send = filled(self.manager, ALARM, program=program, **alarm(self.words))
        email = self.house.people["visitor"].theirs["email"]
        self.enter = filled(self.visitor, SIGN_IN, login=email, password=PASSWORD)
        self.guess = filled(self.visitor, SIGN_IN, login=email, password="not that one")

    def check_pages_are_read_and_writing_waits(self) -> None:
        for path in ("/", "/proposals/all/", "/escalations/"):
            assert self.manager.get("read", path).status == 200
        writer = self.house.browser("applicant")
        write(writer)
        assert writer.seen.taken["draft"], "autosave goes on"
        for sent in (self.send, self.enter, self.guess):
            check_told_to_wait(sent())
        check_told_to_wait(self.house.browser("steward").api("read", "/api/v1/escalations/"))
        assert self.visitor.get("up", "/healthz").status == 200
        ready = self.house.ready()
        assert (ready["code"], ready["cache"], ready["database"]) == (503, False, True)
        assert not self.raised()

    def check_it_goes_on(self) -> None:
        until(lambda: self.house.ready()["code"] == 200, what="Redis found again")
        assert [self.send().status, self.send().status] == [302, 302], "a second click"
        assert self.raised() == [(1, 1)]
        until(lambda: self.enter().status == 302, what="signing in")
        assert self.house.browser("steward").api("read", "/api/v1/escalations/").status == 200

    def raised(self) -> list[Any]:
        """Of each alarm in these words how often it was raised, and how many events say so."""
        return self.house.rows(ALARMS, self.words)


def test_redis_is_gone(house: House) -> None:
    tried = Tried(house)
    house.redis.stop()
    tried.check_pages_are_read_and_writing_waits()
    at = house.now()
    house.redis.start()
    until(lambda: house.ready()["code"] == 200, what="Redis found again")
    assert tried.guess().status == 200, "the form again"
    tried.check_it_goes_on()
    sent = "beat and worker take up their work"
    until(lambda: (house.worked("notices.send") or at) > at, what=sent)


def test_redis_hangs(house: House) -> None:
    tried = Tried(house)
    with house.redis.still():
        began = time.monotonic()
        tried.check_pages_are_read_and_writing_waits()
        assert time.monotonic() - began < 60, "each says so within seconds"
    Tried(house).check_it_goes_on()
    assert tried.send().status in (302, 409), "done, or the first click is still worked on"
    assert tried.raised() in ([], [(1, 1)])


def check_each_once(house: House, words: str, told: Writer, sent: Writer) -> None:
    """Every alarm and every access event that was taken is there once; nothing else is."""
    assert house.rows(ALARMS, f"{words} %") == [(1, 1)] * told.taken
    found = house.rows("SELECT external_id FROM access_accessevent WHERE source = %s", words)
    assert sorted(key for (key,) in found) == sorted(
        f"{number}-{n}" for number in range(sent.taken) for n in range(BATCH)
    )


def test_postgresql_restarts_while_people_write(house: House) -> None:
    words = f"restart-{uuid.uuid4().hex}"
    told, sent = alarms(house, words), batches(house, words)
    manager = house.browser("manager")
    with at_work(told, sent):
        until(lambda: told.taken and sent.taken, what="a first one")
        house.rows(END_SESSIONS)
        house.door.shut()
        check_told_to_wait(manager.get("read", "/"))
        check_told_to_wait(house.browser("steward").api("read", "/api/v1/escalations/"))
        assert house.browser().get("up", "/healthz").status == 200
        assert house.ready() == {"code": 503, "status": "not ready", **NOTHING_KNOWN}
        until(lambda: told.refused and sent.refused, what="both told to wait")
        at = house.now()
        house.door.open()
        until(lambda: manager.get("read", "/").status == 200, what="PostgreSQL found again")
    check_each_once(house, words, told, sent)
    assert {answer.status for answer in told.refused + sent.refused} == {503}
    assert house.ready()["code"] == 200
    until(lambda: (house.worked("notices.send") or at) > at, what="the worker's connection anew")


def test_a_web_process_killed_while_it_takes_a_batch(house: House) -> None:
    words = f"killed-{uuid.uuid4().hex}"
    told, sent = alarms(house, words), batches(house, words)
    with at_work(told, sent):
        until(lambda: told.taken and sent.taken, what="a first one")
        with house.held("access_accessevent") as waits:
            until(waits, what="a batch halfway")
            killed = house.kill_children("web")
    check_each_once(house, words, told, sent)
    assert not set(killed) & set(house.children("web"))


def test_a_worker_killed_midway_in_an_export(house: House) -> None:
    house.hurry("oversight.index_words")  # which reads the same table, before it is held
    until(lambda: not house.rows(UNREAD), what="the words of every event")
    with house.held("proposals_historicalproposal", "ACCESS EXCLUSIVE") as waits:
        uid = house.site.manage("shell", "--command", EXPORT).split()[-1]
        house.hurry("oversight.exports")
        until(waits, what="an export halfway")
        house.site.kill("worker")
    begun = list((house.place / "exports").glob(f"{uid}*"))
    assert {path.suffix for path in begun} == {".json", ".part"}
    for path in begun:  # as if the minutes had passed after which it is taken for dead
        os.utime(path, (0, 0))
    house.site.start("worker")
    house.hurry("oversight.exports")
    made = "SELECT sha256 FROM oversight_extract WHERE uid = %s AND made_at IS NOT NULL"
    until(lambda: house.rows(made, uid), what="the export made by another")
    assert house.rows(RUNS, uid) == [(2, 1, 1)], "attempts, ends, and notices"
    ((sha256,),) = house.rows(made, uid)
    file = house.place / "files" / "sha256" / sha256[:2] / sha256
    assert hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    assert not list((house.place / "exports").iterdir()), "nothing half is left"


def test_the_disk_takes_no_file(house: House) -> None:
    writer = house.browser("applicant")
    draft = house.people["applicant"].theirs["draft"]
    here, section = f"/proposals/{draft}/attachments/", f"/proposals/{draft}/edit/system/"
    content = b"a line of a file\n" * 300_000
    with house.no_room():
        refused = attached(writer, here, content)
        assert refused.status == 422
        assert b'id="id_file_error"' in refused.content, "next to its field"
        assert b"The file could not be stored" in refused.content
        typed = f"What I typed {uuid.uuid4().hex}"
        assert filled(writer, section, system=typed)().status == 302
        assert typed in writer.get("a form", section).content.decode()
    assert not house.rows("SELECT id FROM proposals_draftfile")
    assert not list((house.place / "files").rglob("new/*")), "nothing half is left"
    assert attached(writer, here, content).status == 302
    ((sha256,),) = house.rows("SELECT sha256 FROM proposals_draftfile")
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_mail_is_slow_then_gone_then_back(house: House) -> None:
    words = f"mail-{uuid.uuid4().hex}"
    steward = house.browser("steward")
    house.mail.stalls = True
    said = {**alarm(words), "program": "meridian"}
    assert steward.api("alarm", "/api/v1/escalations/", said).status == 201
    house.hurry("notices.deliver")
    until(house.mail.stalled.is_set, what="a mail that the server holds")
    waited = []
    for _ in range(3):  # one may be held up by others on this machine
        began = time.monotonic()
        assert house.browser("manager").get("read", "/").status == 200
        waited.append(time.monotonic() - began)
    assert min(waited) < 10, "half of what the worker waits for the server"
    house.kill_children("worker")
    house.mail.stalls, house.mail.down = False, True
    house.rows(LEASES_OVER)
    house.hurry("notices.deliver")
    until(lambda: house.ready().get("mail") is False, what="said in health")
    assert (house.ready()["code"], house.ready()["status"]) == (200, "degraded")
    house.mail.down = False
    house.rows(LEASES_OVER)
    house.hurry("notices.deliver")
    until(lambda: house.ready()["mail"], what="mail leaves again")
    until(lambda: not house.rows(MAILS, "waiting"), what="all sent")
    sent = sorted(message_id for (message_id,) in house.rows(MAILS, "sent"))
    assert sorted(mail["Message-ID"] for mail in house.mail.taken) == sent


def test_an_upgrade_while_people_work(house: House) -> None:
    words = f"upgrade-{uuid.uuid4().hex}"
    told, sent = alarms(house, words), batches(house, words)
    reader, visitor = house.browser("manager"), house.browser()
    read = Writer(lambda number: reader.get("read", ("/", "/escalations/")[number % 2]))
    with at_work(told, sent, read):
        until(lambda: told.taken and sent.taken and read.taken, what="a first one")
        before = told.taken
        next_release(house.site.code)
        house.site.manage("shell", "--command", MIGRATE.format(house.role), as_owner=True)
        until(lambda: told.taken > before + 2, what="the release before on the new tables")
        house.site.running["web"].send_signal(signal.SIGHUP)
        until(lambda: visitor.get("up", "/healthz").content == NEXT, what="the new release")
        for name in ("worker", "beat"):
            house.site.stop(name)
            house.site.start(name)
        at = house.now()
    check_each_once(house, words, told, sent)
    assert not told.refused + sent.refused + read.refused
    noted = house.rows("SELECT DISTINCT note FROM web_keptanswer ORDER BY note")
    assert noted == [("of before",), ("of next",)], "both releases wrote to the new column's table"
    until(lambda: (house.worked("notices.send") or at) > at, what="the new worker")
    house.site.manage("verify_ledger", as_owner=True)
