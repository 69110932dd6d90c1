"""Access and what leaves with it, as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from access.models import DeletionCertificate, Grant, Release
from oversight.audit.populations.shape import Column, Population


def _grants(program_id: int) -> QuerySet[Any]:
    rows = Grant.objects.filter(fellowship__program_id=program_id)
    return rows.select_related("dataset", "person", "fellowship", "decision__matter", "approved_by")


def _grant_changes(program_id: int) -> QuerySet[Any]:
    history: Any = Grant.history.model
    rows: QuerySet[Any] = history.objects.filter(fellowship__program_id=program_id)
    return rows.select_related("dataset", "person", "narrows", "revoked_by")


def _releases(program_id: int) -> QuerySet[Any]:
    rows = Release.objects.filter(request__fellowship__program_id=program_id)
    return rows.select_related("request__fellowship", "request__settled_by", "output")


def _deletions(program_id: int) -> QuerySet[Any]:
    rows = DeletionCertificate.objects.filter(fellowship__program_id=program_id)
    return rows.select_related("fellowship", "dataset", "performed_by", "verified_by")


def _decided_in(row: Any) -> str:
    if row.decision:
        return str(row.decision.matter.ref)
    return str(row.approved_by or "")


def _happened(row: Any) -> str:
    """What became of the grant: its time running out needs no row, since it ends by itself."""
    if row.history_type == "+":
        return f"narrowed from {row.narrows.ref}" if row.narrows else "given"
    return "removed" if row.revoked_at else "changed"


ALL: Final = (
    Population(
        "grants",
        "Grants of access",
        "Every grant, with what it rests on and when it ended.",
        _grants,
        "created_at",
        (
            Column("Grant", lambda r: r.ref),
            Column("Person", lambda r: r.person),
            Column("Dataset", lambda r: r.dataset.name, by="dataset__name"),
            Column("Tier", lambda r: r.dataset.get_tier_display(), by="dataset__tier"),
            Column("Approved", _decided_in),
            Column("From", lambda r: r.starts_at, "at"),
            Column("To", lambda r: r.ends_at, "at"),
            Column("Revoked", lambda r: r.revoked_at, "at"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "grant-changes",
        "Grants given, changed and removed",
        "Every time a grant was given, narrowed, changed or removed before its time; one whose "
        "time runs out ends by itself, at the end it names.",
        _grant_changes,
        "history_date",
        (
            Column("Grant", lambda r: r.ref),
            Column("Person", lambda r: r.person),
            Column("Dataset", lambda r: r.dataset.name, by="dataset__name"),
            Column("Change", _happened),
            Column("When", lambda r: r.history_date, "at"),
            Column("Ends", lambda r: r.ends_at, "at"),
            Column("Removed by", lambda r: r.revoked_by or ""),
            Column("Why", lambda r: r.revoked_because or r.history_change_reason or ""),
        ),
        lambda r: reverse("access:grant", args=[r.ref]),
        about=("access.grant", "id"),
    ),
    Population(
        "releases",
        "Releases of outputs",
        "Every file that was released, bound to its bytes, and who settled it where two differed.",
        _releases,
        "released_at",
        (
            Column("Request", lambda r: r.request.ref),
            Column("Fellowship", lambda r: r.request.fellowship.ref, by="request__fellowship__ref"),
            Column("File", lambda r: r.output.name),
            Column("SHA-256", lambda r: r.sha256),
            Column("Sent", lambda r: r.request.sent_at, "at"),
            Column("Released", lambda r: r.released_at, "at"),
            Column("Rounds", lambda r: r.request.round),
            Column("Settled by", lambda r: r.request.settled_by or ""),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "deletions",
        "Deletion certificates",
        "Every certificate that a dataset is gone: who deleted it, and who looked.",
        _deletions,
        "performed_at",
        (
            Column("Certificate", lambda r: r.ref),
            Column("Fellowship", lambda r: r.fellowship.ref),
            Column("Dataset", lambda r: r.dataset.name, by="dataset__name"),
            Column("Method", lambda r: r.get_method_display(), by="method"),
            Column("Deleted by", lambda r: r.performed_by),
            Column("Deleted", lambda r: r.performed_at, "at"),
            Column("Verified by", lambda r: r.verified_by or ""),
            Column("Verified", lambda r: r.verified_at, "at"),
        ),
        lambda r: r.fellowship.get_absolute_url(),
    ),
)
