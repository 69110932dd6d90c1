"""The graph, assembled from records. Asks the database nothing but what `graph` loads first."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.urls import NoReverseMatch

from access.models import Grant, Release
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from findings.embargoes import Withheld
from findings.models import Finding
from governance.models import Decision, ExceptionRecord
from oversight.lineage.graph import Graph, Node, key_of
from oversight.lineage.records import SUBJECTS, Answer, Chain, Read, Records, of_case
from publications.models import Source
from scoping.models import Fellowship


def graph(fellowship: Fellowship, reader: Any = None, at: dt.datetime | None = None) -> Graph:
    """The whole graph of one fellowship as `reader` reads it at `at`, in a fixed number of
    queries.
    """
    return assemble(of_case(fellowship, reader, at))


def assemble(records: Records) -> Graph:
    """The graph of these records, in the order of the chain; what stands beside it last."""
    found = Graph()
    _datasets(found, records)
    _artifacts(found, records)
    for chain in records.chains:
        _finding(found, chain, records.withheld)
    _publications(found, records)
    _openings(found, records)
    for label in SUBJECTS:
        _beside(found, records, label)
    for node in records.rest:
        found.add(node)
    return found


def _read_key(fellowship: Fellowship, dataset_id: int) -> str:
    return f"access.event:{fellowship.pk}:{dataset_id}"


def _datasets(found: Graph, records: Records) -> None:
    calendar = records.fellowship.program.calendar()
    for dataset in records.datasets:
        tier, url = dataset.get_tier_display(), _url("access:dataset", dataset.ref)
        found.add(Node(key_of(dataset), "dataset", dataset.name, tier, url))
    for read in records.reads:
        key = _read_key(records.fellowship, read.dataset_id)
        label = say("{count:,}{more} accesses", count=read.count, more="+" if read.more else "")
        node = Node(key, "access", label, _span(read, calendar), "", read.first)
        found.add(node, (f"access.dataset:{read.dataset_id}", say("was read")))


def _span(read: Read, calendar: WorkCalendar) -> str:
    first, last = calendar.day(read.first), calendar.day(read.last)
    return say("{first:%-d %b %Y} to {last:%-d %b %Y}", first=first, last=last)


def _artifacts(found: Graph, records: Records) -> None:
    for made in records.artifacts:
        artifact = made.artifact
        sources = [(_dataset(found, records, pk), "gave") for pk in made.dataset_ids]
        name, detail = artifact.name, say("sha256 {sha256}…", sha256=artifact.sha256[:12])
        if artifact.pk in records.withheld.results:
            name, detail = say("Withheld result"), records.withheld.results[artifact.pk]
        node = Node(key_of(artifact), "artifact", name, detail, "", artifact.created_at)
        found.add(node, *sources)


def _dataset(found: Graph, records: Records, pk: int) -> str:
    """A dataset as what came of it names it: by its accesses where there are any."""
    read = _read_key(records.fellowship, pk)
    return read if read in found.nodes else f"access.dataset:{pk}"


def _finding(found: Graph, chain: Chain, withheld: Withheld) -> None:
    finding = chain.finding
    url = _url("findings:detail", finding.ref)
    seen = withheld.claims.get(finding.pk) or _seen(finding)
    claim = found.add(
        Node(
            f"findings.claim:{finding.pk}", "claim", finding.title, seen, url, finding.reported_at
        ),
        *((f"findings.artifact:{pk}", "supports") for pk in chain.artifact_ids),
    )
    state = finding.get_state_display()
    found.add(
        Node(key_of(finding), "finding", finding.ref, state, url, finding.reported_at),
        (claim, say("is reported as")),
    )
    for answer in chain.answers:
        _answer(found, answer, key_of(finding))


def _seen(finding: Finding) -> str:
    share = finding.share
    return (
        say("{hits} of {trials} trials", hits=share.hits, trials=share.trials)
        if share
        else say("no count given")
    )


def _answer(found: Graph, answer: Answer, finding_key: str) -> None:
    control = answer.control
    url = _url("findings:control", control.ref)
    control_key = found.add(
        Node(
            key_of(control),
            "control",
            control.ref,
            f"{control.title} ({control.get_state_display().lower()})",
            url,
            control.deployed_at or control.created_at,
        ),
        (finding_key, say("is answered by")),
    )
    for measurement in answer.measurements:
        found.add(
            Node(
                key_of(measurement),
                "measurement",
                measurement.said,
                measurement.get_phase_display(),
                url,
                measurement.measured_at,
            ),
            (control_key, say("was measured")),
        )


def _publications(found: Graph, records: Records) -> None:
    for work in records.works:
        publication = work.publication
        sources = [_used(found, records, source) for source in work.sources]
        found.add(
            Node(
                key_of(publication),
                "publication",
                publication.ref,
                f"{publication.title} ({publication.said_state.lower()})",
                _url("publications:detail", publication.ref),
                publication.submitted_at or publication.created_at,
            ),
            *sources,
        )


def _used(found: Graph, records: Records, source: Source) -> tuple[str, str]:
    """What a work declares, and how it stands to it; a released output is drawn here."""
    if source.release:
        return _release(found, records, source.release), say("is used in")
    kind, key = source.key
    label = say("is published in") if kind == "finding" else say("is used in")
    return f"{USED[kind]}:{key}", label


def _release(found: Graph, records: Records, release: Release) -> str:
    """The released output; it came from the artifact of the same bytes, else from its datasets."""
    detail = say("sha256 {sha256}…", sha256=release.sha256[:12])
    url = _url("access:release", release.request.ref)
    made = [m.artifact for m in records.artifacts if m.artifact.sha256 == release.sha256]
    held = [records.withheld.results[a.pk] for a in made if a.pk in records.withheld.results]
    name, detail = (say("Withheld result"), held[0]) if held else (release.output.name, detail)
    node = Node(key_of(release), "release", name, detail, url, release.released_at)
    same = [key_of(artifact) for artifact in made]
    given = [_dataset(found, records, pk) for pk in records.made_from.get(release.request_id, ())]
    sources = [(key, say("was released as")) for key in same] or [(key, "gave") for key in given]
    return found.add(node, *sources)


USED: Final = {
    "dataset": "access.dataset",
    "finding": "findings.finding",
    "artifact": "findings.artifact",
}
"""What a source names, as its node is named."""


def _openings(found: Graph, records: Records) -> None:
    by_decision: dict[int, Grant] = {g.decision_id: g for g in records.grants if g.decision_id}
    for pk in sorted(by_decision):
        grant = by_decision[pk]
        if grant.decision:
            key = found.add(_decision(grant.decision))
            found.link(key, f"access.dataset:{grant.dataset_id}", "opened")


def _beside(found: Graph, records: Records, label: str) -> None:
    """Decisions about and exceptions for records of one kind."""
    for decision in records.decisions:
        if decision.matter.subject_type == label:
            about = f"{label}:{decision.matter.subject_id}"
            found.add(_decision(decision), (about, say("was decided in")))
    for exception in records.exceptions:
        if exception.subject_type == label:
            about = f"{label}:{exception.subject_id}"
            key = found.add(_exception(exception), (about, "is excepted by"))
            if exception.decision:
                found.link(found.add(_decision(exception.decision)), key, "granted")
            found.link(
                f"governance.exceptionrecord:{exception.extends_id}", key, say("is extended by")
            )


def _decision(decision: Decision) -> Node:
    return Node(
        key_of(decision),
        "decision",
        decision.matter.ref,
        decision.get_outcome_display(),
        _url("governance:matter", decision.matter.ref),
        decision.decided_at,
    )


def _exception(exception: ExceptionRecord) -> Node:
    return Node(
        key_of(exception),
        "exception",
        exception.ref,
        exception.title,
        _url("governance:exception", exception.ref),
        exception.created_at,
    )


def _url(name: str, key: object) -> str:
    try:
        return route_to(name, key)
    except NoReverseMatch:
        return ""
