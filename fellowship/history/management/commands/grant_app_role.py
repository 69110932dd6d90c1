"""`manage.py grant_app_role ROLE`: what the application's role may do. PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from fellowship.history import months
from fellowship.history.triggers import protected_models


class Command(BaseCommand):
    """Read and insert on append-only tables, read and write elsewhere, ownership of nothing."""

    help = (
        "Grant a role what the application needs: SELECT and INSERT on the ledger and every "
        "history table, also UPDATE and DELETE elsewhere. Run as the owner after each migration."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="an existing role that does not own the tables")

    def handle(self, *, role: str, **_: Any) -> None:
        """Grant; raises CommandError on SQLite, for a missing role, and for the owner itself."""
        if connection.vendor != "postgresql":
            raise CommandError("Roles exist on PostgreSQL only.")
        with transaction.atomic(), connection.cursor() as cursor:
            _refuse_unfit(cursor, role)
            appendable = {model._meta.db_table for model in protected_models()}
            tables = sorted(connection.introspection.table_names(cursor))
            for table in tables:
                _grant(cursor, role, table, appendable)
            name = connection.ops.quote_name(role)
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
            # The owner's own way to a new month's partition: the role can make no table.
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {months.FUNCTION} TO {name}")
        self.stdout.write(f"{role}: {len(tables)} tables, {len(appendable)} of them append-only")


def _refuse_unfit(cursor: CursorWrapper, role: str) -> None:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role])
    found = cursor.fetchone()
    if found is None:
        raise CommandError(f"There is no role {role}.")
    if found[0]:
        raise CommandError(f"{role} is a superuser: nothing would hold it.")
    cursor.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s", [role]
    )
    if cursor.fetchone()[0]:
        raise CommandError(f"{role} owns tables here: it could switch the triggers off.")


def _grant(cursor: CursorWrapper, role: str, table: str, appendable: set[str]) -> None:
    quoted, name = connection.ops.quote_name(table), connection.ops.quote_name(role)
    rights = "SELECT, INSERT" if table in appendable else "SELECT, INSERT, UPDATE, DELETE"
    if table == "django_migrations":
        rights = "SELECT"
    cursor.execute(f"REVOKE ALL ON {quoted} FROM {name}")
    cursor.execute(f"GRANT {rights} ON {quoted} TO {name}")
