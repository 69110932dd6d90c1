"""System checks of the record: history on, never pruned, triggers present, the role powerless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from fellowship.history import months, triggers
from fellowship.history.signed_note import NoteError, check_name


@register()
def history_is_kept(**_: Any) -> list[CheckMessage]:
    """History must be on and its reasons unbounded text; the log's name must fit a signature."""
    errors: list[CheckMessage] = []
    if not getattr(settings, "SIMPLE_HISTORY_ENABLED", True):
        errors.append(Error("History must not be switched off.", id="history.E001"))
    if not getattr(settings, "SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD", False):
        errors.append(Error("Reasons in history must be unbounded text.", id="history.E002"))
    try:
        check_name(settings.LEDGER_ORIGIN)
    except NoteError as error:
        errors.append(Error(f"LEDGER_ORIGIN: {error}", id="history.E004"))
    return errors


@register(Tags.database)
def record_is_append_only(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Every trigger stands; in production the application's role could not remove one."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if absent := triggers.missing(connection):
            found.append(
                Error(
                    f"{len(absent)} append-only triggers are missing, the first: {absent[0]}.",
                    hint="Find out who removed them (manage.py verify_ledger), then run"
                    " manage.py migrate --skip-checks.",
                    id="history.E003",
                )
            )
        if plain := [*months.unpartitioned(connection), *months.stray(connection)]:
            found.append(
                Warning(
                    f"Not kept in months: {', '.join(plain)}.",
                    hint="See “Access events by month” in docs/operations.md.",
                    id="history.W002",
                )
            )
        if settings.PRODUCTION and (owned := triggers.owned_tables(connection)):
            found.append(
                Warning(
                    f"The database role owns {len(owned)} append-only tables, so it could switch"
                    " their triggers off.",
                    hint="Migrate as the owner, serve as a role with SELECT and INSERT on them.",
                    id="history.W001",
                )
            )
    return found
