"""Which columns an export has: declared here for events, by each model's own fields for rows."""

from __future__ import annotations

import functools
from typing import Any, Final

from django.db import models

from fellowship.history.rows import shape_of
from fellowship.web.sheets.columns import Column
from oversight.audit.populations.shape import Population

EVENTS: Final = (
    Column("index", "integer", "Place of the event in the log, from 0.", "seal__seq"),
    Column("uid", "UUID", "Identity of the event; history rows name it.", "uid"),
    Column("at", "instant", "When it happened, in UTC.", "at"),
    Column("verb", "text", "What was done.", "verb"),
    Column("actor_kind", "text", "person, service or rule.", "actor_kind"),
    Column("actor_id", "integer", "Key of the person; empty for services and rules.", "actor_id"),
    Column("actor_name", "text", "The person's name at the time of export.", "actor__name"),
    Column("actor_label", "text", "Name of the service or rule.", "actor_label"),
    Column("subject_type", "text", "Model of the record it is about.", "subject_type"),
    Column("subject_id", "integer", "Key of that record.", "subject_id"),
    Column("subject_ref", "text", "Its reference, where it has one.", "subject_ref"),
    Column("reason", "text", "Why, in the words of who did it.", "reason"),
    Column("leaf_hash", "SHA-256", "Leaf hash of the event's body (see log.jsonl).", "leaf_hash"),
)

_KEY: Final = (Column("history_id", "integer", "Key of the history row.", "history_id"),)
_OF_HISTORY: Final = {
    "history_date": "When the row was written, in UTC.",
    "history_type": "+ created, ~ changed, - deleted.",
    "history_user_id": "Key of the person who did it; empty for services and rules.",
    "history_change_reason": "Why.",
    "history_event": "Identity (uid) of the event that wrote the row.",
}


@functools.cache
def of_history(model: type[models.Model]) -> tuple[Column, ...]:
    """The columns of a model's history rows: its key, then those its digests cover."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return (
        *_KEY,
        *(
            Column(name, _type(fields[name]), _meaning(name, fields[name]), name)
            for name in shape_of(model).columns
        ),
    )


def of_population(population: Population) -> tuple[Column, ...]:
    """The columns of a ready-made population, named as its page names them."""
    return tuple(
        Column(column.label, "text", f"{column.label}. {population.prose}")
        for column in population.columns
    )


_TYPES: Final[tuple[tuple[type[Any], str], ...]] = (
    (models.DateTimeField, "instant"),
    (models.DateField, "date"),
    (models.BooleanField, "true or false"),
    (models.IntegerField, "integer"),
    (models.DecimalField, "decimal number"),
    (models.JSONField, "JSON"),
    (models.UUIDField, "UUID"),
)


def _type(field: Any) -> str:
    if isinstance(field, models.ForeignKey):
        return f"key of {field.related_model._meta.label_lower}"
    return next((words for kind, words in _TYPES if isinstance(field, kind)), "text")


def _meaning(name: str, field: Any) -> str:
    if name in _OF_HISTORY:
        return _OF_HISTORY[name]
    said = str(field.help_text) or str(field.verbose_name).capitalize()
    choices = ", ".join(f"{key}: {label}" for key, label in field.flatchoices)
    return f"{said} ({choices})" if choices else said
