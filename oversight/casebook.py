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
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from fellowship.accounts.models import Realm, User
from fellowship.history.models import Event, Tracked
from fellowship.kernel.prepared import rows_of
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
    return _by_label(_asked(fellowship.pk, fellowship.proposal_id))


def subjects_of_proposal(pk: int) -> Subjects:
    """The same for a proposal that became no fellowship, or not yet."""
    return _by_label(_asked(_NONE, pk))


def _by_label(pairs: Iterable[tuple[str, int]]) -> Subjects:
    found: dict[str, list[int]] = defaultdict(list)
    for label, pk in pairs:
        found[label].append(pk)
    return dict(found)


def subjects_among(fellowship: Fellowship, *models: type[Model]) -> Subjects:
    """The ids of the case's records of these models, in one query."""
    found: dict[str, list[int]] = {_label(model): [] for model in models}
    for label, pk in _asked(fellowship.pk, fellowship.proposal_id, *models):
        found[label].append(pk)
    return found


def events_of(case: Subjects) -> QuerySet[Event]:
    """The ledger's events about these records, oldest first."""
    if connection.vendor == "postgresql":
        pairs = sorted(flat(case))
        given = [[label for label, _ in pairs], [pk for _, pk in pairs]]
        return Event.objects.filter(pk__in=RawSQL(_EVENTS, given)).order_by("id")  # noqa: S611
    about = Q(pk__in=[])
    for label, ids in case.items():
        about |= Q(subject_type=label, subject_id__in=ids)
    return Event.objects.filter(about).order_by("id")


_EVENTS: Final = f"""
SELECT found.id
  FROM unnest(%s::text[], %s::bigint[]) AS about(label, id)
 CROSS JOIN LATERAL (
    SELECT e.id FROM "{Event._meta.db_table}" e
     WHERE e.subject_type = about.label AND e.subject_id = about.id OFFSET 0
 ) AS found
"""
"""By the index of a record's events, one record after the other: OFFSET 0 keeps PostgreSQL from
reading the whole log for the sake of one case."""


_NONE: Final = 0
"""The key of no record."""


def _asked(fellowship: int, proposal: int, *models: type[Model]) -> list[tuple[str, int]]:
    """Labels and ids of the case's records, of all models or of these."""
    return rows_of(walk(*models), fellowship, proposal)


@functools.cache
def walk(*models: type[Model]) -> str:
    """The statement; its parameters are fellowship and proposal.

    Written from the names of the models' own tables and columns alone. Of `models`, if any, only
    their records: what else was on the way to nothing asked for, the database leaves out.
    """
    tables = dict.fromkeys(("fellowship_root", "proposal_root"), "SELECT CAST(%s AS bigint)")
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
            about = "JOIN direct d ON d.label = n.subject_type AND d.id = n.subject_id"
            tables[named] = f"SELECT n.{_pk(model)} FROM {_table(model)} n {about}"
            labels[named] = model
            _follow(tables, labels, model, named, ())
    tables["records"] = _union({n: m for n, m in labels.items() if m in models or not models})
    columns = {"direct": "label, id", "records": "label, id"}
    return "WITH {} SELECT label, id FROM records ORDER BY label, id".format(
        ", ".join(f"{name}({columns.get(name, 'id')}) AS ({sql})" for name, sql in tables.items())
    )


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
        tables[name] = (
            f"SELECT {_pk(hop.model)} FROM {_table(hop.model)}"
            f" WHERE {_quoted(hop.column)} IN (SELECT id FROM {known[hop.target]})"
        )


def _union(labels: Mapping[str, type[Model]]) -> str:
    """All records of these tables with their labels, each once."""
    selects = (f"SELECT '{_label(m)}', id FROM {name}" for name, m in labels.items())
    return " UNION ".join(selects)


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


def flat(case: Subjects) -> set[tuple[str, int]]:
    """The case as pairs of label and id."""
    return set(chain.from_iterable(((label, pk) for pk in ids) for label, ids in case.items()))
