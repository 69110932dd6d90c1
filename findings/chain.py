"""The chain of a finding from dataset to measurement, and its first gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from findings.models import ArtifactSource, Control, Finding, FindingEvidence
from findings.states import Closure, FindingState, Progress


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: what it is, whether it is there, and what stands there."""

    label: str
    present: bool
    detail: str = ""


def links(finding: Finding) -> Iterator[tuple[str, bool]]:
    """Each link in order and whether it is there, of a finding read `with_links`."""
    row: Any = finding
    progress = Progress(row.progress or 0)
    yield "dataset", bool(row.has_dataset)
    yield "artifact", bool(row.has_dataset or finding.evidence.all())
    yield "claim", bool(finding.claim)
    yield "owner", finding.product_owner_id is not None
    yield "disposition", finding.state != FindingState.REPORTED
    yield "control", Progress.PLANNED in progress
    yield "baseline", Progress.BASELINE in progress
    yield "measurement", Progress.MEASURED in progress
    yield "verification", Progress.VERIFIED in progress


def first_missing(finding: Finding) -> str:
    """The first link that is missing, by name; empty when the chain is complete or ends rightly."""
    ended = finding.state == FindingState.CLOSED and finding.closure != Closure.CONTROL
    if ended or finding.state == FindingState.REJECTED or finding.actionable is False:
        return ""
    return next((label for label, present in links(finding) if not present), "")


def with_chain(rows: QuerySet[Finding]) -> Any:
    """Findings with everything their chain shows, in a fixed number of queries."""
    sources = Prefetch("artifact__sources", ArtifactSource.objects.select_related("dataset"))
    evidence = FindingEvidence.objects.select_related("artifact").prefetch_related(sources)
    with_links: Any = rows.with_links()  # type: ignore[attr-defined]
    return with_links.select_related("product_owner").prefetch_related(
        Prefetch("evidence", evidence), Prefetch("controls", Control.objects.order_by("id"))
    )


def chain(finding: Finding) -> list[Link]:
    """The links in order, with what stands there, of a finding read `with_chain`."""
    artifacts = [e.artifact for e in finding.evidence.all()]
    datasets = sorted({s.dataset.name for a in artifacts for s in a.sources.all()})
    details = {
        "dataset": ", ".join(datasets),
        "artifact": ", ".join(a.name for a in artifacts),
        "claim": finding.ref,
        "owner": str(finding.product_owner or ""),
        "disposition": finding.get_state_display(),
        "control": ", ".join(c.ref for c in finding.controls.all()),
    }
    return [Link(label, present, details.get(label, "")) for label, present in links(finding)]
