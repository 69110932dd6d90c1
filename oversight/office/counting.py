"""Many counts in one query."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from fellowship.kernel.saying import joined


def counted(rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each queryset has, by its key, in one query."""
    asked: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for key, found in rows.items():
        with suppress(EmptyResultSet):  # of what nobody can be in, there is none
            asked[key] = found.order_by().values("pk").query.sql_with_params()
    counts = dict.fromkeys(rows, 0)
    if asked:
        each = joined(", ", (f"(SELECT COUNT(*) FROM ({q}) c)" for q, _ in asked.values()))  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {each}", [p for _, given in asked.values() for p in given])
            counts.update(zip(asked, cursor.fetchone(), strict=True))
    return counts
