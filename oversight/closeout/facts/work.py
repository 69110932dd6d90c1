"""The fellowship, its scopes, results, findings and their controls, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.kernel.saying import say
from findings.embargoes import Withheld
from findings.models import Artifact, Control, ControlMetric, Finding
from findings.plans import amount
from oversight.closeout.facts.common import key, name
from scoping.models import Fellowship, ScopeOfWork
from scoping.sections import CLAUSES, cite


def fellowship(f: Fellowship) -> Mapping[str, Any]:
    """The case itself: who, with whom, on which track, from when to when."""
    return {
        "ref": f.ref,
        "title": f.title,
        "program": f.program.name,
        "cohort": str(f.cohort or ""),
        "fellow": {"name": f.fellow.name, "orcid": f.fellow.orcid, "from": f.fellow.affiliation},
        "mentor": name(f.mentor),
        "track": f.get_track_display(),
        "proposal": f.proposal.ref,
        "starts_on": f.starts_on,
        "ends_on": f.ends_on,
        "ended_at": f.ended_at,
        "stage": f.state,
    }


def scopes(f: Fellowship) -> Any:
    """The versions that were signed."""
    signed = ScopeOfWork.objects.filter(fellowship=f, signed_at__isnull=False)
    return signed.prefetch_related("signatures__person").order_by("number")


def scope(s: ScopeOfWork) -> Mapping[str, Any]:
    """One signed version: its terms, what they enforce, who signed."""
    return {
        "number": s.number,
        "state": s.state,
        "text_hash": s.text_hash,
        "signed_at": s.signed_at,
        "superseded_at": s.superseded_at,
        "terms": [
            {"heading": cite(key), "text": str(s.terms[key])} for key in CLAUSES if s.terms.get(key)
        ],
        "enforced": {
            "datasets": s.datasets,
            "operations": s.operations,
            "max_tier": s.max_tier,
            "environment": s.environment,
            "retention_days": s.retention_days,
            "code_may_leave": s.code_may_leave,
            "credit": s.credit,
            "company_credit": s.company_credit,
            "checkpoints": s.checkpoints,
            "stages": s.stages,
        },
        "route": s.route,
        "signatures": [
            {"side": g.get_side_display(), "person": name(g.person), "at": g.created_at}
            for g in sorted(s.signatures.all(), key=lambda g: g.pk)
        ],
    }


def artifacts(f: Fellowship) -> Any:
    """The registered results."""
    rows = Artifact.objects.filter(fellowship=f).prefetch_related("sources__dataset")
    return rows.order_by("id")


def artifact(a: Artifact) -> Mapping[str, Any]:
    """One result by its hash, and the datasets it came from."""
    return {
        "id": a.pk,
        "name": a.name,
        "kind": a.kind,
        "sha256": a.sha256,
        "size": a.size,
        "location": a.location,
        "registered_at": a.created_at,
        "datasets": sorted(s.dataset.ref for s in a.sources.all()),
    }


def findings(f: Fellowship) -> Any:
    """The findings with their controls."""
    rows = Finding.objects.filter(fellowship=f).select_related("product_owner")
    return rows.prefetch_related(
        "evidence", "controls__metrics__measurements", "controls__owner"
    ).order_by("id")


def finding(f: Finding, withheld: Withheld) -> Mapping[str, Any]:
    """One finding, its disposition and controls; of one under embargo no claim."""
    closed = f.pk in withheld.claims
    return {
        "ref": f.ref,
        "title": f.title,
        "claim": withheld.claims.get(f.pk, f.claim),
        "share": "" if closed else str(f.share or ""),
        "severity": f.get_severity_display(),
        "system": f"{f.system} {f.system_version}",
        "technique": f.technique,
        "reported_at": f.reported_at,
        "disposition": f.get_state_display(),
        "rationale": f.rationale,
        "closure": f.get_closure_display() if f.closure else "",
        "owner": name(f.product_owner),
        "artifacts": [] if closed else sorted(e.artifact_id for e in f.evidence.all()),
        "controls": [_control(c) for c in sorted(f.controls.all(), key=key)],
    }


def _control(c: Control) -> Mapping[str, Any]:
    comparison = c.comparison()
    verdict: Mapping[str, Any] | None = None
    if comparison:
        verdict = {
            "verdict": comparison.verdict.label,
            "before": str(comparison.before),
            "after": str(comparison.after),
            "difference": f"{comparison.difference:.4f}",
        }
    return {
        "ref": c.ref,
        "title": c.title,
        "family": c.get_family_display(),
        "type": c.get_control_type_display(),
        "metrics": [_metric(m) for m in c.metrics.all()],
        "baseline_waiver": c.baseline_waiver,
        "state": c.get_state_display(),
        "owner": name(c.owner),
        "deployed_at": c.deployed_at,
        "verified_at": c.verified_at,
        "measured": verdict,
        "measurements": [
            {
                "metric": str(m.metric),
                "phase": m.phase,
                "counted": m.said,
                "under": str(m.under),
                "on": m.taken_on,
                "at": m.measured_at,
            }
            for m in c.counts()
        ],
    }


def _metric(m: ControlMetric) -> Mapping[str, Any]:
    return {
        "name": str(m),
        "role": m.get_role_display(),
        "threshold": amount(m, float(m.threshold)),
        "denominator": m.denominator,
        "baseline": say(
            "{baseline_from:%Y-%m-%d} to {baseline_until:%Y-%m-%d}",
            baseline_from=m.baseline_from,
            baseline_until=m.baseline_until,
        ),
        "minimum": m.minimum_n,
    }
