"""People by short name, in what the API takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from fellowship.accounts.models import User
from fellowship.accounts.queries import colleagues_of

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Colleague(serializers.SlugRelatedField[User]):
    """Somebody of the company in one's own programmes; whoever else has an account is unknown."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="username", queryset=User.objects.none(), **kwargs)

    def get_queryset(self) -> QuerySet[User]:
        """Those whom the person who asks may name."""
        request = self.context.get("request")
        return colleagues_of(getattr(request, "user", None))
