"""What a closeout package says, gathered from the records as JSON's own types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Model

from access.certificate import fingerprint
from access.models import AccessEvent, DeletionCertificate, EscrowDeposit, Grant, Release
from fellowship.kernel.canonical import plain
from findings import embargoes
from findings.embargoes import Withheld
from findings.models import Artifact, Control, ControlMetric, Finding
from findings.plans import amount
from governance.models import Decision, ExceptionRecord
from oversight.casebook import Subjects
from oversight.lineage import serialise
from oversight.lineage.build import graph
from publications.models import Publication
from scoping import closeout
from scoping.models import Fellowship, ScopeOfWork
from scoping.sections import CLAUSES, cite

Facts = dict[str, Any]


def gather(fellowship: Fellowship, case: Subjects, at: dt.datetime) -> Facts:
    """The facts of the case as it stands, `at` being the instant they are stated for.

    A package goes from hand to hand: what is under embargo at `at` is not in it.
    """
    withheld = embargoes.of_case(fellowship, None, at)
    chain = graph(fellowship, None, at)
    facts = {
        "at": at,
        "fellowship": _fellowship(fellowship),
        "obligations": [
            {"key": o.key, "label": o.label, "met": o.met, "required": o.required}
            for o in closeout.obligations(fellowship, at)
        ],
        "scopes": [_scope(s) for s in _scopes(fellowship)],
        "artifacts": [_artifact(a) for a in _artifacts(fellowship) if a.pk not in withheld.results],
        "findings": [_finding(f, withheld) for f in _findings(fellowship)],
        "grants": [_grant(g) for g in _grants(fellowship)],
        "access": _access(fellowship),
        "deletions": [_deletion(d) for d in _deletions(fellowship)],
        "releases": [_release(r) for r in _releases(fellowship)],
        "escrow": [_deposit(d) for d in _deposits(fellowship)],
        "publications": [_publication(p, at) for p in _publications(fellowship)],
        "decisions": [_decision(d) for d in _decisions(case)],
        "exceptions": [_exception(e) for e in _exceptions(case)],
        "lineage": serialise.document(fellowship, "json", chain),
    }
    said: Facts = plain(facts)
    return said


def _name(person: Any) -> str:
    return str(person) if person else ""


def _fellowship(f: Fellowship) -> Mapping[str, Any]:
    return {
        "ref": f.ref,
        "title": f.title,
        "program": f.program.name,
        "cohort": str(f.cohort or ""),
        "fellow": {"name": f.fellow.name, "orcid": f.fellow.orcid, "from": f.fellow.affiliation},
        "mentor": _name(f.mentor),
        "track": f.get_track_display(),
        "proposal": f.proposal.ref,
        "starts_on": f.starts_on,
        "ends_on": f.ends_on,
        "ended_at": f.ended_at,
        "stage": f.state,
    }


def _scopes(f: Fellowship) -> Any:
    signed = ScopeOfWork.objects.filter(fellowship=f, signed_at__isnull=False)
    return signed.prefetch_related("signatures__person").order_by("number")


def _scope(s: ScopeOfWork) -> Mapping[str, Any]:
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
            {"side": g.get_side_display(), "person": _name(g.person), "at": g.created_at}
            for g in sorted(s.signatures.all(), key=lambda g: g.pk)
        ],
    }


def _artifacts(f: Fellowship) -> Any:
    rows = Artifact.objects.filter(fellowship=f).prefetch_related("sources__dataset")
    return rows.order_by("id")


def _artifact(a: Artifact) -> Mapping[str, Any]:
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


def _findings(f: Fellowship) -> Any:
    rows = Finding.objects.filter(fellowship=f).select_related("product_owner")
    return rows.prefetch_related(
        "evidence", "controls__metrics__measurements", "controls__owner"
    ).order_by("id")


def _finding(f: Finding, withheld: Withheld) -> Mapping[str, Any]:
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
        "owner": _name(f.product_owner),
        "artifacts": [] if closed else sorted(e.artifact_id for e in f.evidence.all()),
        "controls": [_control(c) for c in sorted(f.controls.all(), key=_key)],
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
        "owner": _name(c.owner),
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
        "baseline": f"{m.baseline_from:%Y-%m-%d} to {m.baseline_until:%Y-%m-%d}",
        "minimum": m.minimum_n,
    }


def _key(record: Model) -> int:
    return int(record.pk)


def _grants(f: Fellowship) -> Any:
    rows = Grant.objects.filter(fellowship=f).order_by("id")
    return rows.select_related("dataset", "person", "agreement", "decision__matter")


def _grant(g: Grant) -> Mapping[str, Any]:
    return {
        "ref": g.ref,
        "dataset": {"ref": g.dataset.ref, "name": g.dataset.name, "tier": g.dataset.tier},
        "person": _name(g.person),
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


def _access(f: Fellowship) -> list[Mapping[str, Any]]:
    """Reported accesses counted by dataset and verdict; the events themselves stay in the trail."""
    rows = (
        AccessEvent.objects.filter(fellowship=f)
        .values("dataset_name", "verdict")
        .annotate(n=Count("id"))
        .order_by("dataset_name", "verdict")
    )
    return [{"dataset": r["dataset_name"], "verdict": r["verdict"], "count": r["n"]} for r in rows]


def _releases(f: Fellowship) -> Any:
    rows = Release.objects.filter(request__fellowship=f).order_by("id")
    return rows.select_related("request", "output")


def _release(r: Release) -> Mapping[str, Any]:
    return {
        "request": r.request.ref,
        "file": r.output.name,
        "sha256": r.sha256,
        "released_at": r.released_at,
        "destination": r.request.destination,
    }


def _deposits(f: Fellowship) -> Any:
    return EscrowDeposit.objects.filter(fellowship=f).select_related("depositor").order_by("id")


def _deposit(d: EscrowDeposit) -> Mapping[str, Any]:
    return {
        "ref": d.ref,
        "title": d.title,
        "sha256": d.sha256,
        "depositor": _name(d.depositor),
        "opens_for": d.opens_for,
        "review_on": d.review_on,
    }


def _deletions(f: Fellowship) -> Any:
    rows = DeletionCertificate.objects.filter(fellowship=f).order_by("id")
    return rows.select_related("dataset", "fellowship", "performed_by", "verified_by")


def _deletion(d: DeletionCertificate) -> Mapping[str, Any]:
    return {
        "ref": d.ref,
        "dataset": {"ref": d.dataset.ref, "name": d.dataset.name},
        "method": d.get_method_display(),
        "tool": d.tool,
        "scope": d.scope,
        "performed_by": _name(d.performed_by),
        "performed_at": d.performed_at,
        "verified_by": _name(d.verified_by),
        "verified_at": d.verified_at,
        "verified_how": d.verified_how,
        "evidence_sha256": d.evidence_sha256,
        "sha256": fingerprint(d),
    }


def _publications(f: Fellowship) -> Any:
    rows = Publication.objects.filter(fellowship=f).order_by("id")
    return rows.prefetch_related("authors", "versions", "objections")


def _publication(p: Publication, at: dt.datetime) -> Mapping[str, Any]:
    versions = sorted(p.versions.all(), key=lambda v: v.number)
    return {
        "ref": p.ref,
        "title": p.title,
        "kind": p.get_kind_display(),
        "outcome": p.effective_state(at),
        "released_at": p.released_at,
        "released_by": p.get_release_kind_display() if p.release_kind else "",
        "submitted_at": p.submitted_at,
        "doi": p.doi,
        "venue": p.venue,
        "authors": [
            {"name": a.name, "orcid": a.orcid, "credit": a.credit}
            for a in sorted(p.authors.all(), key=lambda a: a.position)
        ],
        "versions": [{"number": v.number, "text_hash": v.text_hash} for v in versions],
        "objections": [
            {
                "ref": o.ref,
                "ground": o.get_ground_display(),
                "state": o.get_state_display(),
                "public_summary": o.public_summary,
            }
            for o in sorted(p.objections.all(), key=_key)
        ],
    }


def _decisions(case: Subjects) -> Any:
    ids = case.get("governance.decision", [])
    rows = Decision.objects.filter(pk__in=ids).select_related("matter", "rule_version")
    return rows.order_by("decided_at", "id")


def _decision(d: Decision) -> Mapping[str, Any]:
    return {
        "ref": d.matter.ref,
        "title": d.matter.title,
        "question": d.matter.question,
        "outcome": d.get_outcome_display(),
        "decided_at": d.decided_at,
        "rule": str(d.rule_version),
        "dossier_hash": d.dossier_hash,
        "letter": d.letter,
        "dissenting": len(d.dissent),
    }


def _exceptions(case: Subjects) -> Any:
    ids = case.get("governance.exceptionrecord", [])
    return ExceptionRecord.objects.filter(pk__in=ids).order_by("id")


def _exception(e: ExceptionRecord) -> Mapping[str, Any]:
    return {
        "ref": e.ref,
        "title": e.title,
        "state": e.get_state_display(),
        "starts_at": e.starts_at,
        "expires_at": e.expires_at,
        "compensating_measure": e.compensating_measure,
    }
