"""What a claim holds, and the finding it becomes: one by one and by the thousand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cvss import CVSS4
from cvss.exceptions import CVSS4Error

from access.models import AccessEvent, Dataset
from fellowship.accounts.models import Actor, User
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from findings.models import (
    AffectedSystem,
    Artifact,
    Finding,
    FindingDataset,
    FindingEvent,
    FindingEvidence,
)
from findings.policy import claims as policy
from findings.policy.translation import names_a_class
from findings.states import NOT_SURE, SEVERITY_RANK, Confidence, Harm, Severity
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed, of which systems, under which conditions, how bad and how sure.

    `setting` is conditions by name, each `{name, value}`; `also` other systems, each
    `{name, version}`; `hits` of `trials` come together. `severity` is one of `Severity`.
    `finding_class` is one of `FindingClass`; "not_sure" and "" leave it to the technique.
    """

    title: str
    claim: str
    system: str
    system_version: str
    severity: str
    conditions: str = ""
    setting: Iterable[Mapping[str, str]] = ()
    hits: int | None = None
    trials: int | None = None
    also: Iterable[Mapping[str, str]] = ()
    cvss_vector: str = ""
    severity_reason: str = ""
    harm: str = Harm.NOT_JUDGED
    harm_note: str = ""
    confidence: str = Confidence.NOT_STATED
    technique: str = ""
    reproduction: str = ""
    finding_class: str = ""
    embargo_until: dt.datetime | None = None
    embargo_reason: str = ""


def finding_of(claim: Claim, *, fellowship: Fellowship, ref: str, by: Actor) -> Finding:
    """The finding, not yet saved. Refuses what cannot stand, at its field."""
    score = cvss_score(claim.cvss_vector)
    refuse(policy.severity_stands(claim.severity, score, claim.severity_reason))
    refuse(policy.embargo_stands(claim.embargo_until, claim.embargo_reason))
    about = "" if claim.finding_class == NOT_SURE else claim.finding_class
    refuse(names_a_class(about) if about else None)
    return Finding(
        fellowship=fellowship,
        program=fellowship.program,
        ref=ref,
        title=claim.title,
        claim=claim.claim,
        conditions=claim.conditions,
        setting=pairs(claim.setting, "value"),
        hits=claim.hits,
        trials=claim.trials,
        system=claim.system,
        system_version=claim.system_version,
        severity=claim.severity,
        severity_rank=SEVERITY_RANK[Severity(claim.severity)],
        cvss_vector=claim.cvss_vector,
        cvss_score=score,
        severity_reason=claim.severity_reason.strip(),
        harm=claim.harm,
        harm_note=claim.harm_note.strip(),
        confidence=claim.confidence,
        technique=claim.technique,
        finding_class=about,
        reproduction=claim.reproduction,
        embargo_until=claim.embargo_until,
        embargo_reason=claim.embargo_reason.strip(),
        reported_by=by if isinstance(by, User) else fellowship.fellow,
    )


def others_of(finding: Finding, claim: Claim) -> list[AffectedSystem]:
    """The other systems it affects, each once and none of them the first, not yet saved."""
    found = dict.fromkeys((row["name"], row["version"]) for row in pairs(claim.also, "version"))
    found.pop((finding.system, finding.system_version), None)
    return [AffectedSystem(finding=finding, name=name, version=version) for name, version in found]


def attach(
    finding: Finding,
    *,
    evidence: Iterable[Artifact] = (),
    datasets: Iterable[Dataset] = (),
    events: Iterable[AccessEvent] = (),
) -> None:
    """Write down what the claim rests on, each once."""
    for artifact in dict.fromkeys(evidence):
        FindingEvidence.objects.create(finding=finding, artifact=artifact)
    for dataset in dict.fromkeys(datasets):
        FindingDataset.objects.create(finding=finding, dataset=dataset)
    for event in dict.fromkeys(events):
        label = say(
            "{kind} of {dataset_name}",
            kind=event.get_kind_display(),
            dataset_name=event.dataset_name or say("no dataset"),
        )
        FindingEvent.objects.create(finding=finding, event=event.pk, at=event.at, label=label[:250])


def pairs(rows: Iterable[Mapping[str, str]], second: str) -> list[dict[str, str]]:
    """Named rows as they are kept: stripped, without those that name nothing."""
    kept = ({key: str(row.get(key) or "").strip() for key in ("name", second)} for row in rows)
    return [row for row in kept if row["name"]]


def cvss_score(vector: str) -> Decimal | None:
    """The CVSS 4.0 base score of a vector; None for none. Refuses a vector that is not one."""
    if not vector:
        return None
    try:
        return Decimal(str(CVSS4(vector).base_score))
    except (CVSS4Error, ValueError, KeyError) as error:
        refuse(
            Refusal(
                "cvss", say("This is no CVSS 4.0 vector: {error}", error=error), field="cvss_vector"
            )
        )
        raise AssertionError from error
