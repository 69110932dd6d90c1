"""Live rows against their latest history row: what SQL changed behind the application's back."""

# ruff: noqa: S608 - the statements are put together from names of our own models

from __future__ import annotations

from typing import Any

from django.db import connection

from fellowship.history.rows import history_models
from fellowship.history.verify.report import MAX_KEPT, Report


def check_live(report: Report) -> None:
    """Name live rows that differ from their history, have none, or are gone without a trace."""
    with report.timed("live"):
        for history in history_models().values():
            _check_model(report, history)


def _check_model(report: Report, history: Any) -> None:
    model = history.instance_type
    label = model._meta.label_lower
    report.live += model._base_manager.count()
    for pk in _select(_differing(history)):
        names = ", ".join(_differences(history, pk))
        report.add("live", f"{label} {pk} differs from its history: {names}")
    for pk in _select(_vanished(history)):
        report.add("live", f"{label} {pk} was removed, and its history does not say so")


def _select(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {MAX_KEPT}")
        return [row[0] for row in cursor.fetchall()]


def _latest(history: Any) -> dict[str, str]:
    """Tables and key columns, quoted, and each record's latest history row."""
    quote = connection.ops.quote_name
    meta = history.instance_type._meta
    key, table = quote(meta.pk.column), quote(history._meta.db_table)
    return {
        "live": quote(meta.db_table),
        "history": table,
        "pk": key,
        # Grouped, not correlated: PostgreSQL would scan the table for every row.
        "latest": f"(SELECT {key} AS pk, max(history_id) AS id FROM {table} GROUP BY {key})",
    }


def _differing(history: Any) -> str:
    quote = connection.ops.quote_name
    distinct = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    differ = " OR ".join(
        f"l.{quote(field.column)} {distinct} h.{quote(field.column)}"
        for field in history.tracked_fields
    )
    return (
        "SELECT l.{pk} FROM {live} l LEFT JOIN {latest} m ON m.pk = l.{pk}"
        " LEFT JOIN {history} h ON h.history_id = m.id"
        " WHERE h.history_id IS NULL OR h.history_type = '-' OR "
    ).format(**_latest(history)) + differ


def _vanished(history: Any) -> str:
    return (
        "SELECT m.pk FROM {latest} m JOIN {history} h ON h.history_id = m.id"
        " LEFT JOIN {live} l ON l.{pk} = m.pk WHERE l.{pk} IS NULL AND h.history_type <> '-'"
    ).format(**_latest(history))


def _differences(history: Any, pk: Any) -> list[str]:
    """Which columns differ, or that there is no history to compare with."""
    model = history.instance_type
    names = [field.attname for field in history.tracked_fields]
    latest = history.objects.filter(**{model._meta.pk.attname: pk}).order_by("-history_id").first()
    if latest is None:
        return ["it has none"]
    if latest.history_type == "-":
        return ["it says that the record was deleted"]
    live = model._base_manager.get(pk=pk)
    return [name for name in names if getattr(live, name) != getattr(latest, name)]
