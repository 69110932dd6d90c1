"""Fold later migrations into the first, and indexes and constraints into their CreateModel.

`makemigrations` writes each as an operation of its own, and Django renders every related model anew
for each operation: most of the time of a first `migrate`. Before the first release every app has
one migration, whose tables are made at once. After each `makemigrations`:
`python scripts/fold_migrations.py governance proposals`. State and schema stay what they were.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    """Rewrite 0001_initial of each app named, by label; later migrations go into it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fellowship.settings")
    import django

    django.setup()
    from django.apps import apps

    for label in sys.argv[1:]:
        _fold(apps.get_app_config(label).name, label)


def _fold(package: str, label: str) -> None:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.operations.fields import AddField
    from django.db.migrations.operations.models import (
        AddConstraint,
        AddIndex,
        CreateModel,
        RemoveConstraint,
    )
    from django.db.migrations.writer import MigrationWriter

    from fellowship.kernel.first import MakeTables

    module = import_module(f"{package}.migrations.0001_initial")
    migration = module.Migration("0001_initial", label)
    folder = Path(str(module.__file__)).parent
    for path in sorted(folder.glob("0*.py"))[1:]:
        following = import_module(f"{package}.migrations.{path.stem}").Migration(path.stem, label)
        migration.operations += following.operations
        own = {(label, earlier.stem) for earlier in folder.glob("0*.py")}
        migration.dependencies += [
            known
            for known in following.dependencies
            if known not in (own | set(migration.dependencies))
        ]
        path.unlink()
    before = [
        one
        for op in migration.operations
        for one in (op.state_operations if isinstance(op, MakeTables) else [op])
    ]
    later = {op.model_name_lower for op in before if isinstance(op, AddField)}
    created: dict[str, CreateModel] = {}
    kept: list[Operation] = []
    for operation in before:
        if isinstance(operation, CreateModel):
            created[operation.name_lower] = operation
        elif isinstance(operation, AddIndex | AddConstraint):
            model = created.get(operation.model_name_lower)
            if model is not None and operation.model_name_lower not in later:
                index = isinstance(operation, AddIndex)
                name = "indexes" if index else "constraints"
                what = operation.index if isinstance(operation, AddIndex) else operation.constraint
                model.options[name] = [*model.options.get(name, []), what]
                continue
        elif isinstance(operation, RemoveConstraint) and _take_away(created, kept, operation):
            continue
        kept.append(operation)
    print(f"{label}: {len(before)} operations, now {len(kept)}")
    migration.operations = [MakeTables(kept)]
    Path(str(module.__file__)).write_text(
        MigrationWriter(migration, include_header=False).as_string()
    )


def _take_away(created: dict[str, Any], kept: list[Any], operation: Any) -> bool:
    """Whether the constraint was made before: in its model's creation, or by itself.

    It is taken from there, and need not be removed.
    """
    for made in kept:
        same = getattr(made, "model_name_lower", "") == operation.model_name_lower
        if same and getattr(getattr(made, "constraint", None), "name", "") == operation.name:
            kept.remove(made)
            return True
    model = created.get(operation.model_name_lower)
    if model is None:
        return False
    held = model.options.get("constraints", [])
    left = [one for one in held if one.name != operation.name]
    if len(left) == len(held):
        return False
    model.options["constraints"] = left
    return True


if __name__ == "__main__":
    main()
