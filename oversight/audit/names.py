"""What records are called: those that the columns and events of the audit room point at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import CharField, F, Model, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat

from fellowship.clocks import registry as clocks
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import begun, joined, say

Pair = tuple[str, int]
Names = Mapping[Pair, str]
"""Model label and key to the record's reference, name or title."""

_OWN: Final = ("ref", "name", "title")
_THROUGH: Final = (
    "matter",
    "ballot",
    "proposal",
    "publication",
    "finding",
    "control",
    "metric",
    "fellowship",
    "milestone",
    "dataset",
    "assignment",
    "member",
    "user",
    "person",
    "reviewer",
)
_KINDS: Final = ("key", "item", "stage", "kind")
_RULE: Final = "governance.ruleversion"
_NUMBERED: Final = frozenset(
    {"proposals.proposalversion", "publications.version", "scoping.scopeofwork"}
)
"""Versions of one thing, told apart by their number."""
_CALLED: Final[Mapping[str, str]] = {
    "access.output": say("File to be released"),
    "accounts.realm": say("Programme’s roles"),
    "findings.batch": say("One act on many findings"),
    "findings.contest": say("Suggestion contested"),
    "findings.cover": say("Stand-in of a product owner"),
    "findings.duepause": say("Pause of a finding’s deadline"),
    "findings.duesegment": say("Stretch of a finding’s deadline"),
    "findings.overdue": say("Overdue finding told"),
    "governance.cadence": say("Standing dates of a board"),
    "governance.exceptionrecord": say("Exception"),
    "governance.oncallabsence": say("Absence from on-call"),
    "governance.oncalloverride": say("Stand-in on call"),
    "governance.watch": say("Turn on call"),
    "oversight.controlrun": say("Test of a control over a period"),
    "oversight.extract": say("Export"),
    "oversight.handback": say("Thing to hand back"),
    "oversight.verification": say("Verification of the ledger"),
    "oversight.waiver": say("Obligation not held to"),
    "programs.program": say("Programme"),
    "proposals.absence": say("Absence of a reviewer"),
    "proposals.assignment": say("Reviewer of a proposal"),
    "publications.hit": say("Hit of a publication’s check"),
    "publications.precheck": say("Check of a publication"),
    "publications.question": say("Question to an author"),
    "publications.reviewerassignment": say("Reviewer of a publication"),
    "publications.source": say("What a publication rests on"),
    "publications.version": say("Version of a publication"),
    "scoping.checkin": say("Check-in"),
}
"""Kinds of record that pages know by other words than the model's name."""


def points_at(model: Any, values: Mapping[str, Any]) -> Iterator[Pair]:
    """The records a row points at."""
    found = (pointed(model, column, values) for column in values)
    return (pair for pair in found if pair)


def pointed(model: Any, column: str, values: Mapping[str, Any]) -> Pair | None:
    """The record a column points at: by foreign key, or as the subject its neighbour types."""
    value = values[column]
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if column == "subject_id":
        label = values.get("subject_type")
        return (str(label), value) if label else None
    try:
        related = model._meta.get_field(column).related_model
    except FieldDoesNotExist:
        return None
    return (related._meta.label_lower, value) if related else None


def of(pairs: Iterable[Pair]) -> Names:
    """The names of these records in one query; one without a name of its own is left out."""
    asked: dict[str, set[int]] = {}
    for label, pk in pairs:
        asked.setdefault(label, set()).add(pk)
    parts = [part(sorted(keys)) for label, keys in sorted(asked.items()) if (part := _part(label))]
    if not parts:
        return {}
    sql = " UNION ALL ".join([f"SELECT * FROM ({part.sql}) r" for part in parts])  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [param for part in parts for param in part.params])
        rows = cursor.fetchall()
    return {(label, pk): _worded(label, text) for label, pk, text in rows if text}


def name(label: str, pk: int, names: Names) -> str:
    """What a record is called beside its kind; where it has no name, by kind and key."""
    return names.get((label, pk)) or joined(" ", (kind(label).lower(), str(pk)))


def titled(label: str, pk: int, names: Names) -> str:
    """A record by kind and name: “Role assignment: Ada Nwosu”."""
    known = names.get((label, pk))
    return joined(": ", (kind(label), known)) if known else joined(" ", (kind(label), str(pk)))


def kind(label: str) -> str:
    """A model in words."""
    if label in _CALLED:
        return _CALLED[label]
    model = _model(label)
    return begun(say(str(model._meta.verbose_name))) if model else label


@functools.cache
def _part(label: str) -> Callable[[list[int]], RawSQL] | None:
    """The names of records of a model by their keys, worked out once; None where none has one."""
    model, path = _model(label), _path(label)
    if model is None or not path:
        return None
    found: type[Model] = model

    @prepared
    def names(keys: list[int]) -> Any:
        return _named(found, label, path, keys)

    return names


def _named(model: type[Model], label: str, path: str, keys: list[int]) -> Any:
    text: Any = F(path)
    if label == _RULE:
        text = Concat(F("kind"), Value(" v"), Cast("version", CharField()))
    if label in _NUMBERED:
        text = Concat(text, Value(" v"), Cast("number", CharField()))
    return (
        model._base_manager.filter(pk__in=keys)
        .order_by()
        .annotate(
            _label=Value(label, output_field=CharField()),
            _key=F("pk"),
            _text=Cast(text, CharField()),
        )
        .values_list("_label", "_key", "_text")
    )


@functools.cache
def _path(label: str) -> str:
    """The column that names a record: its own, that of what it belongs to, or its kind."""
    if label == _RULE:
        return "kind"
    model = _model(label)
    columns = {field.name: field for field in model._meta.concrete_fields} if model else {}
    own = next((name for name in _OWN if name in columns), "")
    if own:
        return own
    for step in _THROUGH:
        related = columns[step].related_model if step in columns else None
        if related is not None and (rest := _path(related._meta.label_lower)):
            return f"{step}__{rest}"
    return next((name for name in _KINDS if isinstance(columns.get(name), CharField)), "")


def _worded(label: str, text: str) -> str:
    """A kind by its label; references, names and titles as they stand."""
    column = _path(label)
    if column not in _KINDS:
        return text
    key, version = text, ""
    if label == _RULE:
        key, _, version = text.rpartition(" ")
    model: Any = _model(label)
    choices = dict(model._meta.get_field(column).flatchoices)
    if not choices and label == "clocks.clock":
        return clocks.label(key)
    return f"{choices.get(key, key)} {version}".strip()


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None
