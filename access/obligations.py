"""What must be done about data before a fellowship may close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.urls import reverse

from access.deletion import duties
from access.models import AccessRequest, Assignment, EscrowDeposit, Grant, ReleaseRequest
from access.models.targets import TARGET_READERS
from access.places import reads
from access.release_states import ReleaseState
from access.states import RequestState
from fellowship.accounts.queries import has_role
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import dated, joined, say
from scoping.closeout import Obligation, register
from scoping.models import Fellowship


@register
def deletions(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Every dataset ever granted is deleted and verified by another, or kept by an exception."""
    found = duties(fellowship, at)
    for duty in found:
        certificate = duty.certificate
        if duty.verified:
            detail = say("Verified.")
        elif duty.exception:
            last = dated(fellowship.program.last_day(duty.exception.expires_at))
            owner = say(
                "{ref}, owned by {owner}", ref=duty.exception.ref, owner=duty.exception.owner
            )
            detail = say(
                "Kept for replication until {last} by {owner}; then deleted.",
                last=last,
                owner=owner,
            )
        elif certificate:
            detail = say("Confirmed; the steward verifies it.")
        else:
            detail = say(
                "The fellow confirms it by {day:%-d %B %Y}. {clause}.",
                day=duty.last_day,
                clause=duty.clause,
            )
            if duty.beside:
                longer = say(
                    "This comes before what another rule allows: {rule}.", rule=duty.beside
                )
                detail = joined(" ", (detail, longer))
        url = (
            certificate.get_absolute_url()
            if certificate
            else reverse("access:confirm_deletion", args=[fellowship.ref, duty.dataset.ref])
        )
        yield Obligation(
            key=f"access.deletion.{duty.dataset.ref}",
            label=say("{dataset} deleted", dataset=duty.dataset),
            met=duty.met,
            detail=detail,
            url=url,
            opens=partial(reads, fellowship),
        )
    if found:
        yield from _kept_and_closed(fellowship, {duty.dataset.pk for duty in found}, at)


@register
def requests(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """No request for data and none to release outputs is still open."""
    rows = sorted(_open(fellowship.pk), key=lambda row: (row[3] == "release", row[0]))
    for _, ref, state, which in rows:
        request = which == "request"
        said = RequestState(state).label if request else ReleaseState(state).label
        yield Obligation(
            key=f"access.{which}.{ref}",
            label=say("{ref} decided or withdrawn", ref=ref)
            if request
            else say("{ref} released, refused or withdrawn", ref=ref),
            met=False,
            detail=str(said),
            url=reverse(f"access:{which}", args=[ref]),
            opens=partial(reads, fellowship),
        )


def _kept_and_closed(
    fellowship: Fellowship, datasets: set[int], at: dt.datetime
) -> Iterator[Obligation]:
    """Methods and notes are in escrow, or somebody said why not; and every system that enforces
    access has said that it closed what was open: due when access has ended. One query."""
    ((deposit, waived, target, enforcing),) = _kept(fellowship.pk, sorted(datasets), at)
    yield Obligation(
        key="access.escrow",
        label=say("Methods and notes in escrow, or waived"),
        met=bool(deposit or waived),
        detail=deposit or waived or say("Nothing is deposited yet."),
        url=reverse("access:escrows", args=[fellowship.ref]),
        opens=partial(reads, fellowship),
    )
    yield Obligation(
        key="access.accounts",
        label=say("Accounts in target systems closed"),
        met=target is None and enforcing is None,
        detail=say("{target} has not said that it closed them.", target=target)
        if target
        else say("Open in {target} while access lasts; not due yet.", target=enforcing)
        if enforcing
        else say("None is open."),
        url=reverse("access:targets"),
        opens=lambda user: has_role(user, fellowship.program_id, *TARGET_READERS),
    )


@read
def _open(fellowship: int) -> QuerySet[Any, Any]:
    asked = AccessRequest.objects.filter(fellowship_id=fellowship).open().order_by()
    outputs = ReleaseRequest.objects.filter(fellowship_id=fellowship).open().order_by()
    return asked.values_list("pk", "ref", "state", Value("request")).union(
        outputs.values_list("pk", "ref", "state", Value("release")), all=True
    )


@read
def _kept(fellowship: int, datasets: list[int], at: dt.datetime) -> QuerySet[Any, Any]:
    """What is in escrow, why nothing is, which system has not closed its accounts, and which lets
    through what is granted."""
    deposits = EscrowDeposit.objects.filter(fellowship=OuterRef("pk")).order_by("id")
    people = Grant.objects.filter(fellowship_id=fellowship).order_by().values("person")
    theirs = Q(person__in=people, dataset_id__in=datasets)
    closing = Assignment.objects.closing().filter(theirs)
    # What is open by another case alone is not this one's to close.
    granted = Grant.objects.live(at).filter(
        person_id=OuterRef("person_id"), dataset_id=OuterRef("dataset_id")
    )
    ours = Exists(granted.filter(fellowship_id=fellowship))
    others = Exists(granted.exclude(fellowship_id=fellowship))
    enforced = Assignment.objects.letting_through().filter(theirs).filter(ours | ~others)
    found = Fellowship.objects.filter(pk=fellowship).annotate(
        deposit=Subquery(deposits.values("title")[:1]),
        target=Subquery(closing.order_by("target__name").values("target__name")[:1]),
        enforcing=Subquery(enforced.order_by("target__name").values("target__name")[:1]),
    )
    return found.values_list("deposit", "escrow_waiver__reason", "target", "enforcing")
