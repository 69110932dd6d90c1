"""PostgreSQL writes a table byte for byte as Python does, and only what it can say alike."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection

from fellowship.history.models import Event
from fellowship.history.rows import history_models
from fellowship.web.sheets import copying, tables, writers
from findings.models import Finding
from oversight.export import columns
from tests.scenarios import findings as scenes
from tests.scenarios.oversight import Case
from tests.scenarios.world import World

HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    'say "no", twice',
    "two\nlines",
    "two\r\nlines",
    "'",
    "\\N",
    "\\.",
    "é=1",
    " =1",
    "null",
    "“–” ∑",
    "a,b",
    "%s %(x)s 100%",
)


def _both(listed: Any, rows: Any) -> tuple[bytes, bytes]:
    ours, theirs = io.BytesIO(), io.BytesIO()
    names = [column.name for column in listed]
    counted = writers.write_csv(ours, names, tables.fetched(listed, rows))
    assert tables.write(theirs, "csv", listed, rows) == counted
    return ours.getvalue(), theirs.getvalue()


def test_every_table_of_a_record_has_the_same_bytes_either_way(world: World, case: Case) -> None:
    for number, text in enumerate(HOSTILE):
        scenes.reported(
            world,
            case.fellowship,
            title=text,
            claim=text,
            conditions="" if number % 2 else text,
            hits=None if number % 2 else number,
            trials=None if number % 2 else 60,
            evidence=[],
        )
    written = 0
    for model in history_models().values():
        rows = model.objects.order_by("history_id")
        if rows.exists():
            ours, theirs = _both(columns.of_history(model), rows)
            assert ours == theirs, model
            written += 1
    assert written > 20
    ours, theirs = _both(columns.EVENTS, Event.objects.order_by("id"))
    assert ours == theirs


def test_the_database_is_asked_where_it_can_say_it(world: World, case: Case) -> None:
    history: Any = Finding.history.model
    on_postgresql = connection.vendor == "postgresql"
    assert copying.can(history, columns.of_history(history)) == on_postgresql
    assert copying.can(Event, columns.EVENTS) == on_postgresql
    asked = {
        model._meta.label_lower: copying.can(model, columns.of_history(model))
        for model in history_models().values()
    }
    assert not asked["access.historicalgrant"]  # its operations are a list, which Python writes


def test_a_table_without_rows_has_its_columns_alone(world: World) -> None:
    history: Any = Finding.history.model
    listed = columns.of_history(history)
    ours, theirs = _both(listed, history.objects.none().order_by("history_id"))
    assert ours == theirs
    assert ours.decode("utf-8-sig") == ",".join(column.name for column in listed) + "\r\n"


@pytest.mark.parametrize("size", [1, 2])
def test_a_part_of_a_query_is_written_as_that_part(world: World, case: Case, size: int) -> None:
    rows = Event.objects.order_by("id")[:size]
    ours, theirs = _both(columns.EVENTS, rows)
    assert ours == theirs
    assert ours.count(b"\r\n") == size + 1
