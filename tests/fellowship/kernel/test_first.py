"""Tables made at once: as they stand after the last operation, and gone again backwards."""

from __future__ import annotations

from typing import ClassVar

import pytest
from django.db import connection, models
from django.db.migrations import AddConstraint, AddField, CreateModel, Migration
from django.db.migrations.state import ProjectState
from django.db.models import Q

from fellowship.kernel.first import MakeTables

pytestmark = pytest.mark.django_db(transaction=True)


def _migration() -> Migration:
    key = models.BigAutoField(primary_key=True)
    back = models.ForeignKey("access.FirstA", models.CASCADE)
    leads = models.ForeignKey("access.FirstB", models.CASCADE)

    class First(Migration):
        operations: ClassVar = [
            MakeTables(
                [
                    CreateModel("FirstA", [("id", key)]),
                    CreateModel("FirstB", [("id", key), ("a", back)]),
                    AddField("FirstA", "b", leads),
                    AddField("FirstA", "size", models.IntegerField(default=1)),
                    AddConstraint(
                        "FirstA",
                        models.CheckConstraint(condition=Q(size__gt=0), name="first_a_size"),
                    ),
                ]
            )
        ]

    return First("0001_initial", "access")


def _tables() -> set[str]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return {name for name in names if name.startswith("access_first")}


def test_models_that_lead_to_each_other_are_made_with_their_late_fields_and_dropped_again() -> None:
    migration, before = _migration(), ProjectState()
    with connection.schema_editor() as editor:
        after = migration.apply(before.clone(), editor)
    try:
        assert _tables() == {"access_firsta", "access_firstb"}
        with connection.cursor() as cursor:
            held = connection.introspection.get_constraints(cursor, "access_firsta")
            columns = connection.introspection.get_table_description(cursor, "access_firsta")
        assert [column.name for column in columns] == ["id", "b_id", "size"]
        assert held["first_a_size"]["check"]
        assert any(one["foreign_key"] == ("access_firstb", "id") for one in held.values())
        assert set(after.models) == {("access", "firsta"), ("access", "firstb")}
    finally:
        with connection.schema_editor() as editor:
            migration.unapply(before.clone(), editor)
    assert _tables() == set()
