"""The check of migrations after the first release: what it refuses, and what it lets through."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.state import ModelState, ProjectState

_spec = importlib.util.spec_from_file_location(
    "check_migrations", settings.BASE_DIR / "scripts/check_migrations.py"
)
assert _spec is not None
assert _spec.loader is not None
check: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check)


def dangers(*operations: Any) -> list[str]:
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("note", models.TextField(null=True)),
    ]
    state.add_model(ModelState("shop", "Thing", fields, managers=[]))
    migration = migrations.Migration("0002_more", "shop")
    migration.operations = list(operations)
    return list(check.dangers(migration, state))


INDEX = models.Index(fields=["name"], name="thing_name")


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (migrations.RemoveField("thing", "note"), "stop using it"),
        (migrations.RenameField("thing", "note", "word"), "write both"),
        (migrations.DeleteModel("Thing"), "stop using it"),
        (migrations.RenameModel("Thing", "Object"), "keep the table"),
        (migrations.AddField("thing", "size", models.IntegerField(default=1)), "db_default"),
        (migrations.AddIndex("thing", INDEX), "AddIndexConcurrently"),
        (
            migrations.AddConstraint(
                "thing", models.CheckConstraint(condition=models.Q(id__gt=0), name="positive")
            ),
            "NOT VALID",
        ),
        (migrations.AlterField("thing", "note", models.TextField(default="")), "whole table"),
        (migrations.AlterField("thing", "name", models.IntegerField()), "rewrites"),
        (migrations.AlterField("thing", "name", models.CharField(max_length=9)), "max_length"),
        (
            migrations.AlterField("thing", "name", models.CharField(max_length=50, unique=True)),
            "unique",
        ),
        (migrations.RunSQL("SELECT 1"), "say why"),
        (migrations.RunPython(migrations.RunPython.noop), "say why"),
    ],
)
def test_it_refuses(operation: Any, why: str) -> None:
    found = dangers(operation)
    assert len(found) == 1
    assert why in found[0]


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("thing", "size", models.IntegerField(null=True)),
        migrations.AddField("thing", "size", models.IntegerField(db_default=1)),
        migrations.AlterField("thing", "name", models.CharField(max_length=80, help_text="More.")),
        migrations.AlterField("thing", "name", models.CharField(max_length=50, null=True)),
        AddIndexConcurrently("thing", INDEX),
        migrations.AlterModelOptions("thing", {"ordering": ["name"]}),
    ],
)
def test_it_lets_through(operation: Any) -> None:
    assert dangers(operation) == []


def test_a_table_made_by_the_same_migration_is_nobodys_yet() -> None:
    made = migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])
    index = migrations.AddIndex("other", models.Index(fields=["id"], name="other_id"))
    assert dangers(made, index) == []
