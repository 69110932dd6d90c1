"""Subqueries that nearly every page asks: their SQL is worked out once, not once a question.

Who may know of a record is asked several times a page, for lists, counts and badges alike. Putting
such a condition together from the models costs more than the database needs to answer it.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

_MARK: Final = 739182640
_MARKS: Final[dict[str, Callable[[int], Any]]] = {
    "int": lambda place: _MARK + place,
    "str": lambda place: str(_MARK + place),
    "dt.datetime": lambda place: dt.datetime(2001, 2, 3, 4, 5, 6, 7 + place, tzinfo=dt.UTC),
}
"""What stands for an argument, by its annotation, while the SQL is worked out."""

Asked: TypeAlias = Callable[..., RawSQL]


def prepared(build: Callable[..., QuerySet[Any, Any]]) -> Asked:
    """What `build(…)` selects, for use behind `__in` and in `any_of`.

    `build` takes keys, instants and words, and may only compare them with columns as they are.
    """
    kinds = [p.annotation for p in inspect.signature(build).parameters.values()]
    marks = [_MARKS[kind](place) for place, kind in enumerate(kinds)]

    @functools.cache
    def worked_out() -> tuple[str, list[Any], list[tuple[int, int]]]:
        """The SQL, its parameters, and which of these are which argument."""
        sql, params = build(*marks).query.sql_with_params()
        places = {_adapted(mark): place for place, mark in enumerate(marks)}
        given = [(i, places[param]) for i, param in enumerate(params) if param in places]
        return sql, list(params), given

    @functools.wraps(build)
    def asked(*values: Any) -> RawSQL:
        sql, params, given = worked_out()
        params = params.copy()
        for i, place in given:
            params[i] = _adapted(values[place])
        return RawSQL(sql, params)  # noqa: S611  Django's own SQL; what is asked for is a parameter

    return asked


def _adapted(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def any_of(asked: Sequence[RawSQL]) -> list[bool]:
    """Which of the prepared questions find anything, in one query."""
    if not asked:
        return []
    found = ", ".join(f"EXISTS ({one.sql})" for one in asked)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {found}", [param for one in asked for param in one.params])
        return [bool(value) for value in cursor.fetchone()]
