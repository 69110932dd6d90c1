"""The one way a view gets an object: visible to this person, or 404; and what it links to."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404

from fellowship.accounts.alike import read_for
from fellowship.kernel.time import now

M = TypeVar("M", bound=Model)


def visible_or_404(source: type[M] | QuerySet[M], user: Any, /, **lookup: Any) -> M:
    """The one object of `source` that `user` may see and that matches `lookup`.

    Raises Http404 for what is absent, hidden or asked for in nonsense: the three look alike.
    """
    queryset: Any = source if isinstance(source, QuerySet) else source._default_manager.all()
    return _one(queryset, user, lookup)  # type: ignore[no-any-return]


def seen_key(source: type[Model], user: Any, /, **lookup: Any) -> int:
    """The key of what `visible_or_404` would give, for whoever reads it by a prepared statement."""
    ref = lookup.get("ref")
    if len(lookup) == 1 and isinstance(ref, str) and "\x00" not in ref:
        for key in _called(source)(user, now(), ref):
            return key
        raise Http404
    keys = source._default_manager.order_by().values_list("pk", flat=True)
    return int(_one(keys, user, lookup))


@functools.cache
def _called(source: type[Model]) -> Callable[[Any, dt.datetime, str], list[int]]:
    """The key of a record by its reference, for those who may see it."""

    @read_for
    def keys(user: Any, _: dt.datetime, ref: str) -> QuerySet[Any, Any]:
        rows: Any = source._default_manager.order_by()
        found: QuerySet[Any, Any] = rows.visible_to(user).filter(ref=ref)
        return found.values_list("pk", flat=True)

    return keys


def _one(queryset: Any, user: Any, lookup: dict[str, Any]) -> Any:
    if any("\x00" in value for value in lookup.values() if isinstance(value, str)):
        raise Http404
    try:
        return queryset.visible_to(user).get(**lookup)
    except (queryset.model.DoesNotExist, ValueError, OverflowError, ValidationError) as error:
        raise Http404 from error


def visible_among(rows: Iterable[Model], user: Any) -> set[int]:
    """The ids of those rows, all of one model, that `user` may see, so that no link leads to a 404.

    One query. A model without `visible_to` hides from nobody.
    """
    rows = list(rows)
    if not rows:
        return set()
    known: Any = type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows])
    known = known.visible_to(user) if hasattr(known, "visible_to") else known
    return set(known.values_list("pk", flat=True))
