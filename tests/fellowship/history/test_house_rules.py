"""What every model and every source must keep to, so that nothing is written past the record."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from fellowship.accounts.models import User
from fellowship.history.models import AppendOnly, Tracked, TrackedQuerySet, Untracked
from fellowship.history.rows import history_models, shape_of

OURS = (
    "fellowship",
    "governance",
    "proposals",
    "scoping",
    "access",
    "findings",
    "publications",
    "oversight",
)
# django-guardian's own: grants written by services alone, which record who and why themselves.
PERMISSION_MODELS = {"accounts.realmuserpermission", "accounts.realmgrouppermission"}
BULK = "fellowship/history/bulk.py"
BASE = Path(settings.BASE_DIR)


def our_models() -> list[type[models.Model]]:
    """Concrete models of our apps, history models left out."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in OURS
        and model._meta.label_lower not in history_models()
    ]


def tracked() -> list[type[models.Model]]:
    return [model for model in our_models() if issubclass(model, Tracked)]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_model_is_tracked_or_says_why_not(model: type[models.Model]) -> None:
    if issubclass(model, (Tracked, User)):
        label = model.history.model._meta.label_lower
        assert label in history_models()
        assert "history_event" in shape_of(history_models()[label]).columns
    elif model._meta.auto_created:
        # Django's groups and permissions of a person: empty tables, ours are per realm.
        assert model._meta.auto_created is User
    elif model._meta.label_lower not in PERMISSION_MODELS:
        assert issubclass(model, (AppendOnly, Untracked)), "neither Tracked nor marked otherwise"
        said = (model.__doc__ or "").lower()
        words = ("append-only", "untracked", "no history")
        assert any(word in said for word in words), "its docstring does not say why not"


@pytest.mark.parametrize("model", tracked(), ids=lambda model: model._meta.label)
def test_set_based_writes_are_guarded_on_every_manager(model: type[models.Model]) -> None:
    for manager in (*model._meta.managers, model._base_manager, model._default_manager):
        assert isinstance(manager.get_queryset(), TrackedQuerySet), manager.name
    assert not model._meta.many_to_many, "use a tracked model in between: m2m rows name no actor"
    assert not model._meta.parents, "history compares live rows table by table"


@cache
def sources() -> dict[str, list[tuple[str, int]]]:
    """What every source of the application calls, imports or reads, and on which line.

    Of each the name alone; where it stands after a dot, with what stands before it as well.
    """
    return {
        name: list(_used(ast.parse(path.read_text(encoding="utf-8"), filename=name)))
        for top in OURS
        for path in sorted((BASE / top).rglob("*.py"))
        if "/migrations/" not in (name := path.relative_to(BASE).as_posix())
    }


def _used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
            if isinstance(node.value, ast.Name):
                yield f"{node.value.id}.{node.attr}", node.lineno
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.name, node.lineno
                yield f"{node.module}.{alias.name}", node.lineno


def users_of(names: set[str]) -> dict[str, list[int]]:
    """The sources that use one of the names, and the lines."""
    found = {
        name: [line for word, line in used if word in names] for name, used in sources().items()
    }
    return {name: lines for name, lines in found.items() if lines}


def test_only_the_bulk_helpers_lift_the_guard() -> None:
    assert set(users_of({"bulk_writes", "_bulk"})) == {BULK, "fellowship/kernel/tracking.py"}


def test_nobody_saves_without_history() -> None:
    """simple-history's own ways around itself, and Django's raw ones."""
    ways = {
        "save_without_historical_record",
        "skip_history_when_saving",
        "_raw_delete",
        "bulk_create_with_history",
        "bulk_update_with_history",
        "save_base",
    }
    assert users_of(ways) == {}


def test_triggers_are_lifted_by_tests_alone() -> None:
    """`suspended` is a word of access control as well: only its import from the triggers counts."""
    ways = {"triggers.suspended", "fellowship.history.triggers.suspended"}
    assert users_of(ways) == {}
