"""What held at an instant, as lists."""

from __future__ import annotations

from typing import Any

from access.models import Grant
from fellowship.web import cells, columns
from fellowship.web.tables import Page
from governance.models import ExceptionRecord


def roles(page: Page[Any]) -> columns.Table[Any]:
    """Who held which role."""
    return columns.Table(
        "Roles held",
        (
            columns.Column("Person", lambda r: r.user),
            columns.Column("Role", lambda r: r.get_role_display()),
            columns.Column("Seat", lambda r: cells.shown(r.get_seat_display())),
            columns.Column("Held from", lambda r: cells.when(r.starts_at, "date")),
            columns.Column("To", lambda r: cells.when(r.ends_at, "date") if r.ends_at else "open"),
        ),
        page,
        empty=_none(page, "roles", "Nobody held a role."),
        dense=True,
    )


def grants(page: Page[Grant]) -> columns.Table[Grant]:
    """Whose access to what was live."""
    return columns.Table(
        "Grants that held",
        (
            columns.Column(
                "Grant", lambda g: cells.link(g.get_absolute_url(), g.ref, g.fellowship.ref)
            ),
            columns.Column("Person", lambda g: g.person),
            columns.Column("Dataset", lambda g: g.dataset.name),
            columns.Column("Ends", lambda g: cells.when(g.ends_at)),
        ),
        page,
        empty=_none(page, "grants", "No grant was live."),
        dense=True,
    )


def exceptions(page: Page[ExceptionRecord]) -> columns.Table[ExceptionRecord]:
    """Which exceptions were in force."""
    return columns.Table(
        "Exceptions that held",
        (
            columns.Column("Exception", lambda e: cells.link(e.get_absolute_url(), e.title, e.ref)),
            columns.Column("Owner", lambda e: e.owner),
            columns.Column("Expires", lambda e: cells.when(e.expires_at)),
        ),
        page,
        empty=_none(page, "exceptions", "No exception was live."),
        dense=True,
    )


def _none(page: Page[Any], what: str, none: str) -> str:
    return f"No more {what} on this page." if page.total else none
