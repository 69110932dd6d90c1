"""Fellowships as the search finds them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from fellowship.kernel.saying import say
from fellowship.web.search import Hit, Kind, register
from scoping.models import Fellowship


def _rows(user: Any) -> QuerySet[Fellowship]:
    rows: QuerySet[Fellowship] = Fellowship.objects.visible_to(user)
    return rows.select_related("fellow")


def _hit(row: Fellowship) -> Hit:
    return Hit(row.title, row.get_absolute_url(), f"{row.ref} · {row.fellow}")


register(
    Kind(
        "fellowships",
        say("Fellowships"),
        _rows,
        _hit,
        order=20,
        words=("title", "ref", "fellow__name"),
        prefix="FEL",
        listed="scoping:list",
    )
)
