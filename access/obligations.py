"""What must be done about data before a fellowship may close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse

from access import handling
from access.models import AccessRequest, DeletionCertificate, Grant
from scoping.closeout import Obligation, register
from scoping.models import Fellowship


@register
def deletions(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Every dataset ever granted is deleted, and somebody else has verified it."""
    certificates = {
        c.dataset_id: c for c in DeletionCertificate.objects.filter(fellowship=fellowship)
    }
    grants = (
        Grant.objects.filter(fellowship=fellowship, agreement__accepted_at__isnull=False)
        .select_related("dataset", "handling")
        .order_by("dataset__name", "id")
    )
    seen: set[int] = set()
    for grant in grants:
        if grant.dataset_id in seen:
            continue
        seen.add(grant.dataset_id)
        certificate = certificates.get(grant.dataset_id)
        window = handling.tier_of(grant.handling, grant.dataset.tier).deletion_within
        if certificate is None:
            detail = f"The fellow confirms it within {window} of the end of access."
            url = reverse("access:confirm_deletion", args=[fellowship.ref, grant.dataset.ref])
        else:
            verified = certificate.verified_at is not None
            detail = "Verified." if verified else "Confirmed; the steward verifies it."
            url = certificate.get_absolute_url()
        yield Obligation(
            key=f"access.deletion.{grant.dataset.ref}",
            label=f"{grant.dataset} deleted",
            met=bool(certificate and certificate.verified_at),
            detail=detail,
            url=url,
        )


@register
def requests(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """No request for data is still undecided."""
    waiting = AccessRequest.objects.filter(fellowship=fellowship).open().order_by("id")
    for request in waiting:
        yield Obligation(
            key=f"access.request.{request.ref}",
            label=f"{request.ref} decided or withdrawn",
            met=False,
            detail=request.get_state_display(),
            url=request.get_absolute_url(),
        )
