"""What must stand after every migration: months, append-only triggers, shapes of history rows."""

from __future__ import annotations

import json
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, connections

from fellowship.history import months, triggers
from fellowship.history.models import Shape
from fellowship.history.rows import history_models, shape_of
from fellowship.kernel.time import now


def after_migrate(sender: AppConfig, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Run once every app's tables are made: `post_migrate` comes once for each app."""
    last = [config for config in apps.get_app_configs() if config.models_module is not None][-1]
    if sender.label != last.label:
        return
    connection = connections[using]
    if Shape._meta.db_table in connection.introspection.table_names():
        months.lay_out(connection)
        triggers.create(connection)
        for model in months.monthly_models():
            months.add(connection, model, months.ahead(now()))
        remember_shapes(using)


def remember_shapes(using: str = DEFAULT_DB_ALIAS) -> int:
    """Keep the present shape of every history model; returns how many are new."""
    known = set(Shape.objects.using(using).values_list("key", flat=True))
    present = (shape_of(model) for model in history_models().values())
    new = [
        Shape(key=shape.key, model=shape.label, columns=json.dumps(shape.columns))
        for shape in present
        if shape.key not in known
    ]
    Shape.objects.using(using).bulk_create(new)
    return len(new)
