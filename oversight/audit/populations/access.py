"""Access and what leaves with it, as populations."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse

from access.models import AccessRequest, DeletionCertificate, Grant, Release
from fellowship.kernel.saying import joined, say
from oversight.audit.populations.shape import Column, Population, begun
from scoping.states import Operation


def _requests(program_id: int) -> QuerySet[Any]:
    rows = AccessRequest.objects.filter(fellowship__program_id=program_id)
    people = ("person", "requested_by", "checked_by", "decided_by")
    return rows.select_related("dataset", "fellowship", "decision__matter", *people).annotate(
        requested_at=begun(AccessRequest)
    )


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


def _settled_by(row: Any) -> str:
    """Who decided a request: the matter where the board did."""
    return str(row.decision.matter.ref if row.decision else row.decided_by or "")


def _operations(row: Any) -> str:
    return joined(", ", (str(Operation(key).label) for key in row.operations))


def _happened(row: Any) -> str:
    """What became of the grant: its time running out needs no row, since it ends by itself."""
    if row.history_type == "+":
        return say("narrowed from {ref}", ref=row.narrows.ref) if row.narrows else "given"
    return "removed" if row.revoked_at else "changed"


ALL: Final = (
    Population(
        "access-requests",
        say("Access requests"),
        say(
            "Every request for access, granted, refused or withdrawn: who asked, for what, who "
            "checked it, and who decided."
        ),
        _requests,
        "requested_at",
        (
            Column(say("Request"), lambda r: r.ref),
            Column(say("Fellowship"), lambda r: r.fellowship.ref, by="fellowship__ref"),
            Column(say("Person"), lambda r: r.person),
            Column(say("Dataset"), lambda r: r.dataset.name, by="dataset__name"),
            Column(say("Tier"), lambda r: r.dataset.get_tier_display(), by="dataset__tier"),
            Column(say("Operations"), _operations),
            Column(say("Requested by"), lambda r: r.requested_by),
            Column(say("Requested"), lambda r: r.requested_at, "at"),
            Column(say("Checked by"), lambda r: r.checked_by or ""),
            Column(say("Checked"), lambda r: r.checked_at, "at"),
            Column(say("Decided by"), _settled_by),
            Column(say("Decided"), lambda r: r.decided_at, "at"),
            Column(say("State"), lambda r: r.get_state_display(), by="state"),
            Column(say("Reason"), lambda r: r.decided_because),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "grants",
        say("Grants of access"),
        say("Every grant, with what it rests on and when it ended."),
        _grants,
        "created_at",
        (
            Column(say("Grant"), lambda r: r.ref),
            Column(say("Person"), lambda r: r.person),
            Column(say("Dataset"), lambda r: r.dataset.name, by="dataset__name"),
            Column(say("Tier"), lambda r: r.dataset.get_tier_display(), by="dataset__tier"),
            Column(say("Approved"), _decided_in),
            Column(say("From"), lambda r: r.starts_at, "at"),
            Column(say("To"), lambda r: r.ends_at, "at"),
            Column(say("Revoked"), lambda r: r.revoked_at, "at"),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "grant-changes",
        say("Grants given, changed and removed"),
        say(
            "Every time a grant was given, narrowed, changed or removed before its time; one whose "
            "time runs out ends by itself, at the end it names."
        ),
        _grant_changes,
        "history_date",
        (
            Column(say("Grant"), lambda r: r.ref),
            Column(say("Person"), lambda r: r.person),
            Column(say("Dataset"), lambda r: r.dataset.name, by="dataset__name"),
            Column(say("Change"), _happened),
            Column(say("When"), lambda r: r.history_date, "at"),
            Column(say("Ends"), lambda r: r.ends_at, "at"),
            Column(say("Removed by"), lambda r: r.revoked_by or ""),
            Column(say("Why"), lambda r: r.revoked_because or r.history_change_reason or ""),
        ),
        lambda r: reverse("access:grant", args=[r.ref]),
        about=("access.grant", "id"),
    ),
    Population(
        "releases",
        say("Releases of outputs"),
        say(
            "Every file that was released, bound to its bytes, and who settled it where "
            "two differed."
        ),
        _releases,
        "released_at",
        (
            Column(say("Request"), lambda r: r.request.ref),
            Column(
                say("Fellowship"), lambda r: r.request.fellowship.ref, by="request__fellowship__ref"
            ),
            Column(say("File"), lambda r: r.output.name),
            Column("SHA-256", lambda r: r.sha256),
            Column(say("Sent"), lambda r: r.request.sent_at, "at"),
            Column(say("Released"), lambda r: r.released_at, "at"),
            Column(say("Rounds"), lambda r: r.request.round),
            Column(say("Settled by"), lambda r: r.request.settled_by or ""),
        ),
        lambda r: r.get_absolute_url(),
    ),
    Population(
        "deletions",
        say("Deletion certificates"),
        say("Every certificate that a dataset is gone: who deleted it, and who looked."),
        _deletions,
        "performed_at",
        (
            Column(say("Certificate"), lambda r: r.ref),
            Column(say("Fellowship"), lambda r: r.fellowship.ref),
            Column(say("Dataset"), lambda r: r.dataset.name, by="dataset__name"),
            Column(say("Method"), lambda r: r.get_method_display(), by="method"),
            Column(say("Deleted by"), lambda r: r.performed_by),
            Column(say("Deleted"), lambda r: r.performed_at, "at"),
            Column(say("Verified by"), lambda r: r.verified_by or ""),
            Column(say("Verified"), lambda r: r.verified_at, "at"),
        ),
        lambda r: r.fellowship.get_absolute_url(),
    ),
)
