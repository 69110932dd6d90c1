"""What held at an instant, as lists."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from fellowship.accounts.models import RoleAssignment
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells, columns
from fellowship.web.tables import Page
from oversight.audit import asof
from oversight.audit import names as naming
from oversight.audit.words import word


def record_url(slug: str, label: str, pk: int, at: dt.datetime) -> str:
    """The page of a record as it stood at `at`."""
    page = route_to("oversight:record", pk, below=(slug, label))
    return f"{page}?{_asked(at)}"


@functools.lru_cache(maxsize=8)
def _asked(at: dt.datetime) -> str:
    return urlencode({"at": written(at)})


def written(at: dt.datetime) -> str:
    """The instant as a form reads it back: in the reader's zone, to the microsecond."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S.%f")


def roles(page: Page[Any], slug: str, at: dt.datetime) -> columns.Table[Any]:
    """Who held which role."""
    seat = cells.display(RoleAssignment, "seat")
    return columns.Table(
        say("Roles held"),
        (
            columns.Column(
                say("Person"),
                lambda r: cells.link(
                    record_url(slug, "accounts.roleassignment", r.id, at), str(r.user)
                ),
            ),
            columns.Column(say("Role"), cells.display(RoleAssignment, "role")),
            columns.Column(say("Seat"), lambda r: cells.shown(seat(r))),
            columns.Column(say("Held from"), lambda r: cells.when(r.starts_at, "date")),
            columns.Column(
                say("To"), lambda r: cells.when(r.ends_at, "date") if r.ends_at else "open"
            ),
        ),
        page,
        empty=_none(page, "roles", say("Nobody held a role.")),
        hint=say("Choose another day to see what was live then."),
        dense=True,
    )


def grants(page: Page[Any], slug: str, at: dt.datetime) -> columns.Table[Any]:
    """Whose access to what was live."""
    return columns.Table(
        say("Grants that held"),
        (
            columns.Column(
                say("Grant"),
                lambda g: cells.link(
                    record_url(slug, "access.grant", g.id, at), g.ref, g.fellowship.ref
                ),
            ),
            columns.Column(say("Person"), lambda g: g.person),
            columns.Column(say("Dataset"), lambda g: g.dataset.name),
            columns.Column(say("Ends"), lambda g: cells.when(g.ends_at)),
        ),
        page,
        empty=_none(page, "grants", say("No grant was live.")),
        hint=say("Choose another day to see what was live then."),
        dense=True,
    )


def exceptions(page: Page[Any], slug: str, at: dt.datetime) -> columns.Table[Any]:
    """Which exceptions were in force."""
    return columns.Table(
        say("Exceptions that held"),
        (
            columns.Column(
                say("Exception"),
                lambda e: cells.link(
                    record_url(slug, "governance.exceptionrecord", e.id, at), e.title, e.ref
                ),
            ),
            columns.Column(say("Owner"), lambda e: e.owner),
            columns.Column(say("Expires"), lambda e: cells.when(e.expires_at)),
        ),
        page,
        empty=_none(page, "exceptions", say("No exception was live.")),
        hint=say("Choose another day to see what was live then."),
        dense=True,
    )


def records(page: Any, label: str, slug: str, at: dt.datetime) -> columns.Table[Any]:
    """The records of a kind: what each is called, the state it was in, and since when."""
    keys = {row.history_id: getattr(row, asof.key_of(type(row))) for row in page}
    names = naming.of([(label, key) for key in keys.values()])

    def named(row: Any) -> object:
        key = keys[row.history_id]
        return cells.link(record_url(slug, label, key, at), naming.name(label, key, names))

    return columns.Table(
        naming.kind(label),
        (
            columns.Column(say("Record"), named),
            columns.Column(say("State"), lambda r: cells.shown(_state(r))),
            columns.Column(say("Unchanged since"), lambda r: cells.when(r.history_date)),
        ),
        page,
        empty=say("There was no such record then."),
        dense=True,
    )


def _state(row: Any) -> str:
    """The state or standing the row says, where its kind has one."""
    for column in ("state", "status", "outcome", "role", "kind"):
        if getattr(row, column, ""):
            return word(type(row), column, {column: getattr(row, column)})
    return ""


def _none(page: Page[Any], what: str, none: str) -> str:
    return say("No more {what} on this page.", what=what) if page.total else none
