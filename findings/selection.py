"""Which findings a change of many means: rows picked by hand, or all that a query matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from findings import policy
from findings.filters import FindingFilter, query_of
from findings.models import Finding


@dataclass(frozen=True)
class Selection:
    """Which findings a person means: rows picked by hand, or all that a query matches."""

    picks: tuple[str, ...]
    query: str

    @classmethod
    def of(cls, given: QueryDict) -> Selection:
        """As the page sent it: `whole` with the query beside it, or `pick` for each row."""
        if given.get("whole"):
            query = given.get("query")
            return cls((), query_of(given if query is None else QueryDict(query)))
        picks = tuple(dict.fromkeys(given.getlist("pick")))
        return cls(picks[: policy.AT_ONCE + 1], "")

    @property
    def whole(self) -> bool:
        """Whether all that the query matches are meant."""
        return not self.picks and bool(self.query)

    def keys(self, request: Any) -> list[int]:
        """Keys of the findings meant, of those the person sees; at most one more than allowed."""
        rows = Finding.objects.visible_to(request.user)
        if self.whole:
            narrowed = FindingFilter(QueryDict(self.query), queryset=rows, request=request).qs
            found = narrowed.order_by("pk").values_list("pk", flat=True)
        else:
            found = rows.filter(ref__in=self.picks).order_by("pk").values_list("pk", flat=True)
        return list(found[: policy.AT_ONCE + 1])
