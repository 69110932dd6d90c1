"""What a conflict about a case or its proposal closes: the whole case."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from fellowship.accounts.queries import conflicted_keys
from fellowship.accounts.recusals import closes, closes_with
from fellowship.kernel.prepared import prepared
from scoping.models import Fellowship


@closes("scoping.fellowship")
@prepared
def fellowships(key: int) -> QuerySet[Fellowship, int]:
    """Those a conflict was declared about, or about their proposal."""
    rows = Fellowship.objects.filter(
        Q(pk__in=conflicted_keys(key, "scoping.fellowship"))
        | Q(proposal_id__in=conflicted_keys(key, "proposals.proposal"))
    )
    return rows.order_by().values_list("pk", flat=True)


for label in (
    "scopeofwork",
    "milestone",
    "checkin",
    "suspension",
    "talentstep",
    "mentorship",
    "contribution",
    "collaborator",
):
    closes_with(f"scoping.{label}", "fellowship_id", fellowships)
