"""Columns and their values as people read them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime

from fellowship.accounts import roles
from fellowship.clocks import registry as clocks
from fellowship.kernel.worded import Worded
from fellowship.web import verbs
from fellowship.web.components import timeline, times
from fellowship.web.items import Change
from governance import kinds
from oversight.audit import names as naming

LONGEST = 300
EMPTY: Final[tuple[Any, ...]] = (None, "", [], {}, "[]", "{}")
"""What says nothing; some databases hand out lists and terms as text."""
_NOBODY: Final[naming.Names] = {}
_POINTER: Final = "subject_id"


def listed(model: Any, values: Mapping[str, Any]) -> list[str]:
    """The columns a reader is shown: what is said with another is left out.

    The type of a subject is said with the subject, the words of a text (`kernel.worded`) with it.
    """
    beside = {"subject_type"} if _POINTER in values else set()
    if issubclass(model.instance_type, Worded):
        beside.add("words")
    return [name for name in values if name not in beside]


def heading(model: Any, column: str) -> str:
    """The name of a column."""
    if column == _POINTER:
        return "about"
    field = _field(model, column)
    name = field.name if field else column
    return verbs.field(name, _app(model), str(field.verbose_name) if field else "")


def field_changes(
    model: Any,
    column: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: naming.Names = _NOBODY,
) -> Iterator[Change]:
    """A column before and after; of terms, each that changed. What was empty has no before."""
    field, title = _field(model, column), heading(model, column)
    old, new = _held(field, before.get(column)), _held(field, after[column])
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                said = verbs.value(column, key, _app(model)) or key.replace("_", " ")
                was = "" if old.get(key) in EMPTY else _read(model, field, old[key])
                yield Change(f"{title}: {said}", was, _read(model, field, new.get(key)))
        return
    was = "" if old in EMPTY else word(model, column, before, names)
    yield Change(title, was, word(model, column, after, names))


def word(model: Any, column: str, values: Mapping[str, Any], names: naming.Names = _NOBODY) -> str:
    """The row's value in a column as text: records by name, choices by label, long text cut."""
    pointed = naming.pointed(model, column, values)
    if pointed:
        by = naming.titled if column == _POINTER else naming.name
        return by(*pointed, names)
    field = _field(model, column)
    return _read(model, field, _held(field, values[column]))


_PRIVATE: Final = frozenset({"accounts"})
"""Apps whose records are about people, not about the work: their texts are not searched."""
_CODED = re.compile(r"[0-9a-f]{32,}|\d{4}-\d\d-\d\dT[\d:.]+\S*")
"""Texts nobody looks for by their words: hashes, salts and instants."""


def texts_of(model: Any, values: Mapping[str, Any]) -> Iterator[str]:
    """The texts in a row that people wrote, as they stand: what a search of the record finds."""
    if _app(model) in _PRIVATE:
        return
    for column in values:
        field = _field(model, column)
        if isinstance(field, (models.CharField, models.TextField)) and not field.flatchoices:
            yield from _plain(values[column])
        elif isinstance(field, models.JSONField):
            yield from _plain(_held(field, values[column]))


def _plain(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value and not _CODED.fullmatch(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _plain(part)
    elif isinstance(value, list):
        for part in value:
            yield from _plain(part)


def _held(field: Any, value: Any) -> Any:
    """The value as it is kept: a list or terms where a database hands out their text."""
    if isinstance(field, models.JSONField) and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _read(model: Any, field: Any, value: Any) -> str:
    if value in EMPTY:
        return "none"
    if isinstance(field, models.BooleanField):
        return "yes" if value else "no"
    if isinstance(field, models.DateTimeField):
        return _instant(str(value))
    if isinstance(field, models.DateField):
        day = parse_date(str(value))
        return times.text(day) if day else str(value)
    text = _said(model, field, value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _instant(text: str) -> str:
    """An instant in the reader's zone; one that a database hands out without a zone is in UTC."""
    at = parse_datetime(text)
    if at is None:
        return text
    return times.text(at if at.tzinfo else at.replace(tzinfo=dt.UTC))


def _said(model: Any, field: Any, value: Any) -> str:
    """A choice by its label, other keys of ours in words; the text of people as it stands."""
    name = getattr(field, "name", "")
    choices = dict(getattr(field, "flatchoices", None) or ())
    if isinstance(value, str) and value in choices:
        return str(choices[value])
    known = _KEYS.get(name) or _KEYS.get(f"{model.instance_type._meta.label_lower}.{name}")
    return known(str(value)) if known else timeline.words(name, value, _app(model))


def _app(model: Any) -> str:
    return str(model.instance_type._meta.app_label)


def _matter(key: str) -> str:
    found = kinds.registered().get(key)
    return found.label if found else key


def _role(key: str) -> str:
    return roles.ROLES[key].label if key in roles.ROLES else key


_KEYS: Final[Mapping[str, Callable[[str], str]]] = {
    "subject_type": naming.kind,
    "approver_role": _role,
    "governance.matter.kind": _matter,
    "clocks.clock.kind": clocks.label,
}
"""Columns that keep a key without listing their choices, by name or by model and name."""


def _field(model: Any, column: str) -> Any:
    try:
        return model._meta.get_field(column)
    except FieldDoesNotExist:
        return next((f for f in model._meta.concrete_fields if f.attname == column), None)
