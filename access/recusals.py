"""What a conflict about a case closes of the access to data in it."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from access.models import AccessRequest, AccessSuspension, ReleaseRequest
from fellowship.accounts.queries import conflicted_keys
from fellowship.accounts.recusals import closes, closes_with
from fellowship.kernel.prepared import prepared
from scoping.recusals import fellowships


@closes("access.accessrequest")
@prepared
def requests(key: int) -> QuerySet[AccessRequest, int]:
    """Those a conflict was declared about, and those of closed cases."""
    rows = AccessRequest.objects.filter(
        Q(pk__in=conflicted_keys(key, "access.accessrequest"))
        | Q(fellowship_id__in=fellowships(key))
    )
    return rows.order_by().values_list("pk", flat=True)


closes_with("access.agreement", "request_id", requests)
closes_with("access.grant", "request_id", requests)
closes_with("access.deletioncertificate", "fellowship_id", fellowships)


@closes("access.releaserequest")
@prepared
def releases(key: int) -> QuerySet[ReleaseRequest, int]:
    """Those a conflict was declared about, and those of closed cases."""
    rows = ReleaseRequest.objects.filter(
        Q(pk__in=conflicted_keys(key, "access.releaserequest"))
        | Q(fellowship_id__in=fellowships(key))
    )
    return rows.order_by().values_list("pk", flat=True)


for label in ("output", "release", "releasereview", "releasesource"):
    closes_with(f"access.{label}", "request_id", releases)
for label in ("escrowdeposit", "escrowopening", "escrowwaiver", "endingterm"):
    closes_with(f"access.{label}", "fellowship_id", fellowships)


@closes("access.accesssuspension")
@prepared
def suspensions(key: int) -> QuerySet[AccessSuspension, int]:
    """Those of a person with a closed case in the same programme."""
    rows = AccessSuspension.objects.filter(
        person__fellowships__in=fellowships(key),
        person__fellowships__program_id=F("program_id"),
    )
    return rows.order_by().values_list("pk", flat=True)
