"""Deletion, confirmed by the fellow and verified by another person."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Final

from django.core.files import File as Upload

from access import policy
from access.certificate import fingerprint
from access.models import Dataset, DeletionCertificate, Grant
from access.states import DeletionMethod
from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.history.references import next_reference
from fellowship.kernel import blobs, filekinds, journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from scoping.models import Fellowship

DELETION_CLOCK: Final = "access.deletion"


def confirm_deletion(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    method: str,
    tool: str,
    scope: str,
    by: User,
    performed_at: dt.datetime | None = None,
    evidence: Upload[bytes] | None = None,
    reason: str = "",
) -> DeletionCertificate:
    """The fellow certifies how a dataset was deleted. One certified already stays as it is.

    `evidence` is a log or a report of the tool; it is stored before the record is written.
    """
    refuse(policy.may_confirm_deletion(fellowship, dataset, by))
    kept = _evidence(evidence) if evidence else {}
    return _confirm(
        fellowship=fellowship,
        dataset=dataset,
        said={"method": method, "tool": tool, "scope": scope, **kept},
        performed_at=performed_at,
        by=by,
        reason=reason,
    )


def _evidence(file: Upload[bytes]) -> dict[str, Any]:
    name = filekinds.clean_name(file.name or "")
    try:
        kind = filekinds.judge(name, file)
    except Refused as refused:
        refuse(replace(refused.refusal, field="evidence"))
        raise
    blob = blobs.put(file.chunks())
    return {
        "evidence_name": name,
        "evidence_mime": kind.mime,
        "evidence_size": blob.size,
        "evidence_sha256": blob.sha256,
    }


@journal.verb("access.confirm_deletion")
def _confirm(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    said: dict[str, Any],
    performed_at: dt.datetime | None,
    by: User,
    reason: str,
) -> DeletionCertificate:
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(policy.may_confirm_deletion(fellowship, dataset, by))
    known = DeletionCertificate.objects.filter(fellowship=fellowship, dataset=dataset).first()
    if known:
        return known
    performed_at = performed_at or now()
    if performed_at > now():
        refuse(Refusal("in_the_future", say("This lies in the future."), field="performed_at"))
    if said["method"] not in DeletionMethod.values:
        refuse(Refusal("unknown_method", say("Choose from the list."), field="method"))
    certificate = DeletionCertificate.objects.create(
        ref=next_reference("DEL"),
        fellowship=fellowship,
        dataset=dataset,
        performed_by=by,
        performed_at=performed_at,
        **said,
    )
    notify(
        kind="access.deletion_confirmed",
        to=[dataset.steward],
        subject_obj=certificate,
        title=say(
            "{ref}: verify that {dataset} is deleted in {ref2}",
            ref=certificate.ref,
            dataset=dataset,
            ref2=fellowship.ref,
        ),
        url=certificate.get_absolute_url(),
    )
    journal.record(subject=certificate, change=_changed(certificate))
    stop_deletion_clocks(
        fellowship, dataset, by, say("{ref} certifies the deletion.", ref=certificate.ref)
    )
    return certificate


def _changed(certificate: DeletionCertificate) -> dict[str, str]:
    change = {"dataset": certificate.dataset.ref, "method": certificate.method}
    if certificate.evidence_sha256:
        change["evidence"] = certificate.evidence_sha256
    return change


def stop_deletion_clocks(fellowship: Fellowship, dataset: Dataset, by: Actor, why: str) -> None:
    """Nothing is waited for any more of this dataset in this case, late or not."""
    for grant in Grant.objects.filter(fellowship=fellowship, dataset=dataset):
        clocks.stop_open(subject=grant, kinds=[DELETION_CLOCK], by=by, reason=why)


@journal.verb("access.verify_deletion")
def verify_deletion(
    *, certificate: DeletionCertificate, by: User, reason: str
) -> DeletionCertificate:
    """Another person has looked: `reason` says how. One verified already stays as it is."""
    certificate = DeletionCertificate.objects.locked().get(pk=certificate.pk)
    if certificate.verified_at is not None:
        return unchanged(certificate, policy.may_verify_deletion(certificate, by))
    refuse(policy.may_verify_deletion(certificate, by))
    refuse(policy.reason_given(reason, say("Say how you looked.")))
    certificate.verified_at, certificate.verified_by = now(), by
    certificate.verified_how = reason
    certificate.save()
    notify(
        kind="access.deletion_verified",
        to=[certificate.performed_by],
        subject_obj=certificate,
        title=say(
            "{ref}: the deletion of {dataset} is verified",
            ref=certificate.ref,
            dataset=certificate.dataset,
        ),
        url=certificate.get_absolute_url(),
    )
    journal.record(
        subject=certificate, change={"verified_by": by.pk, "sha256": fingerprint(certificate)}
    )
    return certificate
