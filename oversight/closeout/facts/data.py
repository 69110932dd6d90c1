"""Grants, accesses, releases, deposits and deletions, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from access.certificate import fingerprint
from access.ending import Thing
from access.models import AccessEvent, DeletionCertificate, EscrowDeposit, Grant, Release
from oversight.closeout.facts.common import name
from scoping.models import Fellowship


def grants(f: Fellowship) -> Any:
    """What was granted."""
    rows = Grant.objects.filter(fellowship=f).order_by("id")
    return rows.select_related("dataset", "person", "agreement", "decision__matter")


def grant(g: Grant) -> Mapping[str, Any]:
    """One grant with its agreement and decision."""
    return {
        "ref": g.ref,
        "dataset": {"ref": g.dataset.ref, "name": g.dataset.name, "tier": g.dataset.tier},
        "person": name(g.person),
        "operations": g.operations,
        "agreement": {
            "ref": g.agreement.ref,
            "text_hash": g.agreement.text_hash,
            "accepted_at": g.agreement.accepted_at,
        },
        "decided_in": g.decision.matter.ref if g.decision else "",
        "starts_at": g.starts_at,
        "ends_at": g.ends_at,
        "revoked_at": g.revoked_at,
    }


def access(f: Fellowship) -> list[Mapping[str, Any]]:
    """Reported accesses counted by dataset and verdict; the events themselves stay in the trail."""
    rows = (
        AccessEvent.objects.filter(fellowship=f)
        .values("dataset_name", "verdict")
        .annotate(n=Count("id"))
        .order_by("dataset_name", "verdict")
    )
    return [{"dataset": r["dataset_name"], "verdict": r["verdict"], "count": r["n"]} for r in rows]


def releases(f: Fellowship) -> Any:
    """The outputs that were let out."""
    rows = Release.objects.filter(request__fellowship=f).order_by("id")
    return rows.select_related("request", "output")


def release(r: Release) -> Mapping[str, Any]:
    """One output by its hash."""
    return {
        "request": r.request.ref,
        "file": r.output.name,
        "sha256": r.sha256,
        "released_at": r.released_at,
        "destination": r.request.destination,
    }


def deposits(f: Fellowship) -> Any:
    """What lies in escrow."""
    return EscrowDeposit.objects.filter(fellowship=f).select_related("depositor").order_by("id")


def deposit(d: EscrowDeposit) -> Mapping[str, Any]:
    """One deposit by its hash."""
    return {
        "ref": d.ref,
        "title": d.title,
        "sha256": d.sha256,
        "depositor": name(d.depositor),
        "opens_for": d.opens_for,
        "review_on": d.review_on,
    }


def deletions(f: Fellowship) -> Any:
    """The certificates of deletion."""
    rows = DeletionCertificate.objects.filter(fellowship=f).order_by("id")
    return rows.select_related("dataset", "fellowship", "performed_by", "verified_by")


def deletion(d: DeletionCertificate) -> Mapping[str, Any]:
    """One certificate: how, by whom, and who looked."""
    return {
        "ref": d.ref,
        "dataset": {"ref": d.dataset.ref, "name": d.dataset.name},
        "method": d.get_method_display(),
        "tool": d.tool,
        "scope": d.scope,
        "performed_by": name(d.performed_by),
        "performed_at": d.performed_at,
        "verified_by": name(d.verified_by),
        "verified_at": d.verified_at,
        "verified_how": d.verified_how,
        "evidence_sha256": d.evidence_sha256,
        "sha256": fingerprint(d),
    }


def ending(t: Thing) -> Mapping[str, Any]:
    """Who keeps one thing, until when, by which clause."""
    return {
        "what": t.label,
        "keeper": t.keeper_words,
        "until": t.until,
        "clause": t.clause,
        "state": t.state,
    }
