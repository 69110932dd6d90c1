"""Fold later migrations into the first, whose tables are made at once.

Before the first release every app has one migration. After each `makemigrations`:
`python scripts/fold_migrations.py governance proposals`. Django's optimizer puts together what
belongs together; state and schema stay what they were.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

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
    from django.db.migrations.optimizer import MigrationOptimizer
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
    kept = MigrationOptimizer().optimize(before, label)
    print(f"{label}: {len(before)} operations, now {len(kept)}")
    migration.operations = [MakeTables(kept)]
    Path(str(module.__file__)).write_text(
        MigrationWriter(migration, include_header=False).as_string()
    )


if __name__ == "__main__":
    main()
