"""The chain of a finding from dataset to verdict, and its first gap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from fellowship.kernel.saying import joined, say
from fellowship.web import calendars
from findings.change_states import AcceptanceState, ChangeState
from findings.models import (
    AcceptanceTest,
    ArtifactSource,
    ChangeRequest,
    Contest,
    Control,
    Finding,
    FindingEvidence,
    MatrixChange,
)
from findings.states import Closure, ControlState, FindingState, Progress
from governance.models import ExceptionRecord


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain: what it is, whether it is there, what stands there, where to look.

    `so_far` is what was found where the link is not there yet: a verdict that verifies nothing.
    """

    label: str
    present: bool
    detail: str = ""
    url: str = ""
    so_far: str = ""


def links(finding: Finding) -> Iterator[tuple[str, bool]]:
    """Each link in order and whether it is there, of a finding read `with_links`.

    A control that shipped needs no change request any more: what was asked for is there.
    """
    row: Any = finding
    progress = Progress(row.progress or 0)
    yield say("dataset"), bool(row.has_dataset)
    yield say("access"), bool(row.has_access)
    yield say("artifact"), bool(row.has_dataset or row.has_artifact)
    yield say("claim"), bool(finding.claim)
    yield say("finding"), True
    yield say("disposition"), finding.state != FindingState.REPORTED
    yield say("change request"), bool(row.converted) or Progress.DEPLOYED in progress
    yield say("control"), Progress.PLANNED in progress
    yield say("baseline"), Progress.BASELINE in progress
    yield say("measurement"), Progress.MEASURED in progress
    yield say("verdict"), Progress.VERIFIED in progress


def ends_here(finding: Finding) -> bool:
    """Whether nothing more is to follow: rejected, exploratory, or closed on something else."""
    ended = finding.state == FindingState.CLOSED and finding.closure != Closure.CONTROL
    return ended or finding.state == FindingState.REJECTED or finding.actionable is False


def first_missing(finding: Finding) -> str:
    """The first link that is missing, by name; empty when the chain is complete or ends rightly.

    While a live exception covers the finding nothing is missing; when it ends, the gap is back.
    """
    row: Any = finding
    if row.excepted_until or ends_here(finding):
        return ""
    return next((label for label, present in links(finding) if not present), "")


def gap(finding: Finding) -> str:
    """For lists: the first missing link, or why there is none."""
    row: Any = finding
    if missing := first_missing(finding):
        return missing
    if row.excepted_until:
        return say(
            "excepted until {excepted_until:%-d %b %Y}",
            excepted_until=calendars.of(finding.program_id).last_day(row.excepted_until),
        )
    return say("complete")


def with_chain(rows: QuerySet[Finding]) -> Any:
    """Findings with everything their chain shows, in a fixed number of queries."""
    sources = Prefetch("artifact__sources", ArtifactSource.objects.select_related("dataset"))
    evidence = FindingEvidence.objects.select_related("artifact").prefetch_related(sources)
    return with_chain_told(rows).prefetch_related(
        Prefetch("evidence", evidence),
        Prefetch("controls", Control.objects.order_by("id")),
        Prefetch("change_requests", ChangeRequest.objects.select_related("control")),
        Prefetch("acceptance_tests", AcceptanceTest.objects.select_related("owner", "decided_by")),
    )


def with_chain_told(rows: QuerySet[Finding], at: dt.datetime | None = None) -> Any:
    """Findings with what is told of their chain in their own row, as of `at` (default now)."""
    with_links: Any = rows.with_links(at)  # type: ignore[attr-defined]
    return with_links.annotate(**_asked()).select_related("product_owner")


def _asked() -> dict[str, Subquery]:
    """Keys that tell whether there is anything to ask for: most findings need no query more."""
    about = ExceptionRecord.objects.filter(
        subject_type="findings.finding", subject_id=OuterRef("pk")
    )
    here = {"program": OuterRef("program")}
    asked: dict[str, Any] = {
        "has_exception": about,
        "has_contest": Contest.objects.filter(**here),
        "has_matrix_change": MatrixChange.objects.filter(**here),
    }
    return {key: Subquery(rows.order_by().values("pk")[:1]) for key, rows in asked.items()}


def chain(finding: Finding, *, withheld: bool = False) -> list[Link]:
    """The links in order, with what stands there, of a finding read `with_chain`.

    Where the claim is `withheld`, so is what its evidence is called.
    """
    details = _details(finding)
    if withheld:
        details |= {"dataset": ("", ""), "artifact": ("", "")}
    found = [Link(label, there, *details.get(label, ("", ""))) for label, there in links(finding)]
    return [*found[:-1], replace(found[-1], so_far=_newest_verdict(finding))]


def _newest_verdict(finding: Finding) -> str:
    """What the latest control that was judged was found to be."""
    judged = [c for c in finding.controls.all() if c.verdict and c.state != ControlState.WITHDRAWN]
    return str(judged[-1].get_verdict_display()) if judged else ""


def _details(finding: Finding) -> dict[str, tuple[str, str]]:
    artifacts = [e.artifact for e in finding.evidence.all()]
    datasets = {s.dataset.name for a in artifacts for s in a.sources.all()}
    case = finding.fellowship.get_absolute_url()
    asked: list[Any] = [
        *(c for c in finding.change_requests.all() if c.state != ChangeState.WITHDRAWN),
        *(t for t in finding.acceptance_tests.all() if t.state != AcceptanceState.WITHDRAWN),
    ]
    controls = [c for c in finding.controls.all() if c.state != ControlState.WITHDRAWN]
    control_url = controls[0].get_absolute_url() if controls else ""
    verified = next((c for c in controls if c.state == ControlState.VERIFIED), None)
    return {
        "dataset": (joined(", ", sorted(datasets)), "#evidence"),
        "access": ("", case),
        "artifact": (joined(", ", (a.name for a in artifacts)), "#evidence"),
        "claim": ("", "#claim"),
        "finding": (finding.ref, ""),
        "disposition": (finding.get_state_display(), "#talk"),
        "change request": (
            joined(", ", (f"{one.ref} {one.get_state_display().lower()}" for one in asked)),
            asked[0].get_absolute_url() if asked else "",
        ),
        "control": (joined(", ", (c.ref for c in controls)), control_url),
        "baseline": ("", control_url),
        "measurement": ("", control_url),
        "verdict": (say("{ref} verified", ref=verified.ref) if verified else "", control_url),
    }
