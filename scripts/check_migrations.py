"""Refuse migrations that lock a table for long, or that the release before cannot live with.

An app's first migration makes its tables before anybody is there. Each later one runs while the
release before serves; see docs/operations.md, "Migrations under traffic". A migration that must do
it all the same says why: `unsafe = "the table has forty rows"`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, Final

sys.path.insert(0, os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fellowship.settings")

OURS: Final = (
    *("accounts", "history", "clocks", "notices", "programs", "governance", "proposals"),
    *("scoping", "access", "findings", "publications", "oversight"),
)
HARMLESS: Final = {
    *("choices", "help_text", "verbose_name", "validators", "default", "blank", "editable"),
    *("related_name", "db_default", "on_delete", "limit_choices_to"),
}
INSTEAD: Final = {
    "RemoveField": "stop using it in this release, remove it in the next",
    "DeleteModel": "stop using it in this release, delete it in the next",
    "RenameField": "add the new one, write both, read the new, remove the old a release later",
    "RenameModel": "keep the table by `db_table`, or make another and move over two releases",
    "AlterModelTable": "the release before reads the old name",
    "AddConstraint": "it reads the whole table under a lock: add it NOT VALID, then validate it",
    "RunSQL": "say why it is safe while the release before serves",
    "RunPython": "say why it is safe while the release before serves",
}


def dangers(migration: Any, state: Any) -> Iterator[str]:
    """What the migration must not do, each with what to do instead; `state` is that before it."""
    made = {op.name_lower for op in migration.operations if type(op).__name__ == "CreateModel"}
    state = state.clone()
    for operation in migration.operations:
        kind = type(operation).__name__
        model = getattr(operation, "model_name_lower", "")
        if model not in made and (what := _danger(kind, operation, state, migration)):
            yield f"{kind}: {what}"
        operation.state_forwards(migration.app_label, state)


def _danger(kind: str, operation: Any, state: Any, migration: Any) -> str:
    if kind in INSTEAD:
        return INSTEAD[kind]
    if kind == "AddIndex":
        return "writers wait for it: AddIndexConcurrently, in a migration with `atomic = False`"
    if kind == "AddField":
        field = operation.field
        if not (field.null or field.has_db_default() or field.many_to_many):
            return "the release before writes rows without it: null=True, or a db_default"
    if kind == "AlterField":
        before = state.models[migration.app_label, operation.model_name_lower].fields
        return _altered(before[operation.name], operation.field)
    return ""


def _altered(before: Any, after: Any) -> str:
    """Why the change of a column is refused; what only Django sees passes, and what is wider."""
    _, kind, _, was = before.deconstruct()
    _, other, _, now = after.deconstruct()
    if kind != other:
        return "another type rewrites the table: add a column, fill it, swap over two releases"
    changed = {name for name in {*was, *now} - HARMLESS if was.get(name) != now.get(name)}
    if "null" in changed and not after.null:
        return "it reads the whole table, and the release before writes NULL: a constraint first"
    changed.discard("null")
    if (now.get("max_length") or 0) >= (was.get("max_length") or 0):
        changed.discard("max_length")
    return f"{', '.join(sorted(changed))} changes the table" if changed else ""


def main() -> int:
    """Name every danger of every later migration of ours; 1 where there is one."""
    import django
    from django.db.migrations.loader import MigrationLoader

    django.setup()
    loader = MigrationLoader(None)
    found = 0
    for app, name in sorted(loader.disk_migrations):
        if app not in OURS or name.startswith("0001"):
            continue
        migration = loader.disk_migrations[app, name]
        if str(getattr(migration, "unsafe", "")).strip():
            continue
        state = loader.project_state((app, name), at_end=False)
        for what in dangers(migration, state):
            print(f"{app}.{name}: {what}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
