"""What was done to the record by SQL is named by verify_ledger and by the export's verify.py."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from fellowship.accounts.models import Realm
from fellowship.history import keys, merkle, triggers
from fellowship.history.models import Checkpoint, Event, Redaction, Seal
from fellowship.history.seal import seal
from fellowship.kernel import journal
from fellowship.kernel.canonical import canonical
from fellowship.kernel.journal import System
from fellowship.web.sheets.writers import safe
from oversight import services
from oversight.audit.scope import Scope
from oversight.export import bundle
from tests.scenarios.world import World
from tests.support.exports import exported, table, unpacked, verified

ROW = Realm.history.model
Attack = Callable[["Place"], None]


class Place:
    """A sealed record under three checkpoints, and the means of whoever owns the database."""

    def __init__(self, world: World, settings: Settings, commit: Callable[[], Any]) -> None:
        self.world, self.settings, self.commit = world, settings, commit
        self.sizes = [self.more(), self.more(), self.more()]
        self.key = str(keys.verifier())
        self.mine = list(Seal.objects.filter(event__verb="test.rename").order_by("seq"))

    def more(self) -> int:
        """Two more events, sealed; the size of the log then."""
        realm = Realm.objects.get(pk=self.world.program.pk)
        for word in ("one", "two"):
            with journal.acting("test.rename", by=System("test"), reason=f"{word} is needed"):
                realm.name = f"{realm.name[:30]} {word}"
                realm.save()
                journal.record(subject=realm, realm_id=realm.pk)
        checkpoint = self.commit()
        return int(checkpoint.size)

    def sql(self, statement: str, *parameters: Any) -> None:
        """One statement, with the triggers of its table off."""
        table = re.search(r"(?:UPDATE|DELETE FROM|INSERT INTO) (\w+)", statement)
        assert table
        with triggers.suspended(connection, table[1]), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount

    def rewrite(self, place: Seal, *, hashes: bool = False) -> None:
        """Other words in an event, its column and body alike; `hashes`: and every hash of it."""
        event = place.event
        said = {**json.loads(event.body), "reason": "nobody asked"}
        body = canonical(said)
        leaf = merkle.leaf(body).hex()
        self.sql(
            "UPDATE history_event SET body = %s, leaf_hash = %s, reason = %s WHERE id = %s",
            *(body.decode(), leaf if hashes else event.leaf_hash, said["reason"], event.pk),
        )
        if hashes:
            self.sql("UPDATE history_seal SET leaf_hash = %s WHERE seq = %s", leaf, place.pk)

    def exchange(self, *columns: str) -> None:
        """Let two events stand in each other's place."""
        one, other = self.mine[2:4]
        values: dict[str, Any] = {n: (getattr(other, n), getattr(one, n)) for n in columns}
        with triggers.suspended(connection, "history_seal"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM history_seal WHERE seq IN ({one.pk}, {other.pk})")
            for number, seal_ in enumerate((one, other)):
                said: dict[str, Any] = {"event_id": seal_.event_id, "leaf_hash": seal_.leaf_hash}
                said |= {name: pair[number] for name, pair in values.items()}
                cursor.execute(
                    "INSERT INTO history_seal (seq, event_id, leaf_hash) VALUES (%s, %s, %s)",
                    [seal_.pk, said["event_id"], said["leaf_hash"]],
                )

    def remove(self, places: list[Seal], *, rows: bool = True) -> None:
        """Events as if they had never been: with their places and their history rows."""
        for place in places:
            uid = place.event.uid
            said = str(uid) if connection.vendor == "postgresql" else uid.hex
            self.sql("DELETE FROM history_seal WHERE seq = %s", place.pk)
            self.sql("DELETE FROM history_event WHERE id = %s", place.event_id)
            if rows:
                self.sql("DELETE FROM accounts_historicalrealm WHERE history_event = %s", said)


@pytest.fixture
def place(
    world: World,
    settings: Settings,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Place:
    """The record, with a key and kept copies of this test alone."""
    settings.VAR_DIR = tmp_path
    settings.LEDGER_KEY_FILE = tmp_path / "ledger.pem"
    settings.LEDGER_ORIGIN = "log.example/fellowship"

    def commit() -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return seal()

    return Place(world, settings, commit)


def change(place: Place) -> None:
    place.rewrite(place.mine[2])


def change_with_hashes(place: Place) -> None:
    place.rewrite(place.mine[2], hashes=True)


def change_a_column(place: Place) -> None:
    place.sql("UPDATE history_event SET reason = 'x' WHERE id = %s", place.mine[2].event_id)


def change_a_row(place: Place) -> None:
    row = ROW.objects.get(history_event=place.mine[2].event.uid)
    place.sql("UPDATE accounts_historicalrealm SET name = 'X' WHERE history_id = %s", row.pk)


def delete(place: Place) -> None:
    place.remove(place.mine[2:3])


def delete_and_close_the_gap(place: Place) -> None:
    place.remove(place.mine[2:3])
    for later in Seal.objects.filter(seq__gt=place.mine[2].pk).order_by("seq"):
        place.sql("UPDATE history_seal SET seq = %s WHERE seq = %s", later.pk - 1, later.pk)


def delete_a_row(place: Place) -> None:
    row = ROW.objects.get(history_event=place.mine[2].event.uid)
    place.sql("DELETE FROM accounts_historicalrealm WHERE history_id = %s", row.pk)


def insert(place: Place) -> None:
    """An event in the place of another, well-formed in itself."""
    event = place.mine[2].event
    uid = "f" * 32
    said = {**json.loads(event.body), "uid": "ffffffff-ffff-ffff-ffff-ffffffffffff", "rows": []}
    body = canonical(said)
    names = [str(f.column) for f in Event._meta.concrete_fields]
    columns = ", ".join(n for n in names if n not in ("id", "uid", "body", "leaf_hash"))
    place.sql(
        f"INSERT INTO history_event (id, uid, body, leaf_hash, {columns}) SELECT 99999999, %s, %s,"
        f" %s, {columns} FROM history_event WHERE id = %s",
        *(uid, body.decode(), merkle.leaf(body).hex(), event.pk),
    )
    place.sql("UPDATE history_seal SET event_id = 99999999 WHERE seq = %s", place.mine[2].pk)


def insert_a_row(place: Place) -> None:
    row = ROW.objects.get(history_event=place.mine[2].event.uid)
    columns = ", ".join(
        str(f.column) for f in ROW._meta.concrete_fields if f.column != "history_id"
    )
    place.sql(
        f"INSERT INTO accounts_historicalrealm (history_id, {columns}) SELECT 99999999, {columns}"
        " FROM accounts_historicalrealm WHERE history_id = %s",
        row.pk,
    )


def reorder(place: Place) -> None:
    place.exchange("event_id")


def reorder_with_hashes(place: Place) -> None:
    place.exchange("event_id", "leaf_hash")


def cut_short(place: Place) -> None:
    """The end of the log, with all that says it was there but what witnesses kept."""
    place.sql("DELETE FROM history_checkpoint WHERE number = 3")
    place.remove(list(Seal.objects.filter(seq__gte=place.sizes[1])))


def empty(place: Place) -> None:
    """Everything but the checkpoints."""
    place.sql("DELETE FROM history_seal")
    place.sql("DELETE FROM history_event")


def begin_anew(place: Place) -> None:
    """Everything: what is exported is the record of the export alone."""
    empty(place)
    place.sql("DELETE FROM history_checkpoint")


def sign_anew(place: Place) -> None:
    """The log's own operator: rewritten, every hash fitting, all of it signed with a new key."""
    place.rewrite(place.mine[2], hashes=True)
    place.sql("DELETE FROM history_checkpoint")
    place.sql("DELETE FROM history_seal")
    place.settings.LEDGER_KEY_FILE = place.settings.LEDGER_KEY_FILE.with_name("other.pem")
    place.commit()


def sign_anew_with_the_key(place: Place) -> None:
    """The same with the log's own key."""
    place.rewrite(place.mine[2], hashes=True)
    place.sql("DELETE FROM history_checkpoint")
    place.sql("DELETE FROM history_seal")
    place.commit()


ATTACKS: dict[Attack, tuple[str, str]] = {
    change: ("the body of event", "is not the one that was sealed there"),
    change_with_hashes: ("was signed over other events", "was signed over another log"),
    change_a_column: ("reason differ from its body", "reason differ from its body"),
    change_a_row: ("is not as event", "recorded it"),
    delete: ("no event stands at index", "no event stands at index"),
    delete_and_close_the_gap: ("was signed over other events", "was signed over another log"),
    delete_a_row: ("recorded, is gone", "recorded, is gone"),
    insert: ("is not the one that was sealed here", "is not the one that was sealed there"),
    insert_a_row: ("no event accounts for", "was put in"),
    reorder: ("is not the one that was sealed here", "is not the one that was sealed there"),
    reorder_with_hashes: ("was signed over other events", "was signed over another log"),
    cut_short: ("the log was cut short", "was cut short, or an older backup"),
    empty: ("the log was cut short", "no event stands at index 0"),
    begin_anew: ("the log was cut short", "was cut short, or an older backup"),
    sign_anew: ("signed by no known key", "the log may have been signed anew"),
    sign_anew_with_the_key: ("was signed over other events", "was signed over another log"),
}


def _ledger() -> tuple[int, str]:
    out, code = io.StringIO(), 0
    try:
        call_command("verify_ledger", stdout=out, no_color=True)
    except SystemExit as exit_:
        code = int(str(exit_.code))
    return code, out.getvalue()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_each_attack_is_named_by_both(place: Place, attack: Attack, tmp_path: Path) -> None:
    attack(place)
    here, there = ATTACKS[attack]
    code, said = _ledger()
    assert (code, here in said) == (1, True), said
    folder = exported(place.world.program.slug, tmp_path)
    code, said = verified(folder)
    assert (code, there in said) == (1, True), said
    assert "Traceback" not in said


def test_an_untouched_record_verifies_by_both(place: Place, tmp_path: Path) -> None:
    assert _ledger()[0] == 0
    folder = exported(place.world.program.slug, tmp_path)
    kept = tmp_path / "checkpoints"
    code, said = verified(folder, "--key", place.key, "--checkpoint", str(kept))
    assert (code, said.splitlines()[-1]) == (0, "VERIFIED."), said
    size = Checkpoint.objects.latest("number").size
    assert f"events lie under the signed root of {size} events." in said
    assert "4 checkpoints were signed over the same log." in said


def test_another_key_is_refused_whatever_else_fits(place: Place, tmp_path: Path) -> None:
    sign_anew(place)
    for path in (tmp_path / "checkpoints").rglob("*.txt"):
        path.unlink()
    folder = exported(place.world.program.slug, tmp_path)
    assert verified(folder)[0] == 0  # nothing inside can tell
    code, said = verified(folder, "--key", place.key)
    assert (code, "signed by another key than yours" in said) == (1, True)


def test_an_older_backup_put_back_is_named(place: Place, tmp_path: Path) -> None:
    """The database as it was; the copies that left the house are of events no longer there."""
    with transaction.atomic():
        place.more()
        kept = {path: path.read_text() for path in (tmp_path / "checkpoints").rglob("*.txt")}
        transaction.set_rollback(True)
    assert len(kept) == 4
    code, said = _ledger()
    assert (code, "the log was cut short" in said) == (1, True)
    folder = exported(place.world.program.slug, tmp_path / "at-once")
    code, said = verified(folder)
    assert (code, "an older backup was put in its place" in said) == (1, True), said
    # Life goes on until the log is longer than it was: then it is another log.
    place.more()
    place.more()
    code, said = _ledger()
    assert (code, "was signed over other events" in said) == (1, True), said
    folder = exported(place.world.program.slug, tmp_path / "later")
    code, said = verified(folder)
    assert (code, "was signed over another log: at index" in said) == (1, True), said
    # Whoever also removes the copies here is told by one kept elsewhere.
    for path in kept:
        path.unlink()
    assert _ledger()[0] == 0
    folder = exported(place.world.program.slug, tmp_path / "silent")
    assert verified(folder)[0] == 0
    mine = tmp_path / "mailed.txt"
    mine.write_text(max(kept.items())[1])
    code, said = verified(folder, "--checkpoint", str(mine))
    assert (code, "your checkpoint mailed.txt" in said) == (1, True), said


def test_the_place_is_told_between_two_checkpoints(place: Place, tmp_path: Path) -> None:
    change_with_hashes(place)
    folder = exported(place.world.program.slug, tmp_path)
    low, high = place.sizes[0], place.sizes[1] - 1
    assert f"at index {low} to {high} an event was changed" in verified(folder)[1]


def test_a_table_that_says_something_else_than_the_log_is_refused(
    place: Place, tmp_path: Path
) -> None:
    change_a_column(place)
    folder = exported(place.world.program.slug, tmp_path, "csv")
    code, said = verified(folder)
    assert (code, "reason differ from its body" in said) == (1, True)


@pytest.mark.parametrize("attack", [delete_a_row, insert_a_row])
def test_rows_that_are_gone_or_put_in_show_in_csv_too(
    place: Place, attack: Attack, tmp_path: Path
) -> None:
    attack(place)
    code, said = verified(exported(place.world.program.slug, tmp_path, "csv"))
    assert (code, ATTACKS[attack][1] in said) == (1, True), said


NAME = "Zofia Quint"


@dataclass
class Erased:
    """The record after the erasure of somebody whose name stood in one event and its row."""

    place: Place
    uid: UUID
    event: Event
    body: str
    redaction: Redaction

    def forge(self, uid: UUID) -> None:
        """Another event changed, and a redaction for it in the name of some event."""
        self.place.rewrite(self.place.mine[2])
        event = Event.objects.get(pk=self.place.mine[2].event_id)
        after = merkle.leaf(event.body.encode()).hex()
        Redaction.objects.create(
            event=uid, model="history.event", row=event.pk, before=event.leaf_hash, after=after
        )


@pytest.fixture
def erased(place: Place) -> Erased:
    person = place.world.fresh("applicant")
    person.name = NAME
    person.save()
    admin = place.world.fresh("admin")
    admin.is_superuser = True
    admin.save()
    realm = Realm.objects.get(pk=place.world.program.pk)
    with journal.acting("test.rename", by=System("test"), reason=f"{NAME} asked"):
        realm.name = f"House of {NAME}"
        realm.save()
        journal.record(subject=realm, realm_id=realm.pk)
    body = Event.objects.get(reason=f"{NAME} asked").body
    place.commit()
    erasure = services.ask_erasure(person=person, reason="I ask", by=person)
    services.approve_erasure(erasure=erasure, by=admin)
    services.erase_person(erasure=erasure, by=services.ERASING)
    place.commit()
    event = Event.objects.get(reason=f"Person {person.pk} asked")
    redaction = Redaction.objects.get(model="history.event", row=event.pk)
    return Erased(place, redaction.event, event, body, redaction)


def forged(erased: Erased) -> None:
    erased.forge(uuid4())


def forged_in_its_name(erased: Erased) -> None:
    erased.forge(erased.uid)


def forged_in_another_s_name(erased: Erased) -> None:
    erased.forge(erased.place.mine[5].event.uid)


def of_another_hash(erased: Erased) -> None:
    erased.place.sql(
        "UPDATE history_redaction SET before = %s WHERE id = %s", "0" * 64, erased.redaction.pk
    )


def removed(erased: Erased) -> None:
    erased.place.sql("DELETE FROM history_redaction WHERE id = %s", erased.redaction.pk)


def all_removed(erased: Erased) -> None:
    erased.place.sql("DELETE FROM history_redaction")


def put_back(erased: Erased) -> None:
    erased.place.sql(
        "UPDATE history_event SET body = %s, reason = %s WHERE id = %s",
        *(erased.body, f"{NAME} asked", erased.event.pk),
    )


def put_back_otherwise(erased: Erased) -> None:
    erased.place.sql(
        "UPDATE accounts_historicalrealm SET name = 'House of Zo' WHERE history_event = %s",
        erased.event.uid if connection.vendor == "postgresql" else erased.event.uid.hex,
    )


REDACTIONS: dict[Callable[[Erased], None], tuple[str, str]] = {
    forged: ("are not as it recorded", "no such event is sealed in this log"),
    forged_in_its_name: ("are not as it recorded", "redactions name the erasure at index"),
    forged_in_another_s_name: ("are not as it recorded", "it erased nothing"),
    of_another_hash: ("are not as it recorded", "are not those it made"),
    removed: ("are not as it recorded", "redactions name the erasure at index"),
    all_removed: ("are gone", "is not the one that was sealed there"),
    put_back: ("stands there again", "is back"),
    put_back_otherwise: ("is not as event", "recorded it"),
}


def test_what_no_erasure_did_is_named_by_both(erased: Erased, tmp_path: Path) -> None:
    for attack, (here, there) in REDACTIONS.items():
        with transaction.atomic():
            attack(erased)
            code, said = _ledger()
            assert (code, here in said) == (1, True), (attack, said)
            folder = exported(erased.place.world.program.slug, tmp_path / attack.__name__)
            transaction.set_rollback(True)
        code, said = verified(folder)
        assert (code, there in said) == (1, True), (attack, said)
        assert "Traceback" not in said


def test_an_erasure_is_named_and_the_record_verifies_by_both(
    erased: Erased, tmp_path: Path
) -> None:
    code, said = _ledger()
    assert (code, "by 1 recorded erasures; 1 of them are events" in said) == (0, True), said
    index = Seal.objects.get(event__uid=erased.uid).seq
    approved = erased.place.world.fresh("admin").pk
    for file_format, rows in (("jsonl", 1), ("csv", 0)):
        folder = exported(erased.place.world.program.slug, tmp_path, file_format)
        assert not [p for p in folder.rglob("*") if p.is_file() and NAME in p.read_text()]
        code, said = verified(folder, "--key", erased.place.key)
        assert (code, said.splitlines()[-1]) == (0, "VERIFIED."), said
        assert (
            f"1 events and {rows} history rows were redacted by the erasure at index {index},"
            f" approved by person {approved}, and are otherwise as recorded."
        ) in said


def test_every_format_holds_the_same_values_redacted_ones_included(
    erased: Erased, tmp_path: Path
) -> None:
    lines = _written(erased, tmp_path, "jsonl")
    whole = {
        path.relative_to(lines).with_suffix(""): [*map(_row, path.read_text().splitlines())]
        for path in lines.rglob("*.jsonl")
        if path.parent != lines or path.stem == "events"
    }
    said = f"Person {erased.place.world.applicant.pk}"
    for name, column, value in (
        (Path("events"), "reason", f"{said} asked"),
        (Path("history/accounts.historicalrealm"), "name", f"House of {said}"),
    ):
        assert value in [row[column] for row in whole[name]]
    assert len(whole) > 10
    for file_format in ("csv", "xlsx"):
        folder = _written(erased, tmp_path, file_format)
        tables = {
            path.relative_to(folder).with_suffix(""): table(path)
            for path in folder.rglob(f"*.{file_format}")
            if path.stem not in ("proofs", "withheld")
        }
        assert tables.keys() == whole.keys()
        for name, rows in whole.items():
            for got, row in zip(tables[name], rows, strict=True):
                told = {column: _read(got[column], value) for column, value in row.items()}
                assert (got.keys(), told) == (row.keys(), row), (file_format, name)


def _read(cell: str, value: Any) -> Any:
    """`value` where the cell says it; else what the cell says."""
    if isinstance(value, dict | list):
        return json.loads(cell)
    return value if cell == str(safe(value)) else cell


def _written(erased: Erased, to: Path, file_format: str) -> Path:
    """What the programme's auditor may have, which leaves no event that the next would hold."""
    program = erased.place.world.program
    scope = Scope.of(program, erased.place.world.fresh("auditor"))
    made = io.BytesIO()
    bundle.write(made, scope, file_format=file_format, program=program.slug)
    return unpacked(made.getvalue(), to / file_format)


def _row(line: str) -> dict[str, Any]:
    """A row of JSON Lines; of history the values and their key."""
    read: dict[str, Any] = json.loads(line)
    return {"history_id": read["history_id"], **read["row"]} if "row" in read else read
