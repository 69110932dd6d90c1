"""Reporting: results, findings, and what is said about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from cvss import CVSS4
from cvss.exceptions import CVSS4Error

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from findings import policy, terms
from findings.models import (
    Artifact,
    ArtifactSource,
    Finding,
    FindingEvidence,
)
from findings.services.common import start_clock, tell
from findings.states import (
    SEVERITY_RANK,
    Severity,
)
from scoping.models import Fellowship
from scoping.services import enter_stage


@journal.verb("findings.register_artifact")
def register_artifact(
    *,
    fellowship: Fellowship,
    name: str,
    sha256: str,
    by: Actor,
    kind: str = "table",
    size: int = 0,
    location: str = "",
    sources: Iterable[Dataset] = (),
) -> Artifact:
    """Register a result by its hash and the datasets it was made from; a hash is kept once."""
    refuse(policy.may_report(fellowship, by))
    there = Artifact.objects.filter(fellowship=fellowship, sha256=sha256).first()
    if there:
        return there
    artifact = Artifact.objects.create(
        fellowship=fellowship, name=name, kind=kind, sha256=sha256, size=size, location=location
    )
    for dataset in sources:
        ArtifactSource.objects.create(artifact=artifact, dataset=dataset)
    journal.record(
        subject=artifact, realm_id=fellowship.program_id, change={"sha256": sha256, "kind": kind}
    )
    return artifact


@journal.verb("findings.report")
def report_finding(
    *,
    fellowship: Fellowship,
    title: str,
    claim: str,
    system: str,
    system_version: str,
    severity: str,
    by: Actor,
    conditions: str = "",
    hits: int | None = None,
    trials: int | None = None,
    cvss_vector: str = "",
    severity_reason: str = "",
    technique: str = "",
    reproduction: str = "",
    embargo_until: dt.datetime | None = None,
    evidence: Iterable[Artifact] = (),
) -> Finding:
    """Report a finding. Its due time runs from the severity at once; product owners are told."""
    refuse(policy.may_report(fellowship, by))
    score = cvss_score(cvss_vector)
    refuse(policy.severity_stands(severity, score, severity_reason))
    finding = Finding.objects.create(
        fellowship=fellowship,
        program_id=fellowship.program_id,
        ref=next_reference("F"),
        title=title,
        claim=claim,
        conditions=conditions,
        hits=hits,
        trials=trials,
        system=system,
        system_version=system_version,
        severity=severity,
        severity_rank=SEVERITY_RANK[Severity(severity)],
        cvss_vector=cvss_vector,
        cvss_score=score,
        severity_reason=severity_reason.strip(),
        technique=technique,
        reproduction=reproduction,
        embargo_until=embargo_until,
        reported_by=by if isinstance(by, User) else fellowship.fellow,
    )
    for artifact in evidence:
        FindingEvidence.objects.create(finding=finding, artifact=artifact)
    start_clock(finding, by, terms.disposition_window(finding))
    tell(
        finding,
        holders(finding.program_id, roles.PRODUCT_OWNER),
        f"{finding.ref} reported: {finding.title}",
        urgent=severity == Severity.CRITICAL,
    )
    journal.record(subject=finding, change={"severity": severity, "due_at": finding.due_at})
    enter_stage(fellowship=fellowship, stage="review", by=by, reason=f"{finding.ref} reported")
    return finding


def cvss_score(vector: str) -> Decimal | None:
    """The CVSS 4.0 base score of a vector; None for none. Refuses a vector that is not one."""
    if not vector:
        return None
    try:
        return Decimal(str(CVSS4(vector).base_score))
    except (CVSS4Error, ValueError, KeyError) as error:
        refuse(Refusal("cvss", f"This is no CVSS 4.0 vector: {error}", field="cvss_vector"))
        raise AssertionError from error
