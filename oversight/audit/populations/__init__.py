"""The populations an auditor asks for: all records of a kind in a period, with their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import connection

from oversight.audit.populations import access, board, cases, people, reviews, work
from oversight.audit.populations.shape import Column, Hidden, Population

__all__ = ["POPULATIONS", "Column", "Population", "counts"]

POPULATIONS: Final[Mapping[str, Population]] = {
    population.key: population
    for population in (
        *work.ALL,
        *cases.ALL,
        *access.ALL,
        *reviews.ALL,
        *board.ALL,
        *people.ALL,
    )
}


def counts(program_id: int, hidden: Hidden) -> dict[str, int]:
    """How many records each population has, in one statement."""
    parts: list[str] = []
    params: list[Any] = []
    for population in POPULATIONS.values():
        rows = population.within(program_id, None, None, hidden).order_by().values("pk")
        sql, given = rows.query.sql_with_params()
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - the ORM's own
        params += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        found = cursor.fetchone() or ()
    return dict(zip(POPULATIONS, found, strict=True))
