"""A programme's findings and exceptions as an OSCAL plan of action and milestones (POA&M).

One item and one risk for each finding that asks for something and for each live exception that is
about no finding; observations say what was seen and measured, remediations what is done about it.
Left out are findings that are rejected, duplicates or exploratory: nothing follows from them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final

from django.db.models import Q, QuerySet

from fellowship.accounts.models import Actor, User
from fellowship.kernel.snapshots import snapshot
from fellowship.programs.models import Program
from findings import embargoes
from findings.embargoes import Withheld
from findings.exports import oscal
from findings.exports.oscal import identity, line, props
from findings.models import Artifact, Control, Finding, FindingQuerySet, Measurement
from findings.portfolio.view import standing
from findings.states import ControlState, FindingState, cvss_band
from governance.models import ExceptionRecord
from governance.models.exceptions import ExceptionQuerySet
from governance.states import ExceptionState

CHUNK: Final = 500
ATLAS: Final = "https://atlas.mitre.org"
CVSS: Final = "https://www.first.org/cvss/v4-0"
SUBJECT: Final = Finding._meta.label_lower


class NothingPlanned(ValueError):
    """There is no finding or exception to plan for: OSCAL has no empty plan."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many of what went into a plan."""

    items: int
    risks: int
    observations: int


def write(
    target: IO[bytes],
    program: Program,
    findings: FindingQuerySet,
    exceptions: ExceptionQuerySet,
    *,
    at: dt.datetime,
    reader: Actor,
) -> Written:
    """Write the plan of `program` as it stands at `at`: those that stand among `findings`, and
    `exceptions`, both as far as `reader` sees them. In bounded memory, one state throughout.

    What an embargo keeps from `reader` is left out, and the plan says so in its place.

    Raises NothingPlanned where neither holds anything.
    """
    with snapshot():
        plan = _Plan(program, standing(findings.filter(program=program)), exceptions, at, reader)
        return plan.write(target)


class _Plan:
    def __init__(
        self,
        program: Program,
        findings: FindingQuerySet,
        exceptions: ExceptionQuerySet,
        at: dt.datetime,
        reader: Actor,
    ) -> None:
        self.program, self.at = program, at
        self.rows = findings.order_by("id")
        self.withheld = embargoes.among(self.rows, reader, at)
        about = exceptions.filter(program=program)
        self.asked = about.filter(Q(pk__in=about.live(at)) | Q(state=ExceptionState.REQUESTED))
        self.others = self.asked.exclude(subject_type=SUBJECT).order_by("id")

    def write(self, target: IO[bytes]) -> Written:
        """Every member, in the order of the schema."""
        if not (self.rows.exists() or self.others.exists()):
            raise NothingPlanned("there is no open finding and no exception to plan for")
        doc = oscal.Document(target, "plan-of-action-and-milestones")
        doc.member("uuid", identity("plan", f"{self.program.slug}/{oscal.at(self.at)}"))
        doc.member("metadata", self._metadata())
        doc.member(
            "system-id", {"identifier-type": "http://ietf.org/rfc/rfc4122", "id": self._system()}
        )
        doc.array("local-definitions", self._components(), inner="components")
        observations = doc.array("observations", self._observations())
        risks = doc.array("risks", self._risks())
        items = doc.array("poam-items", self._items())
        doc.array("back-matter", self._resources(), inner="resources")
        doc.end()
        return Written(items, risks, observations)

    def _system(self) -> str:
        return identity("programme", self.program.slug)

    def _metadata(self) -> dict[str, Any]:
        when = oscal.at(self.at)
        return {
            "title": line(f"{self.program.name}: findings and exceptions"),
            "last-modified": when,
            "version": when,
            "oscal-version": oscal.VERSION,
            "roles": [
                {"id": "reporter", "title": "Who reported it"},
                {"id": "owner", "title": "Who answers for it"},
            ],
            "parties": [
                {"uuid": self._system(), "type": "organization", "name": line(self.program.name)},
                *(
                    {"uuid": _party(person), "type": "person", "name": line(person)}
                    for person in self._people()
                ),
            ],
        }

    def _people(self) -> Iterator[User]:
        keys: set[int] = set()
        for rows, name in (
            (self.rows, "reported_by"),
            (self.rows, "product_owner"),
            (Control.objects.filter(finding__in=self.rows), "owner"),
            (self._measurements(), "measured_by"),
            (self.asked, "owner"),
            (self.asked, "approved_by"),
        ):
            keys.update(rows.order_by().values_list(name, flat=True).distinct())
        return User.objects.filter(pk__in=keys - {None}).order_by("pk").iterator(chunk_size=CHUNK)

    def _findings(self, *related: str) -> Iterator[Finding]:
        return self.rows.prefetch_related(*related).iterator(chunk_size=CHUNK)

    def _components(self) -> Iterator[dict[str, Any]]:
        found = self.rows.order_by("system", "system_version").distinct()
        for name, version in found.values_list("system", "system_version"):
            yield {
                "uuid": _component(name, version),
                "type": "software",
                "title": line(f"{name} {version}"),
                "description": line(f"{name}, version {version}, as findings name it."),
                **props(version=version),
                "status": {"state": "operational"},
            }

    def _observations(self) -> Iterator[dict[str, Any]]:
        for finding in self._findings("evidence__artifact", "reported_by"):
            yield _observed(finding, self.withheld)
        for measurement in self._measurements().iterator(chunk_size=CHUNK):
            yield _counted(measurement)

    def _measurements(self) -> QuerySet[Measurement]:
        counted = Measurement.objects.filter(metric__control__finding__in=self.rows)
        related = ("metric__control__finding", "measured_by")
        return counted.select_related(*related).order_by("id")

    def _risks(self) -> Iterator[dict[str, Any]]:
        rows = self._findings("controls__owner", "controls__metrics__measurements", "reported_by")
        while some := list(islice(rows, CHUNK)):
            excepted = self._exceptions(some)
            for finding in some:
                yield _risk(finding, excepted[finding.pk], self.at, self.withheld)
        for exception in self.others.select_related("owner").iterator(chunk_size=CHUNK):
            yield _excepted(exception, self.at)

    def _exceptions(self, some: Sequence[Finding]) -> dict[int, list[ExceptionRecord]]:
        found: dict[int, list[ExceptionRecord]] = defaultdict(list)
        about = self.asked.filter(subject_type=SUBJECT, subject_id__in=[f.pk for f in some])
        for exception in about.select_related("owner").order_by("id"):
            found[exception.subject_id].append(exception)
        return found

    def _items(self) -> Iterator[dict[str, Any]]:
        for finding in self._findings("product_owner", "reported_by"):
            yield _item(finding, self.withheld)
        for exception in self.others.iterator(chunk_size=CHUNK):
            yield {
                "uuid": identity("item", exception.ref),
                "title": line(f"{exception.ref} {exception.title}"),
                "description": exception.rationale,
                **props(reference=exception.ref, exception_kind=exception.kind),
                "related-risks": [{"risk-uuid": identity("risk", exception.ref)}],
            }

    def _resources(self) -> Iterator[dict[str, Any]]:
        used = Artifact.objects.filter(supports__finding__in=self.rows).order_by("id").distinct()
        for artifact in used.exclude(pk__in=self.withheld.results).iterator(chunk_size=CHUNK):
            yield {
                "uuid": _resource(artifact),
                "title": line(artifact.name),
                **props(kind=artifact.kind),
                "rlinks": [
                    {
                        "href": f"urn:sha256:{artifact.sha256}",
                        "hashes": [{"algorithm": "SHA-256", "value": artifact.sha256}],
                    }
                ],
            }


def _party(person: User) -> str:
    return identity("party", person.pk)


def _component(name: str, version: str) -> str:
    return identity("component", f"{name}\n{version}")


def _resource(artifact: Artifact) -> str:
    return identity("artifact", artifact.pk)


def _actor(person: User, role: str) -> dict[str, Any]:
    actor = {"type": "party", "actor-uuid": _party(person), "role-id": role}
    return {"actors": [actor]}


def _claim(finding: Finding, withheld: Withheld) -> str:
    return withheld.claims.get(finding.pk, finding.claim)


def _observed(finding: Finding, withheld: Withheld) -> dict[str, Any]:
    """What the fellow saw, with its evidence; of a claim under embargo, that it was seen."""
    closed = finding.pk in withheld.claims
    evidence = [
        {"href": f"#{_resource(e.artifact)}", "description": line(e.artifact.name)}
        for e in finding.evidence.all()
        if not closed
    ]
    return {
        "uuid": identity("observation", finding.ref),
        "title": line(finding.title),
        "description": _claim(finding, withheld),
        **props(
            reference=finding.ref,
            hits=None if closed else finding.hits,
            trials=None if closed else finding.trials,
        ),
        "methods": ["TEST"],
        "types": ["finding"],
        "origins": [_actor(finding.reported_by, "reporter")],
        "subjects": [
            {
                "subject-uuid": _component(finding.system, finding.system_version),
                "type": "component",
            }
        ],
        **({"relevant-evidence": evidence} if evidence else {}),
        "collected": oscal.at(finding.reported_at),
        **({"remarks": finding.conditions} if finding.conditions and not closed else {}),
    }


def _counted(measurement: Measurement) -> dict[str, Any]:
    """What was counted for a control on one side of its deployment: never a bare rate."""
    control = measurement.metric.control
    return {
        "uuid": identity("count", measurement.pk),
        "title": line(
            f"{control.ref}, {measurement.get_phase_display().lower()}: {measurement.said}"
        ),
        "description": line(f"{measurement.metric}: {measurement.said}."),
        **props(
            control=control.ref,
            phase=measurement.phase,
            counted=measurement.counted,
            hits=measurement.hits,
            trials=measurement.trials,
            exposure=measurement.exposure,
        ),
        "methods": ["TEST"],
        "types": ["mitigation"],
        "origins": [_actor(measurement.measured_by, "owner")],
        "subjects": [
            {
                "subject-uuid": _component(control.finding.system, control.finding.system_version),
                "type": "component",
            }
        ],
        "collected": oscal.at(measurement.measured_at),
    }


def _risk(
    finding: Finding,
    exceptions: Sequence[ExceptionRecord],
    at: dt.datetime,
    withheld: Withheld,
) -> dict[str, Any]:
    live = [e for e in exceptions if e.state != ExceptionState.REQUESTED]
    entries = [_granted(e) for e in live]
    remediations = [_remediation(c) for c in finding.controls.all()]
    return {
        "uuid": identity("risk", finding.ref),
        "title": line(finding.title),
        "description": _claim(finding, withheld),
        "statement": finding.rationale or _claim(finding, withheld),
        **props(
            reference=finding.ref,
            disposition=finding.state,
            mapping=finding.mapping,
            closure=finding.closure,
            overdue="yes" if finding.overdue_at(at) else "",
        ),
        "status": _status(finding, exceptions, live),
        **_threats(finding),
        "characterizations": [
            {
                "origin": _actor(finding.reported_by, "reporter"),
                "facets": _facets(finding, closed=finding.pk in withheld.claims),
            }
        ],
        **({"mitigating-factors": [_mitigation(e) for e in live]} if live else {}),
        **({"deadline": oscal.at(finding.due_at)} if finding.due_at else {}),
        **({"remediations": remediations} if remediations else {}),
        **({"risk-log": {"entries": entries}} if entries else {}),
        "related-observations": [
            {"observation-uuid": identity("observation", finding.ref)},
            *(
                {"observation-uuid": identity("count", counted.pk)}
                for control in finding.controls.all()
                for counted in control.counts()
            ),
        ],
    }


def _status(
    finding: Finding, exceptions: Sequence[ExceptionRecord], live: Sequence[ExceptionRecord]
) -> str:
    if live:
        return "deviation-approved"
    if exceptions:
        return "deviation-requested"
    return {
        FindingState.INVESTIGATING: "investigating",
        FindingState.ACCEPTED: "remediating",
        FindingState.CLOSED: "closed",
    }.get(FindingState(finding.state), "open")


def _threats(finding: Finding) -> dict[str, Any]:
    if not finding.technique:
        return {}
    known = f"{ATLAS}/techniques/{finding.technique}"
    return {"threat-ids": [{"system": ATLAS, "href": known, "id": known}]}


def _facets(finding: Finding, *, closed: bool) -> list[dict[str, str]]:
    facets = [{"name": "severity", "system": oscal.NS, "value": finding.severity}]
    if finding.cvss_vector and finding.cvss_score is not None and not closed:
        band = cvss_band(finding.cvss_score)
        facets += [
            {"name": "vector", "system": CVSS, "value": line(finding.cvss_vector)},
            {"name": "base-score", "system": CVSS, "value": str(finding.cvss_score)},
            {"name": "base-severity", "system": CVSS, "value": band.value if band else "none"},
        ]
    return facets


_LIFECYCLE: Final = {
    ControlState.PLANNED: "planned",
    ControlState.DEPLOYED: "completed",
    ControlState.VERIFIED: "completed",
    ControlState.WITHDRAWN: "recommendation",
}


def _remediation(control: Control) -> dict[str, Any]:
    """A control: what was planned, when it was deployed and verified."""
    steps = (("deployed", control.deployed_at), ("verified", control.verified_at))
    tasks = [
        {
            "uuid": identity("task", f"{control.ref}/{name}"),
            "type": "milestone",
            "title": f"Control {name}",
            "timing": {"on-date": {"date": oscal.at(when)}},
        }
        for name, when in steps
        if when is not None
    ]
    return {
        "uuid": identity("response", control.ref),
        "lifecycle": _LIFECYCLE[ControlState(control.state)],
        "title": line(f"{control.ref} {control.title}"),
        "description": control.description or control.title,
        **props(
            type="mitigate",
            family=control.family,
            control_type=control.control_type,
            state=control.state,
            baseline_waived="yes" if control.baseline_waiver else "",
        ),
        "origins": [_actor(control.owner, "owner")],
        **({"tasks": tasks} if tasks else {}),
    }


def _mitigation(exception: ExceptionRecord) -> dict[str, Any]:
    return {
        "uuid": identity("mitigation", exception.ref),
        "description": exception.compensating_measure,
        **props(exception=exception.ref),
    }


def _granted(exception: ExceptionRecord) -> dict[str, Any]:
    return {
        "uuid": identity("granted", exception.ref),
        "title": line(f"{exception.ref} granted"),
        "description": exception.rationale,
        "start": oscal.at(exception.starts_at),
        "end": oscal.at(exception.expires_at),
        **props(exception=exception.ref, renewals=exception.renewals),
        "logged-by": [{"party-uuid": _party(exception.owner), "role-id": "owner"}],
        "status-change": "deviation-approved",
    }


def _excepted(exception: ExceptionRecord, at: dt.datetime) -> dict[str, Any]:
    """An exception about something else than a finding, as a risk that is carried for a time."""
    granted = exception.state != ExceptionState.REQUESTED
    return {
        "uuid": identity("risk", exception.ref),
        "title": line(f"{exception.subject_label}: {exception.title}"),
        "description": exception.rationale,
        "statement": exception.risk,
        **props(reference=exception.ref, exception_kind=exception.kind),
        "status": "deviation-approved" if granted else "deviation-requested",
        "origins": [_actor(exception.owner, "owner")],
        "mitigating-factors": [_mitigation(exception)],
        "deadline": oscal.at(exception.expires_at),
        **({"risk-log": {"entries": [_granted(exception)]}} if granted else {}),
    }


def _item(finding: Finding, withheld: Withheld) -> dict[str, Any]:
    owner = finding.product_owner
    return {
        "uuid": identity("item", finding.ref),
        "title": line(f"{finding.ref} {finding.title}"),
        "description": finding.rationale or _claim(finding, withheld),
        **props(reference=finding.ref, disposition=finding.state, owner=owner),
        "origins": [_actor(finding.reported_by, "reporter")],
        "related-observations": [{"observation-uuid": identity("observation", finding.ref)}],
        "related-risks": [{"risk-uuid": identity("risk", finding.ref)}],
    }
