"""Deletion, confirmed by the fellow and verified by another person."""

from __future__ import annotations

import datetime as dt

from access import policy
from access.models import Dataset, DeletionCertificate
from access.states import DeletionMethod
from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from scoping.models import Fellowship


@journal.verb("access.confirm_deletion")
def confirm_deletion(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    method: str,
    tool: str,
    scope: str,
    by: User,
    performed_at: dt.datetime | None = None,
    reason: str = "",
) -> DeletionCertificate:
    """The fellow certifies how a dataset was deleted. One certified already stays as it is."""
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(policy.may_confirm_deletion(fellowship, dataset, by))
    known = DeletionCertificate.objects.filter(fellowship=fellowship, dataset=dataset).first()
    if known:
        return known
    performed_at = performed_at or now()
    if performed_at > now():
        refuse(Refusal("in_the_future", "This lies in the future.", field="performed_at"))
    if method not in DeletionMethod.values:
        refuse(Refusal("unknown_method", "Choose from the list.", field="method"))
    certificate = DeletionCertificate.objects.create(
        ref=next_reference("DEL"),
        fellowship=fellowship,
        dataset=dataset,
        method=method,
        tool=tool,
        scope=scope,
        performed_by=by,
        performed_at=performed_at,
    )
    notify(
        kind="access.deletion_confirmed",
        to=[dataset.steward],
        subject_obj=certificate,
        title=f"{certificate.ref}: verify that {dataset} is deleted in {fellowship.ref}",
        url=certificate.get_absolute_url(),
    )
    journal.record(subject=certificate, change={"dataset": dataset.ref, "method": method})
    return certificate


@journal.verb("access.verify_deletion")
def verify_deletion(
    *, certificate: DeletionCertificate, by: User, reason: str
) -> DeletionCertificate:
    """Another person has looked: `reason` says how. One verified already stays as it is."""
    certificate = DeletionCertificate.objects.locked().get(pk=certificate.pk)
    if certificate.verified_at is not None:
        return certificate
    refuse(policy.may_verify_deletion(certificate, by))
    refuse(policy.reason_given(reason, "Say how you looked."))
    certificate.verified_at, certificate.verified_by = now(), by
    certificate.verified_how = reason
    certificate.save()
    notify(
        kind="access.deletion_verified",
        to=[certificate.performed_by],
        subject_obj=certificate,
        title=f"{certificate.ref}: the deletion of {certificate.dataset} is verified",
        url=certificate.get_absolute_url(),
    )
    journal.record(subject=certificate, change={"verified_by": by.pk})
    return certificate
