"""An index for words sought anywhere in a text: trigrams on PostgreSQL, nothing on SQLite."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import Index, Model

OPERATORS = "gin_trgm_ops"


class WordIndex(Index):
    """What `icontains` needs on many rows. The extension `pg_trgm` comes with PostgreSQL."""

    suffix = "words"

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **_: Any
    ) -> Statement:
        """A GIN index over the fields as `icontains` compares them."""
        if schema_editor.connection.vendor != "postgresql":
            return Statement("SELECT 1")
        quote = schema_editor.quote_name
        fields: Any = [model._meta.get_field(field) for field in self.fields]
        return Statement(
            "CREATE INDEX %(name)s ON %(table)s USING gin (%(columns)s)",
            name=quote(str(self.name)),
            table=Table(model._meta.db_table, quote),
            columns=", ".join(f"UPPER({quote(f.column)}::text) {OPERATORS}" for f in fields),
        )

    def remove_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **_: Any
    ) -> str:
        """Remove it where it is."""
        return f"DROP INDEX IF EXISTS {schema_editor.quote_name(str(self.name))}"


def provide_operators(sender: AppConfig, using: str, **_: Any) -> None:
    """Before the tables are made: see that PostgreSQL knows trigrams."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE EXTENSION pg_trgm")
