"""Cursor paging: the same cost on the last page as on the first."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Cursor(CursorPagination):
    """50 rows, `?limit=` up to 200, ordered by the viewset's `ordering`."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The view's order, made total by the primary key."""
        ordering = getattr(view, "ordering", None) or self.ordering
        names = (ordering,) if isinstance(ordering, str) else tuple(ordering)
        if any(name.lstrip("-") in ("id", "pk") for name in names):
            return names
        return (*names, "-id" if names[0].startswith("-") else "id")
