"""The trail: rows told apart, judged by their own time, kept once, bound to the ledger."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from access import rows, services
from access.importers import native
from access.integrity import damaged
from access.models import AccessEvent, EventBatch, Grant
from access.rows import BadRow
from fellowship.history.models import Event
from fellowship.history.verify import verify
from fellowship.kernel.canonical import instant
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from governance.models import Escalation
from scoping import services as scoping
from tests.scenarios import access as scenario
from tests.scenarios.world import World

BY = System("test")


def ingest(world: World, *events: Any, source: str = "test") -> services.IngestReport:
    return services.ingest(program=world.program, events=events, source=source, by=BY)


def test_good_rows_are_kept_and_each_bad_one_is_named(world: World, grant: Grant) -> None:
    naive = dt.datetime.now().isoformat()  # noqa: DTZ005 - a time without a zone is the point
    later = (now() + dt.timedelta(minutes=6)).isoformat()
    report = ingest(
        world,
        scenario.event(grant, 1),
        scenario.event(grant, 2, at=naive),
        scenario.event(grant, 3, at=later),
        scenario.event(grant, 4, kind="levitation"),
        scenario.event(grant, 5, operation="fly"),
        scenario.event(grant, 6, person=""),
        scenario.event(grant, 7, details={"x": "y" * 5000}),
        scenario.event(grant, 8, details=[1]),
        scenario.event(grant, 9, session="a\x00b"),
        scenario.event(grant, 10, mood="good"),
        "nonsense",
        scenario.event(grant, 12, at="yesterday"),
        scenario.event(grant, 13, dataset="d" * 201),
        scenario.event(grant, 14, person={"name": "x"}),
        scenario.event(grant, 15, details={"n": float("nan")}),
        scenario.event(grant, 16, at="0001-01-01T00:00:00+14:00"),
        scenario.event(grant, 17, session="\ud800"),
        scenario.event(grant, 18),
    )
    assert report.accepted == 2
    assert [(r.index, r.code) for r in report.refused] == [
        (1, "no_zone"),
        (2, "future"),
        (3, "kind"),
        (4, "operation"),
        (5, "person"),
        (6, "details"),
        (7, "details"),
        (8, "session"),
        (9, "unknown_field"),
        (10, "not_an_object"),
        (11, "at"),
        (12, "dataset"),
        (13, "person"),
        (14, "details"),
        (15, "at"),
        (16, "session"),
    ]
    assert all(r.reason.endswith(".") for r in report.refused)


def test_five_minutes_of_a_fast_clock_are_forgiven(world: World, grant: Grant) -> None:
    at = (now() + dt.timedelta(minutes=4)).isoformat()
    assert ingest(world, scenario.event(grant, 1, at=at)).accepted == 1


def test_verdicts(world: World, grant: Grant) -> None:
    ingest(
        world,
        scenario.event(grant, 1),
        scenario.event(grant, 2, kind="export"),
        scenario.event(grant, 3, person="nobody@example.org"),
        scenario.event(grant, 4, dataset="no-such-data"),
        scenario.event(grant, 5, dataset=""),
        scenario.event(grant, 6, person=grant.person.email.upper(), dataset=grant.dataset.ref),
        scenario.event(grant, 7, person=grant.person.username, dataset=grant.dataset.name),
        scenario.event(grant, 8, person=grant.person.pk),
        scenario.event(grant, 9, person=world.stranger.email),
    )
    said = {e.external_id: (e.verdict, e.fellowship_id) for e in AccessEvent.objects.all()}
    case = grant.fellowship_id
    assert said == {
        "e-1": ("within", case),
        "e-2": ("out_of_scope", case),
        "e-3": ("unknown_person", None),
        "e-4": ("unknown_dataset", case),
        "e-5": ("within", case),
        "e-6": ("within", case),
        "e-7": ("within", case),
        "e-8": ("within", case),
        "e-9": ("out_of_scope", None),
    }
    outside = AccessEvent.objects.get(external_id="e-2")
    assert outside.clause == grant.ref
    assert outside.reason == f"{grant.ref} does not name “export from the environment”."
    assert AccessEvent.objects.get(external_id="e-1").grant == grant


def test_late_events_are_judged_by_the_facts_of_their_own_time(world: World, grant: Grant) -> None:
    during = now()
    scoping.suspend(fellowship=grant.fellowship, by=world.oncall, reason="Looked into.")
    after = now()
    ingest(
        world,
        scenario.event(grant, 1, at=after.isoformat()),
        scenario.event(grant, 2, at=during.isoformat()),
        scenario.event(grant, 3, at=(during - dt.timedelta(days=400)).isoformat()),
    )
    said = dict(AccessEvent.objects.values_list("external_id", "verdict"))
    assert said == {"e-1": "out_of_scope", "e-2": "within", "e-3": "out_of_scope"}


def test_the_same_events_again_change_nothing(world: World, grant: Grant) -> None:
    events = [scenario.event(grant, n) for n in range(40)]
    first = ingest(world, *events, events[0])
    assert (first.accepted, first.duplicates) == (40, 1)
    records = Event.objects.count()
    again = ingest(world, *events)
    assert (again.accepted, again.duplicates) == (0, 40)
    assert (Event.objects.count(), EventBatch.objects.count()) == (records, 1)
    other = ingest(world, *events, source="other")
    assert other.accepted == 40, "an id counts for its source"


def test_some_known_ids_hidden_between_new_ones(world: World, grant: Grant) -> None:
    events = [scenario.event(grant, n) for n in range(1000)]
    ingest(world, events[501], events[502])
    report = ingest(world, *events)
    assert (report.accepted, report.duplicates) == (998, 2)
    assert AccessEvent.objects.count() == 1000


def test_rows_without_an_id_are_known_by_their_content(world: World, grant: Grant) -> None:
    event = scenario.event(grant, 1)
    del event["id"]
    assert ingest(world, event, dict(event)).duplicates == 1
    assert ingest(world, event).duplicates == 1


def test_out_of_scope_raises_once_and_folds(world: World, grant: Grant) -> None:
    ingest(world, scenario.event(grant, 1, kind="export"), scenario.event(grant, 2, kind="export"))
    escalation = Escalation.objects.get()
    assert (escalation.kind, escalation.severity) == ("out_of_scope_access", "high")
    assert (escalation.subject_type, escalation.subject_id) == (
        "scoping.fellowship",
        grant.fellowship_id,
    )
    assert "2 reported acts outside" in escalation.summary
    ingest(world, scenario.event(grant, 3, kind="export"))
    escalation = Escalation.objects.get()
    assert escalation.occurrences == 2


def test_on_call_closes_everything_from_the_escalation(world: World, grant: Grant) -> None:
    from access.containment import KEY
    from access.decisions import decide
    from governance.services import contain

    ingest(world, scenario.event(grant, 1, kind="export"))
    escalation = Escalation.objects.get()
    contain(escalation=escalation, by=world.oncall, text="Looking into it.", actions=[KEY])
    step = escalation.steps.get(step="contained")
    assert "refusal logs (look at records, query, run code on it)" in step.text.lower()
    assert not decide(person=grant.person, dataset=grant.dataset, operation="query").allowed


def test_one_ledger_event_binds_every_row(world: World, grant: Grant) -> None:
    ingest(world, *(scenario.event(grant, n, session=f"a\\b {n} é") for n in range(25)))
    batch = EventBatch.objects.get()
    event = Event.objects.get(verb="access.ingest")
    assert (event.subject_type, event.subject_id) == ("access.eventbatch", batch.pk)
    assert json.loads(event.body)["change"]["root"] == batch.root == rows.root(bytes(batch.digests))
    assert list(damaged()) == []


def test_a_row_changed_behind_the_application_is_named(world: World, grant: Grant) -> None:
    from fellowship.history.triggers import suspended

    ingest(world, *(scenario.event(grant, n) for n in range(5)))
    batch = EventBatch.objects.get()
    assert [p for p in verify().problems if p.kind == "access_event"] == []
    with suspended(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE access_accessevent SET identity = 'x@y.z' WHERE position = 3")
        assert [str(d) for d in damaged()] == [f"access event 3 of batch {batch.pk}: changed"]
        assert not verify().ok
        cursor.execute("DELETE FROM access_accessevent WHERE position = 1")
        assert [(d.position, d.what) for d in damaged()] == [(1, "missing"), (3, "changed")]
        forged = b"".join(rows.digest(bytes([n])) for n in range(5))
        cursor.execute(
            "UPDATE access_eventbatch SET digests = %s, root = %s", [forged, rows.root(forged)]
        )
        assert "its root is not the one in the ledger" in {d.what for d in damaged()}
        cursor.execute("DELETE FROM access_accessevent")
        cursor.execute("DELETE FROM access_eventbatch")
        assert [d.what for d in damaged()] == ["missing"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE access_accessevent SET verdict = 'within'",
        "DELETE FROM access_accessevent",
        "UPDATE access_eventbatch SET root = ''",
        "DELETE FROM access_eventbatch",
    ],
)
def test_the_database_refuses_to_change_or_remove(sql: str) -> None:
    from tests.scenarios.world import make_world

    world = make_world()
    ingest(world, {"id": "1", "at": now().isoformat(), "person": "x", "kind": "query"})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_queries_do_not_grow_with_rows(world: World, grant: Grant) -> None:
    def count(start: int, number: int) -> int:
        events = [scenario.event(grant, n) for n in range(start, start + number)]
        with CaptureQueriesContext(connection) as seen:
            ingest(world, *events)
        return len(seen)

    assert count(0, 1) == count(100, 3) == count(200, 400)


def test_only_systems_and_staff_report(world: World, grant: Grant) -> None:
    with pytest.raises(Refused):
        services.ingest(
            program=world.program, events=[scenario.event(grant)], source="x", by=world.applicant
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(raw=st.dictionaries(st.sampled_from([*rows._KEYS, "odd"]), JSON) | JSON)
@settings(max_examples=300, deadline=None)
def test_no_row_whatever_breaks_the_reader(raw: Any) -> None:
    received = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    try:
        row = rows.read(0, raw, source="s", received_at=received)
    except BadRow:
        return
    assert row.at <= received + rows.TOLERANCE
    rows.line((row.identity, row.session, row.details))


TEXTS = st.text(max_size=8) | st.none() | st.integers(0, 9)
LIKELY = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "person": TEXTS,
        "at": st.sampled_from(["2026-11-22T14:00:00Z", "2026-11-22T14:00:00", "2027-01-01T00Z"]),
        "kind": st.sampled_from(["query", "export", "fly"]),
    },
    optional={"dataset": TEXTS, "session": TEXTS, "source": TEXTS, "details": JSON},
)


@given(raw=LIKELY)
@example(raw={"id": "1", "person": "a", "at": "2026-11-22T14:00:00", "kind": "query", "details": 1})
@settings(max_examples=400, deadline=None)
def test_the_quick_look_and_the_careful_one_agree(raw: Any) -> None:
    received = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)

    def look(reader: Any) -> Any:
        try:
            row = reader(0, raw, source="s", received_at=received)
        except BadRow as bad:
            return bad.code
        return row and row._replace(plain=False)

    seen = look(rows.quick)
    assert seen is None or seen == look(rows.careful)


@given(
    at=st.datetimes(
        min_value=dt.datetime(2000, 1, 2),  # noqa: DTZ001 - the zone is given below
        max_value=dt.datetime(2026, 11, 1),  # noqa: DTZ001
        timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=2))]),
    ),
    zone=st.sampled_from(["Z", "+00:00", ""]),
    separator=st.sampled_from("T t_"),
    spec=st.sampled_from(["seconds", "milliseconds", "microseconds", "auto", "minutes"]),
)
def test_the_stamp_is_the_instant_however_it_was_written(
    at: dt.datetime, zone: str, separator: str, spec: str
) -> None:
    said = at.isoformat(separator, timespec=spec)
    if zone == "Z" and said.endswith("+00:00"):
        said = f"{said[:-6]}Z"
    received = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    raw = {"id": "1", "person": "p", "kind": "query", "at": said}
    row = rows.read(0, raw, source="s", received_at=received)
    assert row.stamp == instant(row.at)
    assert row.at == dt.datetime.fromisoformat(said)


@given(text=st.text(), other=st.none() | st.integers())
def test_a_line_is_copys_own_text(text: str, other: int | None) -> None:
    clean = text.encode("utf-8", "ignore").decode().replace("\x00", "")
    line = rows.line((clean, other))
    assert line.count(b"\t") == 1
    assert b"\n" not in line


def test_ndjson_and_arrays_name_the_same_places() -> None:
    lines = b'\xef\xbb\xbf{"id": 1}\r\n\nnot json\n{"id": 2} trailing\n\xff\n[1,2\n{"id": 3}'
    read = list(native.read(lines))
    assert [r if isinstance(r, dict) else r.code for r in read] == [
        {"id": 1},
        "not_json",
        "not_json",
        "not_text",
        "not_json",
        {"id": 3},
    ]
    assert list(native.read(b' [{"id": 1}, 7]')) == [{"id": 1}, 7]
    with pytest.raises(ValueError, match="not JSON"):
        list(native.read(b"[1,"))
    deep = b"[" * 100_000
    with pytest.raises(ValueError, match="does not end"):
        list(native.read(deep))
    assert list(native.read(b"[1, " + deep + b"]" * 100_000 + b", 2]")) == [1, native.TOO_DEEP, 2]


def command(capsys: pytest.CaptureFixture[str], path: Path, *args: str) -> str:
    call_command("ingest_events", str(path), *args)
    return capsys.readouterr().out.strip()


def test_the_command_prints_what_became_of_the_rows(
    world: World, grant: Grant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.ndjson.gz"
    events = [
        *[scenario.event(grant, 1)] * 2,
        scenario.event(grant, 2, kind="export"),
        scenario.event(grant, 3, at="noon"),
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, events)).encode()))
    options = ("--format", "native", "--program", world.program.slug)
    assert command(capsys, path, *options) == ("accepted 2, out of scope 1, duplicate 1, refused 1")
    assert command(capsys, path, *options) == ("accepted 0, out of scope 0, duplicate 3, refused 1")
    with pytest.raises(CommandError, match="no programme"):
        call_command("ingest_events", str(path), "--program", "nowhere")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ingest_events", str(tmp_path / "absent"), "--program", world.program.slug)


def test_times_are_set_by_the_kernel(world: World, grant: Grant) -> None:
    at = now() + dt.timedelta(days=3)
    with frozen(at):
        ingest(world, scenario.event(grant, 1, at=at.isoformat()))
    assert AccessEvent.objects.get().received_at == at
