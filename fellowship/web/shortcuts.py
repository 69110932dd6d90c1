"""The one way a view gets an object: visible to this person, or 404."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404

M = TypeVar("M", bound=Model)


def visible_or_404(source: type[M] | QuerySet[M], user: Any, /, **lookup: Any) -> M:
    """The one object of `source` that `user` may see and that matches `lookup`.

    Raises Http404 for what is absent, hidden or asked for in nonsense: the three look alike.
    """
    queryset: Any = source if isinstance(source, QuerySet) else source._default_manager.all()
    if any("\x00" in value for value in lookup.values() if isinstance(value, str)):
        raise Http404
    try:
        found: M = queryset.visible_to(user).get(**lookup)
    except (queryset.model.DoesNotExist, ValueError, OverflowError, ValidationError) as error:
        raise Http404 from error
    return found
