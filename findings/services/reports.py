"""Reporting: results, findings, and what is said about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from access.models import AccessEvent, Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import holders
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from findings import policy, terms
from findings.models import (
    Artifact,
    ArtifactSource,
    Finding,
)
from findings.services.claims import Claim, attach, finding_of, others_of
from findings.services.common import end_of, lock, start_clock, tell
from findings.states import Severity
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
    by: Actor,
    evidence: Iterable[Artifact] = (),
    datasets: Iterable[Dataset] = (),
    events: Iterable[AccessEvent] = (),
    **said: Any,
) -> Finding:
    """Report a finding; `said` is what `Claim` takes.

    Its due time runs from the severity at once; product owners are told.
    """
    events = list(events)
    refuse(policy.may_report(fellowship, by))
    refuse(policy.events_are_of_case(fellowship, events))
    claim = Claim(**said)
    finding = finding_of(claim, fellowship=fellowship, ref=next_reference("F"), by=by)
    finding.save()
    for other in others_of(finding, claim):
        other.save()
    attach(finding, evidence=evidence, datasets=datasets, events=events)
    start_clock(finding, by, terms.disposition_window(finding))
    tell(
        finding,
        holders(finding.program_id, roles.PRODUCT_OWNER),
        say("{ref} reported: {title}", ref=finding.ref, title=finding.title),
        urgent=finding.severity == Severity.CRITICAL,
    )
    change = {"severity": finding.severity, "due_at": finding.due_at}
    journal.record(subject=finding, change=change)
    enter_stage(
        fellowship=fellowship, stage="review", by=by, reason=say("{ref} reported", ref=finding.ref)
    )
    return finding


def check_claim(
    *,
    fellowship: Fellowship,
    by: Actor,
    evidence: Iterable[Artifact] = (),
    datasets: Iterable[Dataset] = (),
    events: Iterable[AccessEvent] = (),
    **said: Any,
) -> Finding:
    """What `report_finding` would make of the same, not kept. Refuses what it would refuse."""
    refuse(policy.may_report(fellowship, by))
    refuse(policy.events_are_of_case(fellowship, events))
    return finding_of(Claim(**said), fellowship=fellowship, ref="", by=by)


@journal.verb("findings.change_embargo")
def change_embargo(
    *, finding: Finding, by: Actor, until: dt.datetime | None, reason: str
) -> Finding:
    """Set, move or lift (`until` none) the embargo, with the reason; the others are told."""
    finding = lock(finding)
    refuse(policy.may_change_embargo(finding, by))
    refuse(policy.says_why(reason))
    if finding.embargo_until == until:
        return finding
    refuse(policy.embargo_stands(until, reason if until else ""))
    before = finding.embargo_until
    finding.embargo_until, finding.embargo_reason = until, reason.strip() if until else ""
    finding.save()
    journal.record(subject=finding, change={"embargo_until": journal.moved(before, until)})
    others = {finding.fellowship.fellow, finding.product_owner} - {by, None}
    said = say("until {date_of}", date_of=end_of(finding, until)) if until else say("lifted")
    tell(
        finding,
        [u for u in others if u],
        say("Embargo of {ref}: {said}", ref=finding.ref, said=said),
    )
    return finding
