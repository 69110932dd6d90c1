"""How the database is emptied after a transactional test: only the tables that hold something.

Django truncates them all: PostgreSQL makes hundreds of files anew for that, and waits for the disk
at each index. Content types and permissions are those of the models: they stay as they are.
"""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from fellowship.history.triggers import suspended

_KEPT = {Permission._meta.db_table, ContentType._meta.db_table}


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete every row but the kept ones, past the append-only triggers."""
    with transaction.atomic(using=connection.alias):
        holding = filled(connection)
        with suspended(connection, *holding), connection.cursor() as cursor:
            for table in holding:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def filled(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that hold something, but for the kept ones."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in tables
        if table not in _KEPT
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor.fetchall()]
