"""The history application: installs the recorder, keeps the triggers, checks the settings."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from fellowship.kernel import journal
from fellowship.kernel.saying import say


class HistoryConfig(AppConfig):
    """History, event ledger, seals and verification."""

    name = "fellowship.history"
    label = "history"
    verbose_name = say("History")

    def ready(self) -> None:
        """Install the journal's recorder and what is made after each migration."""
        from fellowship.history import checks, figures, recorder, witness  # noqa: F401
        from fellowship.history.after_migrate import after_migrate

        journal.install(recorder.record)
        post_migrate.connect(after_migrate, dispatch_uid="fellowship.history.after_migrate")
        connection_created.connect(_lift_limit, dispatch_uid="fellowship.history.parameters")


def _lift_limit(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Let SQLite take as many parameters in a statement as it can, not the 999 of old versions."""
    if connection.vendor == "sqlite":
        limit = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        connection.features.max_query_params = min(limit, 32_766)
