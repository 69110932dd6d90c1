"""One partition a month: made ahead and on demand, pruned, protected, watched. PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction

from access import services
from access.integrity import damaged
from access.models import AccessEvent, EventBatch, EventKey, Grant, event_key
from access.tasks import ready_months
from fellowship.history import months, triggers
from fellowship.kernel.journal import System
from tests.governance.test_board_race import at_once
from tests.scenarios import access as scenario
from tests.scenarios.world import World, make_world

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]
BY = System("test")
UTC = dt.UTC


def ingest(world: World, *events: Any) -> services.IngestReport:
    return services.ingest(program=world.program, events=events, source="test", by=BY)


def stored() -> dict[str, int]:
    """Rows in each partition that has any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text, count(*) FROM access_accessevent GROUP BY 1"
        )
        return {name.removeprefix("access_accessevent_"): n for name, n in cursor.fetchall()}


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def plan(queryset: Any) -> str:
    return str(queryset.explain())


def test_a_batch_goes_into_the_months_in_which_it_happened(world: World, grant: Grant) -> None:
    moments = {
        1: "2021-03-31T23:59:59.999999Z",
        2: "2021-04-01T00:00:00Z",
        3: "2021-04-01T01:30:00+02:00",
        4: "2000-01-01T00:00:00Z",
        5: "2026-10-15T12:00:00Z",
    }
    report = ingest(world, *(scenario.event(grant, n, at=at) for n, at in moments.items()))
    assert (report.accepted, report.late) == (5, 5)
    assert stored() == {"2021_03": 2, "2021_04": 1, "2000_01": 1, "2026_10": 1}
    assert list(damaged()) == []
    keys = EventKey.objects.order_by("event").values_list("event", "at")
    assert list(keys) == list(AccessEvent.objects.order_by("id").values_list("id", "at"))
    batch = EventBatch.objects.get()
    assert {k for k, _ in keys} == {event_key(batch.pk, n) for n in range(5)}


def test_an_id_counts_once_though_its_months_differ(world: World, grant: Grant) -> None:
    ingest(world, scenario.event(grant, 1, at="2026-10-15T12:00:00Z"))
    report = ingest(world, scenario.event(grant, 1, at="2026-11-15T12:00:00Z"))
    assert (report.accepted, report.conflicts) == (0, 1)
    again = ingest(world, scenario.event(grant, 1, at="2026-10-15T12:00:00Z"))
    assert (again.accepted, again.duplicates) == (0, 1)
    with pytest.raises(DatabaseError, match="access_event_once"):
        run(
            "INSERT INTO access_eventkey SELECT event + 1, program_id, source, external_id, now()"
            " FROM access_eventkey"
        )


def test_a_months_list_reads_that_month_alone(world: World, grant: Grant) -> None:
    for month in (8, 9, 10):
        ingest(world, scenario.event(grant, month, at=f"2026-{month:02}-15T12:00:00Z"))
    september = AccessEvent.objects.filter(
        at__gte=dt.datetime(2026, 9, 1, tzinfo=UTC), at__lt=dt.datetime(2026, 10, 1, tzinfo=UTC)
    )
    said = plan(september.order_by("-at", "-id")[:50])
    assert "access_accessevent_2026_09" in said
    for other in ("2026_08", "2026_10", "_other"):
        assert other not in said


def test_months_stand_ready_and_are_made_once() -> None:
    at = dt.datetime(2030, 11, 30, 23, tzinfo=UTC)
    assert ready_months(at) == 4
    assert ready_months(at) == 0
    names = months.partitions(connection, AccessEvent)
    wanted = {f"access_accessevent_{m}" for m in ("2030_11", "2030_12", "2031_01", "2031_02")}
    assert wanted <= set(names)
    assert "access_accessevent_2031_03" not in names
    assert months.add(connection, AccessEvent, [dt.date(2030, 11, 20)]) == 0
    assert triggers.missing(connection) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE access_accessevent_2026_10 SET verdict = 'within'",
        "DELETE FROM access_accessevent_2026_10",
        "TRUNCATE access_accessevent_2026_10",
        "TRUNCATE access_accessevent",
        "SET LOCAL session_replication_role = replica; DELETE FROM access_accessevent_2026_10",
        "UPDATE access_accessevent SET at = at + interval '40 days'",
        "DELETE FROM access_eventkey",
        "TRUNCATE access_accessevent_other",
    ],
)
def test_a_partition_is_as_closed_as_the_whole(world: World, grant: Grant, sql: str) -> None:
    ingest(world, scenario.event(grant, 1, at="2026-10-15T12:00:00Z"))
    with pytest.raises(DatabaseError, match="append-only"):
        run(sql)


def test_a_partitions_missing_trigger_is_told_and_made_again() -> None:
    months.add(connection, AccessEvent, [dt.date(2026, 10, 1)])
    run("DROP TRIGGER append_only_truncate ON access_accessevent_2026_10")
    run("ALTER TABLE access_accessevent_2026_10 DISABLE TRIGGER append_only_delete")
    assert sorted(triggers.missing(connection)) == [
        "access_accessevent_2026_10: append_only_delete",
        "access_accessevent_2026_10: append_only_truncate",
    ]
    assert triggers.create(connection) == 2
    assert triggers.missing(connection) == []


def test_an_archived_month_leaves_its_ids_behind(world: World, grant: Grant) -> None:
    """Detached, its events are out of the trail; sent again, they are still known."""
    old = scenario.event(grant, 1, at="2026-10-15T12:00:00Z")
    ingest(world, old)
    connection.check_constraints()
    run("ALTER TABLE access_accessevent DETACH PARTITION access_accessevent_2026_10")
    assert not AccessEvent.objects.exists()
    assert ingest(world, old).duplicates == 1
    run(
        "ALTER TABLE access_accessevent ATTACH PARTITION access_accessevent_2026_10"
        " FOR VALUES FROM ('2026-10-01 00:00+00') TO ('2026-11-01 00:00+00')"
    )
    assert list(damaged()) == []
    assert triggers.missing(connection) == []


def test_the_net_is_watched(world: World, grant: Grant) -> None:
    def warnings() -> list[str]:
        return [m.msg for m in run_checks(databases=["default"]) if m.id == "history.W002"]

    assert warnings() == []
    assert months.stray(connection) == []
    columns = "program_id, batch_id, position, source, external_id, received_at, identity"
    run(
        f"INSERT INTO access_accessevent (id, at, {columns}, dataset_name, kind, operation,"
        " session, details, verdict, clause, reason, late) VALUES (1, '1990-01-01', 1, 1, 0, 's',"
        " 'x', now(), 'p', '', 'query', 'query', '', '', 'within', '', '', false)"
    )
    assert months.stray(connection) == ["access_accessevent_other"]
    assert len(warnings()) == 1


def test_ids_known_are_found_by_steps_into_indexes(world: World, grant: Grant) -> None:
    from access import storage

    ingest(world, *(scenario.event(grant, n, at="2026-10-15T12:00:00Z") for n in range(50)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) {storage._KNOWN}", [["e-1"], world.program.pk, "test"]
        )
        said = json.dumps(cursor.fetchone()[0])
    assert "access_event_once" in said
    assert "(id = access_eventkey.event)" in said, "an index of the month leads to the event"
    assert "Seq Scan" not in said


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_batches_of_a_new_month_at_once() -> None:
    world = make_world()

    def report(source: str) -> services.IngestReport:
        event = {"id": "1", "at": "2019-05-05T00:00:00Z", "person": "x", "kind": "query"}
        return services.ingest(program=world.program, events=[event], source=source, by=BY)

    done = at_once(lambda: report("a"), lambda: report("b"))
    assert [one.accepted for one in done] == [1, 1]
    assert stored() == {"2019_05": 2}
    assert triggers.missing(connection) == []
