"""Sealing: gapless, nothing missed, nobody waits, and the checkpoint goes outside."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from fellowship.history import keys, merkle, seal, signed_note, witness
from fellowship.history.models import Checkpoint, Event, Seal
from fellowship.history.tasks import seal_events
from fellowship.history.verify import verify
from fellowship.kernel.time import frozen, parse_instant
from tests.fellowship.history.conftest import found_realm
from tests.support.workers import PATIENCE


@pytest.mark.django_db
def test_nothing_to_seal_signs_nothing() -> None:
    assert seal.seal() is None
    assert not Checkpoint.objects.exists()


@pytest.mark.django_db
def test_a_checkpoint_says_what_is_there(settings: Settings) -> None:
    for slug in "abc":
        found_realm(slug)
    at = parse_instant("2026-11-23T09:00:00+01:00")
    with frozen(at):
        checkpoint = seal.seal()
    assert checkpoint is not None
    leaves = [merkle.leaf(body.encode()) for body in Event.objects.values_list("body", flat=True)]
    text, verifier = signed_note.verify(checkpoint.note, keys.verifiers())
    said = signed_note.Checkpoint.parse(text)
    assert said == signed_note.Checkpoint("log.example/fellowship", 3, merkle.root(leaves))
    assert checkpoint.root_hash == merkle.root(leaves).hex()
    assert checkpoint.key_id == verifier.key_id
    assert (checkpoint.number, checkpoint.size, checkpoint.signed_at) == (1, 3, at)
    assert list(Seal.objects.values_list("seq", flat=True)) == [0, 1, 2]


@pytest.mark.django_db
def test_every_later_checkpoint_is_consistent_with_the_earlier(log: list[Checkpoint]) -> None:
    leaves = list(seal.leaf_hashes(0, 8))
    assert [c.size for c in log] == [3, 5, 8]
    for old in log:
        assert merkle.root(leaves[: old.size]).hex() == old.root_hash


@pytest.mark.django_db
def test_the_task_and_the_command_seal() -> None:
    found_realm("a")
    seal_events.apply()
    found_realm("b")
    out = StringIO()
    call_command("seal_ledger", stdout=out)
    assert out.getvalue().startswith("log.example/fellowship\n2\n")
    assert list(Checkpoint.objects.values_list("number", "size")) == [(1, 1), (2, 2)]


@pytest.mark.django_db
def test_an_event_changed_before_its_seal_cannot_change_older_roots(
    log: list[Checkpoint],
) -> None:
    """Sealing goes on from the edge that was signed over, not from what the tables say now."""
    found_realm("later")
    checkpoint = seal.seal()
    assert checkpoint is not None
    tree = merkle.CompactRange.load(8, log[-1].edge)
    tree.extend(seal.leaf_hashes(8, 9))
    assert checkpoint.root_hash == tree.root().hex()


@pytest.fixture
def witnesses() -> Iterator[dict[str, witness.Witness]]:
    before = dict(witness.WITNESSES)
    yield witness.WITNESSES
    witness.WITNESSES.clear()
    witness.WITNESSES.update(before)


@pytest.mark.django_db
def test_witnesses_get_it_after_the_commit_and_one_that_fails_stops_nobody(
    witnesses: dict[str, witness.Witness],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    var: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    got: list[int] = []

    @witness.register("a broken one")
    def refuse(checkpoint: Checkpoint) -> None:
        raise OSError("nobody answers")

    witness.register("a list")(lambda checkpoint: got.append(checkpoint.size))
    found_realm("a")
    with django_capture_on_commit_callbacks(execute=True):
        checkpoint = seal.seal()
        assert got == []
    assert checkpoint is not None
    assert got == [1]
    assert "witness a broken one did not take checkpoint" in caplog.text
    (copy,) = (var / "checkpoints").rglob("*.txt")
    assert copy.read_text() == checkpoint.note
    assert witness.send(checkpoint) == ["a broken one"]
    assert copy.read_text() == checkpoint.note


@pytest.mark.django_db
def test_the_first_checkpoint_of_a_day_is_mailed(
    settings: Settings,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.LEDGER_WITNESSES = ["auditor@example.org"]
    for text in ("2026-11-23T09:00Z", "2026-11-23T23:59Z", "2026-11-24T00:00Z"):
        found_realm(f"at-{text[8:10]}-{text[11:13]}")
        with django_capture_on_commit_callbacks(execute=True):
            seal.seal(at=parse_instant(text))
    first, second = mailoutbox
    assert first.to == ["auditor@example.org"]
    assert first.subject == "Checkpoint of log.example/fellowship: 1 events"
    assert second.subject == "Checkpoint of log.example/fellowship: 3 events"
    assert Checkpoint.objects.get(number=3).note in second.body
    assert str(keys.verifier()) in second.body


@pytest.mark.django_db
def test_a_seal_that_fails_leaves_nothing(settings: Settings) -> None:
    found_realm("a")
    settings.LEDGER_ORIGIN = "not a name"
    with pytest.raises(signed_note.NoteError):
        seal.seal()
    assert not Seal.objects.exists()


def test_the_key_is_made_once_and_for_its_owner_alone(var: Path) -> None:
    first = keys.verifier()
    assert stat.S_IMODE((var / "ledger.pem").stat().st_mode) == 0o600
    assert str(keys.verifier()) == str(first)
    assert [path.name for path in var.iterdir()] == ["ledger.pem"]


def test_eight_that_make_the_key_at_once_have_one_key(var: Path) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(str(keys.verifier()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_sealed_later() -> None:
    """Its id is smaller than one already sealed: `id > last sealed` would miss it for ever."""
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                found_realm("slow")
                written.set()
                go_on.wait(PATIENCE)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(PATIENCE)
    try:
        found_realm("quick")
        first = seal.seal()
    finally:
        go_on.set()
        thread.join()
    assert first is not None
    assert first.size == 1
    second = seal.seal()
    assert second is not None
    assert second.size == 2
    slow_event, quick_event = Event.objects.order_by("id")
    assert (quick_event.seal.seq, slow_event.seal.seq) == (0, 1)
    assert verify().problems == []


@pytest.mark.django_db(transaction=True)
def test_sealers_at_once_leave_one_gapless_log() -> None:
    errors: list[Exception] = []
    barrier = threading.Barrier(4)

    def work(name: str) -> None:
        try:
            barrier.wait(PATIENCE)
            for i in range(10):
                found_realm(f"{name}-{i}")
                seal.seal()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal.seal()
    assert errors == []
    assert list(Seal.objects.values_list("seq", flat=True)) == list(range(40))
    report = verify()
    assert report.problems == []
    assert report.sealed == 40
