"""A finding with all its page shows, read in statements that are worked out once."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet

from fellowship.kernel.prepared import hold, read
from findings.chain import with_chain_told
from findings.models import (
    AcceptanceTest,
    ArtifactSource,
    ChangeRequest,
    Control,
    Finding,
    FindingEvidence,
    Overdue,
)
from governance.models import EscalationFinding, Matter

RELATED: Final = ("fellowship__fellow", "program__realm", "reported_by", "product_owner")
"""What every finding has. What closed it is read for one that is closed: each join costs every
page the time in which the database plans it.
"""


def whole(key: int, at: dt.datetime) -> Any:
    """The finding `with_chain`, and whether an alarm or the board has it, as of `at`."""
    finding: Any = _finding(key, at)[0]
    hold(finding, "controls", _controls(key))
    hold(finding, "change_requests", _changes(key))
    hold(finding, "acceptance_tests", _tests(key))
    evidence = _evidence(key)
    hold(finding, "evidence", evidence)
    artifacts = {one.artifact_id: one.artifact for one in evidence}
    sources = _sources(list(artifacts))
    for pk, artifact in artifacts.items():
        hold(artifact, "sources", [one for one in sources if one.artifact_id == pk])
    return finding


@read
def _finding(key: int, at: dt.datetime) -> QuerySet[Finding]:
    of_alarm = EscalationFinding.objects.filter(
        finding_type="findings.finding", finding_id=OuterRef("pk")
    )
    of_matter = Matter.objects.filter(subject_type="findings.finding", subject_id=OuterRef("pk"))
    rows = Finding.objects.filter(pk=key).select_related(*RELATED)
    rows = rows.annotate(of_alarm=Exists(of_alarm), of_matter=Exists(of_matter))
    told: QuerySet[Finding] = with_chain_told(rows, at)
    return told


@read
def _controls(key: int) -> QuerySet[Control]:
    return Control.objects.filter(finding_id=key).order_by("id")


@read
def _changes(key: int) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(finding_id=key).select_related("control")


@read
def _tests(key: int) -> QuerySet[AcceptanceTest]:
    return AcceptanceTest.objects.filter(finding_id=key).select_related("owner", "decided_by")


@read
def _evidence(key: int) -> QuerySet[FindingEvidence]:
    return FindingEvidence.objects.filter(finding_id=key).select_related("artifact")


@read
def told_late(key: int, due_at: dt.datetime) -> QuerySet[Overdue]:
    """The steps at which it was told that the finding is past this due time."""
    return Overdue.objects.filter(finding_id=key, due_at=due_at).order_by("step")


@read
def _sources(keys: list[int]) -> QuerySet[ArtifactSource]:
    return ArtifactSource.objects.filter(artifact_id__in=keys).select_related("dataset")
