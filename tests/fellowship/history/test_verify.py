"""Whatever is changed, removed or reordered behind the application's back is named."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from fellowship.accounts.models import Realm
from fellowship.history import keys, merkle, signed_note, triggers
from fellowship.history.models import Checkpoint, Event, Seal
from fellowship.history.recorder import MAX_ROWS
from fellowship.history.rows import row_digest
from fellowship.history.seal import seal
from fellowship.history.verify import verify
from fellowship.kernel import journal
from fellowship.kernel.canonical import canonical
from tests.fellowship.history.conftest import BY, found_realm, rename

pytestmark = pytest.mark.usefixtures("log")
Row = Realm.history.model


def tamper(sql: str, *parameters: Any) -> None:
    """What someone with the database's password and the triggers off can do."""
    with triggers.suspended(connection), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount


def event_at(index: int) -> Event:
    return Seal.objects.get(seq=index).event


def found() -> list[str]:
    return [str(problem) for problem in verify().problems]


def rewrite(index: int, **values: Any) -> Event:
    """Change an event and everything in its own row that would give it away."""
    event = event_at(index)
    said = {**json.loads(event.body), **values}
    body = canonical(said)
    tamper(
        "UPDATE history_event SET body = %s, leaf_hash = %s, reason = %s WHERE id = %s",
        body.decode(),
        merkle.leaf(body).hex(),
        said["reason"],
        event.pk,
    )
    return event


def test_an_untouched_record_fits() -> None:
    report = verify()
    assert report.problems == []
    assert (report.sealed, report.unsealed, report.checkpoints, report.copies) == (8, 0, 3, 3)
    assert (report.rows, report.live) == (8, 8)
    assert report.root == Checkpoint.objects.last().root_hash
    assert report.notes == []


def test_events_not_yet_sealed_are_noted_and_checked() -> None:
    found_realm("late")
    report = verify()
    assert report.ok
    assert report.notes == ["1 events wait to be sealed"]
    tamper("UPDATE history_event SET verb = 'test.other' WHERE reason = ''")
    assert found() == [f"event {Event.objects.last().pk}: verb differ from its body"]


def test_a_changed_column_is_named() -> None:
    tamper("UPDATE history_event SET reason = 'x' WHERE id = %s", event_at(4).pk)
    assert found() == [f"index 4: event {event_at(4).pk}: reason differ from its body"]


def test_a_changed_body_is_named() -> None:
    event = event_at(2)
    tamper(
        "UPDATE history_event SET body = replace(body, 'needed', 'wanted') WHERE id = %s", event.pk
    )
    problems = found()
    assert problems[0] == f"index 2: the body of event {event.pk} is not the one that was recorded"
    assert "index 0: checkpoint 1 (of 3 events) was signed over other events at index 0 to 2" in (
        problems
    )
    assert verify().first.index == 0


@pytest.mark.parametrize(
    ("part", "other"),
    [("{", "["), ("verb", "werb"), ('"v":1', '"v":2'), ('"rows":[[', '"rows":[[[')],
)
def test_a_body_that_cannot_be_read_is_named(part: str, other: str) -> None:
    event = event_at(0)
    tamper(
        "UPDATE history_event SET body = replace(body, %s, %s) WHERE id = %s", part, other, event.pk
    )
    assert f"index 0: the body of event {event.pk} cannot be read" in found()


def test_a_changed_leaf_hash_is_named() -> None:
    tamper("UPDATE history_event SET leaf_hash = 'ff' WHERE id = %s", event_at(3).pk)
    assert found() == [f"index 3: the leaf hash of event {event_at(3).pk} was changed"]


def test_an_event_rewritten_with_its_hash_is_named() -> None:
    event = rewrite(6, reason="another reason")
    assert f"index 6: event {event.pk} is not the one that was sealed here" in found()


def test_an_event_rewritten_with_its_seal_breaks_the_signed_root() -> None:
    event = rewrite(6, reason="another reason")
    event.refresh_from_db()
    tamper("UPDATE history_seal SET leaf_hash = %s WHERE seq = 6", event.leaf_hash)
    assert found() == [
        "index 5: checkpoint 3 (of 8 events) was signed over other events at index 5 to 7"
    ]


def _folder() -> str:
    return f"{Checkpoint.objects.last().signed_at:%Y-%m}"


def test_two_changes_under_two_checkpoints_are_both_named() -> None:
    for index in (1, 4):
        event = rewrite(index, reason="another")
        event.refresh_from_db()
        tamper("UPDATE history_seal SET leaf_hash = %s WHERE seq = %s", event.leaf_hash, index)
    roots = [p.what for p in verify().problems if p.kind == "root" and "copy" not in p.what]
    assert roots == [
        "checkpoint 1 (of 3 events) was signed over other events at index 0 to 2",
        "checkpoint 2 (of 5 events) was signed over other events at index 3 to 4",
    ]


def test_two_events_exchanged_are_named() -> None:
    one, other = event_at(3), event_at(4)
    with triggers.suspended(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM history_seal WHERE seq IN (3, 4)")
        cursor.execute(
            "INSERT INTO history_seal (seq, event_id, leaf_hash) VALUES (3, %s, %s), (4, %s, %s)",
            [other.pk, one.leaf_hash, one.pk, other.leaf_hash],
        )
    assert found()[:2] == [
        f"index 3: event {other.pk} is not the one that was sealed here",
        f"index 4: event {one.pk} is not the one that was sealed here",
    ]
    assert verify().first.index == 3


def test_events_reordered_with_their_hashes_break_the_signed_root() -> None:
    one, other = event_at(3), event_at(4)
    with triggers.suspended(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM history_seal WHERE seq IN (3, 4)")
        cursor.execute(
            "INSERT INTO history_seal (seq, event_id, leaf_hash) VALUES (3, %s, %s), (4, %s, %s)",
            [other.pk, other.leaf_hash, one.pk, one.leaf_hash],
        )
    assert (
        found()[0]
        == "index 3: checkpoint 2 (of 5 events) was signed over other events at index 3 to 4"
    )


def test_a_removed_event_is_named() -> None:
    event = event_at(5)
    tamper("DELETE FROM history_seal WHERE seq = 5")
    tamper("DELETE FROM history_event WHERE id = %s", event.pk)
    problems = found()
    assert problems[0] == "index 5: no event stands at index 5"
    row = Row.objects.get(history_event=event.uid)
    assert problems[-1] == f"no event accounts for accounts.historicalrealm {row.pk}"
    assert verify().first.index == 5


def test_an_event_put_in_is_named() -> None:
    event = event_at(7)
    names = [f.column for f in Event._meta.concrete_fields if f.column not in ("id", "uid")]
    columns = ", ".join(names)
    tamper(
        f"INSERT INTO history_event (id, uid, {columns}) SELECT 9999, %s, {columns}"
        " FROM history_event WHERE id = %s",
        "0" * 32,
        event.pk,
    )
    tamper("UPDATE history_seal SET event_id = 9999 WHERE seq = 7")
    assert "index 7: event 9999: uid differ from its body" in found()


def test_a_log_cut_short_is_named_by_the_copies() -> None:
    events = [event_at(i) for i in (5, 6, 7)]
    tamper("DELETE FROM history_checkpoint WHERE size = 8")
    tamper("DELETE FROM history_seal WHERE seq >= 5")
    for event in events:
        tamper("DELETE FROM history_event WHERE id = %s", event.pk)
        tamper("DELETE FROM accounts_historicalrealm WHERE history_event = %s", _uid(event))
        tamper("DELETE FROM accounts_realm WHERE id = %s", event.subject_id)
    assert found() == [
        "index 5: a checkpoint was signed for 8 events, and 5 are there: the log was cut short",
        f"index 5: the copy {_folder()}/000000000008.txt is of a checkpoint that is not in the"
        " table",
    ]


def _uid(event: Event) -> str:
    return str(event.uid) if connection.vendor == "postgresql" else event.uid.hex


def test_a_removed_checkpoint_is_named() -> None:
    tamper("DELETE FROM history_checkpoint WHERE number = 2")
    assert found() == [
        f"index 3: the copy {_folder()}/000000000005.txt is of a checkpoint that is not in the"
        " table",
        "index 5: checkpoint 3 (of 8 events): its number should be 2",
    ]


def test_the_last_checkpoint_removed_leaves_seals_bare(var: Path) -> None:
    tamper("DELETE FROM history_checkpoint WHERE number = 3")
    for copy in (var / "checkpoints").rglob("*8.txt"):
        copy.unlink()
    assert found() == ["index 5: sealed events stand under no checkpoint"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("root_hash = 'ff'", "its columns differ from its note"),
        ("edge = ''", "its edge does not give its root"),
        ("note = replace(note, 'log.example', 'log.example2')", "signed by no known key"),
    ],
)
def test_a_changed_checkpoint_is_named(change: str, what: str) -> None:
    tamper(f"UPDATE history_checkpoint SET {change} WHERE number = 2")
    (problem,) = verify().problems
    assert what in problem.what
    assert problem.index == 3


def test_a_forged_signature_is_named() -> None:
    row = Checkpoint.objects.get(number=1)
    text, (signature,) = signed_note.split(row.note)
    forged = Checkpoint.objects.get(number=2).note.rpartition("\n\n")[2]
    assert signature.name in forged
    tamper("UPDATE history_checkpoint SET note = %s WHERE number = 1", f"{text}\n{forged}")
    assert found() == [
        "index 0: checkpoint 1 (of 3 events): the signature of log.example/fellowship is wrong"
    ]


def test_a_checkpoint_signed_with_another_key_is_named(settings: Settings) -> None:
    row = Checkpoint.objects.get(number=3)
    text, _ = signed_note.split(row.note)
    ours = settings.LEDGER_KEY_FILE
    settings.LEDGER_KEY_FILE = ours.with_name("stolen.pem")
    note = signed_note.sign(text, settings.LEDGER_ORIGIN, keys.signing_key())
    other = str(keys.verifier())
    settings.LEDGER_KEY_FILE = ours
    tamper("UPDATE history_checkpoint SET note = %s WHERE number = 3", note)
    (problem,) = verify().problems
    assert "checkpoint 3 (of 8 events): signed by no known key, but by log.example" in problem.what
    settings.LEDGER_OLD_KEYS = [other]
    assert verify().ok


def test_a_log_signed_anew_from_the_start_is_named_by_the_copies(
    settings: Settings,
) -> None:
    """Who runs the log can rewrite it whole, key and all; what a witness kept still tells."""
    rewrite(0, reason="rewritten")
    tamper("DELETE FROM history_checkpoint")
    tamper("DELETE FROM history_seal")
    settings.LEDGER_KEY_FILE = settings.LEDGER_KEY_FILE.with_name("new.pem")
    assert seal() is not None
    kinds = {problem.kind for problem in verify().problems}
    assert kinds == {"copy", "checkpoint"}
    assert verify().found == 5  # three copies by an unknown key, two of them with no checkpoint


def test_a_changed_history_row_is_named_with_its_event() -> None:
    row = Row.objects.get(slug="d")
    tamper("UPDATE accounts_historicalrealm SET name = 'X' WHERE history_id = %s", row.pk)
    problems = found()
    event = event_at(3)
    assert problems == [
        f"index 3: accounts.historicalrealm {row.pk} is not as event {event.pk} recorded it",
        f"accounts.realm {row.id} differs from its history: name",
    ]


@pytest.mark.parametrize(
    "change", ["history_type = '~'", "history_change_reason = 'x'", "history_user_id = 7"]
)
def test_who_and_why_of_a_history_row_cannot_be_changed(change: str) -> None:
    tamper(f"UPDATE accounts_historicalrealm SET {change} WHERE slug = 'd'")
    assert [p.index for p in verify().problems] == [3]


def test_a_removed_history_row_is_named() -> None:
    row = Row.objects.get(slug="b")
    tamper("DELETE FROM accounts_historicalrealm WHERE slug = 'b'")
    assert found() == [
        f"index 1: accounts.historicalrealm {row.pk}, which event {event_at(1).pk} recorded,"
        " is gone",
        f"accounts.realm {row.id} differs from its history: it has none",
    ]


def test_a_history_row_no_event_recorded_is_named() -> None:
    names = [f.column for f in Row._meta.concrete_fields if f.column != "history_id"]
    columns = ", ".join(names)
    tamper(
        f"INSERT INTO accounts_historicalrealm (history_id, {columns}) SELECT 999, {columns}"
        " FROM accounts_historicalrealm WHERE slug = 'c'"
    )
    tamper(
        f"INSERT INTO accounts_historicalrealm (history_id, {columns}) SELECT 998,"
        f" {columns.replace('history_event', 'NULL')} FROM accounts_historicalrealm"
        " WHERE history_id = 999"
    )
    assert found() == [
        "no event accounts for accounts.historicalrealm 998",
        "no event accounts for accounts.historicalrealm 999",
    ]


def test_a_live_row_changed_or_removed_is_named() -> None:
    changed, removed = Realm.objects.get(slug="a"), Realm.objects.get(slug="b")
    tamper("UPDATE accounts_realm SET slug = 'z', name = 'Z' WHERE slug = 'a'")
    tamper("DELETE FROM accounts_realm WHERE slug = 'b'")
    assert found() == [
        f"accounts.realm {changed.pk} differs from its history: slug, name",
        f"accounts.realm {removed.pk} was removed, and its history does not say so",
    ]


def test_a_deletion_by_a_verb_fits_and_one_undone_does_not() -> None:
    realm = found_realm("brief")
    pk = realm.pk
    with journal.acting("test.remove", by=BY):
        realm.delete()
        realm.pk = pk
        journal.record(subject=realm)
    assert found() == []
    tamper(
        "INSERT INTO accounts_realm (id, created_at, slug, name) SELECT id, created_at, slug, name"
        " FROM accounts_historicalrealm WHERE slug = 'brief' AND history_type = '-'"
    )
    assert found() == [
        f"accounts.realm {pk} differs from its history: it says that the record was deleted"
    ]


def test_many_rows_in_one_event_are_summed_up_and_still_checked() -> None:
    with journal.acting("test.found_many", by=BY):
        made = [Realm.objects.create(slug=f"many-{i}", name=str(i)) for i in range(MAX_ROWS + 1)]
        event = journal.record(subject=made[0])
    assert json.loads(event.body)["rows"]["count"] == MAX_ROWS + 1
    assert verify().ok
    tamper("UPDATE accounts_historicalrealm SET name = 'x' WHERE slug = 'many-7'")
    assert f"history rows are not as event {event.pk} recorded them" in found()[0]


def test_rows_stay_verifiable_after_a_column_was_added(monkeypatch: pytest.MonkeyPatch) -> None:
    from fellowship.history.verify import rows

    old = rows.shape_of(Row)
    fewer = rows.shape_with(Row, [c for c in old.columns if c != "created_at"])
    assert fewer is not None
    with monkeypatch.context() as patch:
        patch.setattr(rows, "shape_of", lambda model: fewer)
        rows._stored.cache_clear()
        assert verify().ok  # the present shape is the other one: the old one is looked up
    rows._stored.cache_clear()


def test_digest_is_the_same_from_memory_and_from_the_database() -> None:
    realm = found_realm("digest")
    rename(realm, "Überschrift – 漢字 \U0001f600")
    for row in Row.objects.filter(id=realm.pk):
        event = Event.objects.get(uid=row.history_event)
        (ref,) = json.loads(event.body)["rows"]
        assert ref[:3] == [row._meta.label_lower, str(row.pk), row_digest(row)]


def test_the_command_prints_and_exits() -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out, no_color=True)
    assert "8 sealed events, 3 checkpoints, 3 copies, 8 history rows, 8 live rows" in out.getvalue()
    assert "Nothing was changed, removed or reordered." in out.getvalue()
    tamper("UPDATE history_event SET reason = 'x' WHERE id = %s", event_at(4).pk)
    out = StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("verify_ledger", stdout=out, no_color=True)
    assert exit_.value.code == 1
    assert out.getvalue().endswith("first bad index: 4\n")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert (report["ok"], report["first"]["index"], report["found"]) == (False, 4, 1)


def test_an_app_may_add_a_check_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from fellowship.history import verify as package

    monkeypatch.setattr(package, "_CHECKS", {})
    package.also("shelf")(lambda report, _: report.add("shelf", "a book is gone", 2))
    assert found() == ["index 2: a book is gone"]
    assert verify(rows=False).ok
