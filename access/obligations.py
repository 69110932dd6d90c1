"""What must be done about data before a fellowship may close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from access.deletion import duties
from access.models import AccessRequest, EscrowDeposit, ReleaseRequest
from access.places import reads
from scoping.closeout import Obligation, register
from scoping.models import Fellowship


@register
def deletions(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Every dataset ever granted is deleted and verified by another, or kept by an exception."""
    found = duties(fellowship, at)
    for duty in found:
        certificate = duty.certificate
        if duty.verified:
            detail = "Verified."
        elif duty.exception:
            last = f"{duty.exception.expires_at:%-d %B %Y}"
            detail = f"Kept for replication until {last} by {duty.exception.ref}; then deleted."
        elif certificate:
            detail = "Confirmed; the steward verifies it."
        else:
            detail = f"The fellow confirms it by {duty.due_at:%-d %B %Y}. {duty.clause}."
        url = (
            certificate.get_absolute_url()
            if certificate
            else reverse("access:confirm_deletion", args=[fellowship.ref, duty.dataset.ref])
        )
        yield Obligation(
            key=f"access.deletion.{duty.dataset.ref}",
            label=f"{duty.dataset} deleted",
            met=duty.met,
            detail=detail,
            url=url,
            opens=partial(reads, fellowship),
        )
    if found:
        yield _escrow(fellowship)


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
            opens=partial(reads, fellowship),
        )


@register
def releases(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """No request to release outputs is still open."""
    for request in ReleaseRequest.objects.filter(fellowship=fellowship).open().order_by("id"):
        yield Obligation(
            key=f"access.release.{request.ref}",
            label=f"{request.ref} released, refused or withdrawn",
            met=False,
            detail=request.get_state_display(),
            url=request.get_absolute_url(),
            opens=partial(reads, fellowship),
        )


def _escrow(fellowship: Fellowship) -> Obligation:
    """Methods and notes of work on data are in escrow, or somebody said why not."""
    first = EscrowDeposit.objects.filter(fellowship=OuterRef("pk")).order_by("id")
    found = (
        Fellowship.objects.filter(pk=fellowship.pk)
        .annotate(deposit=Subquery(first.values("title")[:1]))
        .values_list("deposit", "escrow_waiver__reason")
    )
    deposit, waived = found.get()
    return Obligation(
        key="access.escrow",
        label="Methods and notes in escrow, or waived",
        met=bool(deposit or waived),
        detail=deposit or waived or "Nothing is deposited yet.",
        url=reverse("access:escrows", args=[fellowship.ref]),
        opens=partial(reads, fellowship),
    )
