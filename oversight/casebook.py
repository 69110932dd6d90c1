"""Which records belong to a case: found by walking the models' own relations, not from a list.

From the fellowship and its proposal follow every record that refers to them, however far;
then the records that name one of these by type and id (clocks, matters, conditions, exceptions,
escalations), and what refers to those. An application added later is found without being named.

The walk is one statement of common table expressions, one hop each, written once from the models:
the database walks, and only what is asked for leaves it.
"""

# ruff: noqa: S608 - the statement is put together from names of our own models

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.db.models.expressions import RawSQL

from fellowship.accounts.models import Realm, User
from fellowship.history.models import Event, Tracked
from fellowship.kernel.prepared import rows_of
from fellowship.kernel.subjects import about
from fellowship.programs.models import Program
from proposals.models import Proposal
from scoping.models import Fellowship

Subjects = Mapping[str, list[int]]
OWN: Final = frozenset(
    {
        "oversight.closeout",
        "oversight.controlrun",
        "oversight.sample",
        "oversight.savedscope",
        "oversight.extract",
        "oversight.verification",
    }
)
"""Records of auditing are about the record, not in it."""
_STOP: Final = (User, Realm, Program)


def subjects(fellowship: Fellowship) -> Subjects:
    """The ids of every record of the case by model label, in one query."""
    return _asked(fellowship.pk, fellowship.proposal_id)


def subjects_of_proposal(pk: int) -> Subjects:
    """The same for a proposal that became no fellowship, or not yet."""
    return _asked(_NONE, pk)


def subjects_among(fellowship: Fellowship, *models: type[Model]) -> Subjects:
    """The ids of the case's records of these models, in one query."""
    found = _asked(fellowship.pk, fellowship.proposal_id, *models)
    return {_label(model): found.get(_label(model), []) for model in models}


def events_of(case: Subjects) -> QuerySet[Event]:
    """The ledger's events about these records, oldest first."""
    if connection.vendor == "postgresql":
        return Event.objects.filter(pk__in=RawSQL(_EVENTS, _keys(case))).order_by("id")  # noqa: S611
    return Event.objects.filter(about(case)).order_by("id")


def latest(case: Subjects, before: int, size: int) -> list[int]:
    """The ids of the `size` latest events about these records, of those recorded before that one.

    In the order of the record. Of the end of the log twice as many events are read as there are
    records, so that a case in which nothing happens any more costs little more for it.
    """
    if connection.vendor == "postgresql":
        end = 2 * sum(map(len, case.values()))
        asked = (before, end, size, size, before, size)
        return [pk for (pk,) in rows_of(_LATEST, *_keys(case), *asked)]
    found = events_of(case).filter(pk__lt=before).order_by("-pk")
    return list(found.values_list("pk", flat=True)[:size])


_ABOUT: Final = """
    SELECT label, ids::bigint[] AS ids FROM unnest(%s::text[], %s::text[]) AS about(label, ids)
"""
_FOUND: Final = f"""
  FROM about
 CROSS JOIN LATERAL (
    SELECT e.id FROM "{Event._meta.db_table}" e
     WHERE e.subject_type = about.label AND e.subject_id = ANY(about.ids) OFFSET 0
 ) AS found
"""
"""By the index of a record's events, one kind of record after the other: OFFSET 0 keeps PostgreSQL
from reading the whole log for the sake of one case."""
_EVENTS: Final = f"WITH about AS ({_ABOUT}) SELECT found.id {_FOUND}"
_LATEST: Final = f"""
  WITH about AS MATERIALIZED ({_ABOUT}),
       near AS MATERIALIZED (
    SELECT newest.id FROM (
        SELECT id, subject_type, subject_id FROM "{Event._meta.db_table}"
         WHERE id < %s ORDER BY id DESC LIMIT %s
    ) AS newest
     WHERE ((subject_type, subject_id) IN (SELECT label, unnest(ids) FROM about)) IS TRUE
     ORDER BY newest.id DESC LIMIT %s
  )
SELECT id FROM near
 UNION
SELECT found.id {_FOUND}
 WHERE (SELECT count(*) FROM near) < %s AND found.id < %s
 ORDER BY id DESC LIMIT %s
"""
"""First at the end of the log, where a busy case has its latest events; by the index only where too
few are there, since thousands of records are thousands of look-ups. IS TRUE keeps the order of the
log, so that reading ends with the last event asked for."""


def _keys(case: Subjects) -> list[list[str]]:
    """The labels of the case, and the ids of each as PostgreSQL writes an array."""
    return [list(case), [f"{{{','.join(map(str, ids))}}}" for ids in case.values()]]


_NONE: Final = 0
"""The key of no record."""


def _asked(fellowship: int, proposal: int, *models: type[Model]) -> Subjects:
    """The ids of the case's records by label, of all models or of these."""
    found: dict[str, set[int]] = {}
    for label, ids in rows_of(walk(*models), fellowship, proposal):
        known = json.loads(ids) if isinstance(ids, str) else ids
        if known:
            found.setdefault(label, set()).update(known)
    return {label: sorted(found[label]) for label in sorted(found)}


@functools.cache
def walk(*models: type[Model]) -> str:
    """The statement; its parameters are fellowship and proposal.

    Written from the names of the models' own tables and columns alone: a table of one array of ids
    for each. Of `models`, if any, only their records: what else was on the way to nothing asked
    for, the database leaves out.
    """
    tables = dict.fromkeys(("fellowship_root", "proposal_root"), f"SELECT {_sql().one}")
    labels: dict[str, type[Model]] = {
        "fellowship_root": Fellowship,
        "proposal_root": Proposal,
    }
    _follow(tables, labels, Fellowship, "fellowship_root", ())
    _follow(tables, labels, Proposal, "proposal_root", (Fellowship,))
    tables["direct"] = _union(labels)
    for model in _tracked():
        names = {field.name for field in model._meta.concrete_fields}
        if {"subject_type", "subject_id"} <= names and _label(model) not in OWN:
            named = f"named_{model._meta.db_table}"
            about = _sql().about.format(table=_table(model), pk=_pk(model))
            tables[named] = f"SELECT {_sql().all.format(about)}"
            labels[named] = model
            _follow(tables, labels, model, named, ())
    asked = _union({n: m for n, m in labels.items() if m in models or not models})
    columns = {"direct": "label, ids"}
    return "WITH {} {}".format(
        ", ".join(f"{name}({columns.get(name, 'ids')}) AS ({sql})" for name, sql in tables.items()),
        asked,
    )


@dataclass(frozen=True, slots=True)
class _Sql:
    """How a database writes many ids as one value."""

    one: str
    """The ids that a parameter is."""
    all: str
    """The ids that a query selects."""
    within: str
    """Among the ids of a table of the walk."""
    about: str
    """The records of a model that are about one of `direct`."""


_POSTGRESQL: Final = _Sql(
    one="ARRAY[CAST(%s AS bigint)]",
    all="ARRAY({})",
    within="= ANY((SELECT ids FROM {})::bigint[])",
    about="""
        WITH RECURSIVE said(label) AS (
            SELECT (SELECT min(subject_type) FROM {table})
             UNION ALL
            SELECT (SELECT min(subject_type) FROM {table} WHERE subject_type > said.label)
              FROM said WHERE said.label IS NOT NULL
        )
        SELECT n.id FROM direct d CROSS JOIN LATERAL (
            SELECT {pk} AS id FROM {table}
             WHERE subject_type = d.label AND subject_id = ANY(d.ids) OFFSET 0
        ) n WHERE d.label IN (SELECT label FROM said)
    """,
)
"""Kinds of which the model has no record are not looked for: `said` steps from kind to kind in the
index of what records are about."""
_SQLITE: Final = _Sql(
    one="json_array(CAST(%s AS bigint))",
    all="(SELECT json_group_array(id) FROM ({}))",
    within="IN (SELECT value FROM json_each((SELECT ids FROM {})))",
    about="""
        SELECT n.{pk} AS id FROM direct d, json_each(d.ids) one
          JOIN {table} n ON n.subject_type = d.label AND n.subject_id = one.value
    """,
)


def _sql() -> _Sql:
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE


def _follow(
    tables: dict[str, str],
    labels: dict[str, type[Model]],
    root: type[Model],
    named: str,
    beyond: tuple[type[Model], ...],
) -> None:
    """Add a table for each model that refers to `root`, however far."""
    known = {root: named}
    for hop in hops(root, beyond):
        name = known[hop.model] = f"{named}_{len(known)}"
        labels[name] = hop.model
        within = _sql().within.format(known[hop.target])
        found = f"SELECT {_pk(hop.model)} AS id FROM {_table(hop.model)}"
        tables[name] = "SELECT " + _sql().all.format(
            f"{found} WHERE {_quoted(hop.column)} {within}"
        )


def _union(labels: Mapping[str, type[Model]]) -> str:
    """The ids of these tables with their labels."""
    return " UNION ALL ".join(f"SELECT '{_label(m)}', ids FROM {n}" for n, m in labels.items())


def _label(model: type[Model]) -> str:
    return model._meta.label_lower


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _pk(model: type[Model]) -> str:
    key: Any = model._meta.pk
    return _quoted(key.column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


@dataclass(frozen=True, slots=True)
class Hop:
    """A model that refers to another that is reached already, and the column that does."""

    model: type[Model]
    column: str
    target: type[Model]


@functools.cache
def hops(root: type[Model], beyond: tuple[type[Model], ...] = ()) -> tuple[Hop, ...]:
    """Every tracked model that refers to `root` by its shortest way, the nearest first."""
    return tuple(_hops(root, beyond))


def _hops(root: type[Model], beyond: tuple[type[Model], ...]) -> Iterator[Hop]:
    known: set[type[Model]] = {root, *beyond}
    frontier: set[type[Model]] = {root}
    while frontier:
        reached = {}
        for model in _tracked():
            if model not in known and _label(model) not in OWN:
                hop = _hop(model, frontier)
                if hop:
                    reached[model] = hop
        yield from reached.values()
        known |= set(reached)
        frontier = set(reached)


def _hop(model: type[Model], frontier: set[type[Model]]) -> Hop | None:
    for field in model._meta.concrete_fields:
        target = field.related_model if isinstance(field, ForeignKey) else None
        if target in frontier and target not in _STOP and not _weak(field):
            return Hop(model, field.column, target)  # type: ignore[arg-type]
    return None


def _weak(field: Field[Any, Any]) -> bool:
    """References that lead out of a case: to another record of the same kind, or an optional one.

    An exception may cover other findings as well; it is found by what it is about.
    """
    return bool(field.null) and field.related_model not in (Fellowship, Proposal)


@functools.cache
def _tracked() -> tuple[type[Model], ...]:
    return tuple(
        model for model in apps.get_models() if issubclass(model, Tracked) and not model._meta.proxy
    )
