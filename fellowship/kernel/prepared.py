"""What nearly every page asks: its SQL is worked out once, not once a question.

Who may know of a record is asked several times a page, for lists, counts and badges alike, and what
stands in fifty rows is read the same way whichever fifty they are. Putting such a query together
from the models costs more than the database needs to answer it.

`prepared` gives a condition, for use within other queries; `read` gives what a whole query finds.
A connection keeps the statements it used last; a question of many shapes cannot fill the database.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import inspect
import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.db import connection, connections
from django.db.models import QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL

_MARK: Final = 739182640
_MARKS: Final[dict[str, Callable[[int], Any]]] = {
    "int": lambda place: _MARK + place,
    "str": lambda place: str(_MARK + place),
    "dt.datetime": lambda place: dt.datetime(2001, 2, 3, 4, 5, 6, 7 + place, tzinfo=dt.UTC),
    "dt.date": lambda place: dt.date(1802, 3, 4) + dt.timedelta(days=place),
}
"""What stands for an argument, by its annotation, while the SQL is worked out."""

Asked: TypeAlias = Callable[..., RawSQL]


def prepared(build: Callable[..., QuerySet[Any, Any]]) -> Asked:
    """What `build(…)` selects, for use behind `__in` and in `any_of`.

    `build` takes keys, instants, days, words, and lists of keys (`keys: list[int]`) that are not
    empty, and may only compare them with columns as they are.
    """
    statement, spread = _statements(build)

    @functools.wraps(build)
    def asked(*values: Any) -> RawSQL:
        sizes, given = spread(values)
        return statement(sizes).condition(given)

    return asked


class _Condition(RawSQL):
    """A condition that knows which of its parameters are what it is asked for."""

    def __init__(self, sql: str, params: Sequence[Any], given: list[tuple[int, int]]) -> None:
        super().__init__(sql, params)
        self.given = given


def read(
    build: Callable[..., QuerySet[Any, Any]], *, anew: bool = False
) -> Callable[..., list[Any]]:
    """What `build(…)` finds, as a list, each time read anew: records, tuples or single values.

    `build` takes what it may for `prepared`, lists of keys (`keys: list[int]`) for `__in`, words
    (`words: list[str]`) all of which are sought by `__icontains`, and a place to begin from
    (`rows[start : start + 50]`). How rows become records, with relations read along, is Django's
    own way, worked out once as well. PostgreSQL plans it once for each connection; each time where
    words are sought, since how rare they are decides how, and where it is to plan `anew`.
    """
    statement, spread = _statements(build, anew=anew)

    @functools.wraps(build)
    def found(*values: Any) -> list[Any]:
        if any(value.__class__ is list and not value for value in values):
            return []
        sizes, given = spread(values)
        return statement(sizes).rows(given)

    return found


_LISTS: Final = {"list[int]": "int", "list[str]": "str"}
_Sizes: TypeAlias = tuple[int, ...]


def _statements(
    build: Callable[..., QuerySet[Any, Any]], *, anew: bool = False
) -> tuple[Callable[[_Sizes], _Statement], Callable[[Sequence[Any]], tuple[_Sizes, list[Any]]]]:
    """The statements of a question, and how its values are spread over their parameters.

    There is one for each length of the lists; a list is filled up to a power of two.
    """
    kinds = [p.annotation for p in inspect.signature(build).parameters.values()]
    if unknown := {*kinds} - {*_MARKS, *_LISTS}:
        raise KeyError(*unknown)

    @functools.cache
    def statement(sizes: _Sizes) -> _Statement:
        return _Statement(build, kinds, sizes, anew=anew)

    def spread(values: Sequence[Any]) -> tuple[_Sizes, list[Any]]:
        given: list[Any] = []
        sizes: list[int] = []
        for kind, value in zip(kinds, values, strict=True):
            if kind not in _LISTS:
                given.append(_adapted(value))
            else:
                sizes.append(1 << (len(value) - 1).bit_length())
                given += [*value, *[value[-1]] * (sizes[-1] - len(value))]
        return tuple(sizes), given

    return statement, spread


_NUMBERS: Final = itertools.count(1)
_PREPARED: Final[MutableMapping[Any, OrderedDict[str, None]]] = weakref.WeakKeyDictionary()
"""Which statements each of the connections has prepared, the one used last at the end."""
_MOST: Final = 1_000
"""So many statements a connection keeps."""


def _prepares(connection: Any) -> bool:
    return bool(connection.vendor == "postgresql" and settings.PREPARED_STATEMENTS)


def _prepare(
    connection: Any, name: str, sql: str, params: Sequence[Any], given: Sequence[tuple[int, int]]
) -> None:
    """Let this connection plan the statement, once: what is asked for are `$1`, `$2` …

    `given` pairs the place of a parameter with that of the value. Every other parameter stays the
    value it is, which says its type.
    """
    connection.ensure_connection()
    known = _PREPARED.setdefault(connection.connection, OrderedDict())
    if name in known:
        known.move_to_end(name)
        return
    from psycopg2.extensions import AsIs  # type: ignore[import-untyped]

    written = list(params)
    for i, place in given:
        written[i] = AsIs(f"${place + 1}")
    with connection.connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} AS {cursor.mogrify(sql, written).decode()}")
        known[name] = None
        while len(known) > _MOST:
            oldest, _ = known.popitem(last=False)
            cursor.execute(f"DEALLOCATE {oldest}")


class _Statement:
    """A query whose SQL is known, to be asked with other values."""

    def __init__(
        self,
        build: Callable[..., QuerySet[Any, Any]],
        kinds: list[str],
        sizes: tuple[int, ...],
        *,
        anew: bool,
    ) -> None:
        marks: list[Any] = []
        arguments: list[Any] = []
        left = list(sizes)
        for kind in kinds:
            many = left.pop(0) if kind in _LISTS else 1
            made = [_MARKS[_LISTS.get(kind, kind)](len(marks) + more) for more in range(many)]
            marks += made
            arguments.append(made if kind in _LISTS else made[0])
        self._asked: Any = build(*arguments)
        self._compiler = self._asked.query.get_compiler(self._asked.db)
        sql, params = self._compiler.as_sql()
        self._params = list(params)
        places = {_adapted(mark): place for place, mark in enumerate(marks)}
        before, beginning, start = sql.rpartition(" OFFSET ")
        if beginning and start.isdigit() and int(start) in places:
            sql = f"{before}{beginning}%s"
            self._params.append(int(start))
        self._sql, params = sql, self._params
        # A word stands within signs for "anything": such a parameter is what holds it.
        self._sought = [
            (i, places[param[1:-1]])
            for i, param in enumerate(params)
            if isinstance(param, str) and param[:1] == param[-1:] == "%" and param[1:-1] in places
        ]
        if fixed := [p for p in params if isinstance(p, dt.datetime) and p not in places]:
            raise ValueError(f"{build.__name__} fixes an instant that it was not given: {fixed[0]}")
        self._anew = anew or bool(self._sought)
        self._given = [(i, places[param]) for i, param in enumerate(params) if param in places]
        self._name = f"fellowship_{next(_NUMBERS)}"
        # An argument that the question does not ask about in the end is none of the statement's.
        self._used = sorted({place for _, place in self._given})
        numbers = {place: number for number, place in enumerate(self._used)}
        self._numbered = [(i, numbers[place]) for i, place in self._given]
        given = f" ({', '.join(['%s'] * len(self._used))})" if self._used else ""
        self._execute = f"EXECUTE {self._name}{given}"

    def condition(self, values: list[Any]) -> RawSQL:
        """It as a condition on these values."""
        if self._sought:
            raise ValueError("words are sought by what is read, not by a condition")
        return _Condition(self._sql, self._filled(values), self._given)

    def _filled(self, values: list[Any]) -> list[Any]:
        params = self._params.copy()
        for i, place in self._given:
            params[i] = values[place]
        for i, place in self._sought:
            params[i] = f"%{connection.ops.prep_for_like_query(values[place])}%"
        return params

    def rows(self, values: list[Any]) -> list[Any]:
        """What it finds for the values, which stand where its marks stood."""
        compiler = copy.copy(self._compiler)
        compiler.connection = connections[self._asked.db]
        asked = self._asking(compiler.connection, values)
        compiler.as_sql = lambda *_: asked
        found: list[Any] = list(self._asked._iterable_class(self._stand_in(compiler)))
        if lookups := self._asked._prefetch_related_lookups:
            prefetch_related_objects(found, *lookups)
        return found

    def _asking(self, connection: Any, values: list[Any]) -> tuple[str, tuple[Any, ...]]:
        """The SQL and its parameters: on PostgreSQL of the statement prepared there."""
        if _prepares(connection) and not self._anew:
            _prepare(connection, self._name, self._sql, self._params, self._numbered)
            return self._execute, tuple([values[place] for place in self._used])
        return self._sql, tuple(self._filled(values))

    def _stand_in(self, compiler: Any) -> Any:
        """What the rows' iterable asks of a query set, with the query known."""
        asked = self._asked
        query = SimpleNamespace(
            get_compiler=lambda *_, **__: compiler, selected=asked.query.selected
        )
        return SimpleNamespace(
            db=asked.db,
            query=query,
            model=asked.model,
            _fields=asked._fields,
            _known_related_objects={},
        )


def _adapted(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value


def any_of(asked: Sequence[RawSQL]) -> list[bool]:
    """Which of the prepared questions find anything, in one query."""
    if not asked:
        return []
    sql = f"SELECT {', '.join(f'EXISTS ({one.sql})' for one in asked)}"
    params = [param for one in asked for param in one.params]
    given = [at for at, mine in enumerate(_given(asked)) if mine]
    if _prepares(connection):
        _prepare(
            connection, name := _name_of(sql), sql, params, list(zip(given, itertools.count()))
        )
        sql = f"EXECUTE {name} ({', '.join(['%s'] * len(given))})"
        params = [params[at] for at in given]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [bool(value) for value in cursor.fetchone()]


def rows_of(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement of our own SQL, which PostgreSQL plans once for each connection."""
    if _prepares(connection):
        numbered = [(place, place) for place in range(len(values))]
        _prepare(connection, name := _name_of(sql), sql, values, numbered)
        sql = f"EXECUTE {name} ({', '.join(['%s'] * len(values))})"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _given(asked: Sequence[RawSQL]) -> Iterator[bool]:
    """Of each parameter of the questions, whether it is what is asked for."""
    for one in asked:
        mine = {at for at, _ in getattr(one, "given", ())}
        yield from (at in mine for at in range(len(one.params)))


@functools.cache
def _name_of(sql: str) -> str:
    return f"fellowship_{next(_NUMBERS)}"


def hold(record: Any, name: str, rows: Sequence[Any]) -> None:
    """Let `record.<name>.all()` be these rows, read elsewhere, as a prefetch would have it."""
    held = getattr(record, name).all()
    held._result_cache, held._prefetch_done = list(rows), True
    record.__dict__.setdefault("_prefetched_objects_cache", {})[name] = held
