"""What a graph is made of: the records of a whole case, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Max, Min, Prefetch, QuerySet

from access.models import AccessEvent, Dataset, Grant, ReleaseSource
from fellowship.kernel.subjects import about
from findings.embargoes import Withheld
from findings.embargoes import of_case as withheld_of
from findings.models import Artifact, Control, Finding, Measurement
from governance.models import Decision, ExceptionRecord
from oversight.lineage.graph import Node
from publications.models import Publication, Source
from scoping.models import Fellowship

SUBJECTS: Final = (
    "findings.finding",
    "publications.publication",
    "findings.control",
    "access.dataset",
)
"""What decisions and exceptions stand beside, in the order they are added."""


@dataclass(frozen=True, slots=True)
class Read:
    """The reported accesses of one dataset. `more`: there are others that were not counted."""

    dataset_id: int
    count: int
    first: dt.datetime
    last: dt.datetime
    more: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """An artifact and the datasets it was made from."""

    artifact: Artifact
    dataset_ids: list[int]


@dataclass(frozen=True, slots=True)
class Answer:
    """A control and its measurements."""

    control: Control
    measurements: list[Measurement]


@dataclass(frozen=True, slots=True)
class Chain:
    """A finding, the artifacts that support it, and what answers it."""

    finding: Finding
    artifact_ids: Sequence[int]
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Work:
    """A publication and what it declares it uses."""

    publication: Publication
    sources: list[Source]


@dataclass
class Records:
    """The records of a graph, or of a part of one.

    `grants` are those a decision opened; `rest` stands for what a part leaves out; `made_from`
    holds the datasets behind what was released, by the key of the request; `withheld` is what an
    embargo keeps from whoever reads it.
    """

    fellowship: Fellowship
    datasets: Iterable[Dataset] = ()
    reads: Iterable[Read] = ()
    artifacts: Iterable[Made] = ()
    chains: Iterable[Chain] = ()
    works: Iterable[Work] = ()
    made_from: Mapping[int, Sequence[int]] = field(default_factory=dict)
    grants: Iterable[Grant] = ()
    decisions: Iterable[Decision] = ()
    exceptions: Iterable[ExceptionRecord] = ()
    rest: list[Node] = field(default_factory=list)
    withheld: Withheld = field(default_factory=Withheld)


def of_case(fellowship: Fellowship, reader: Any = None, at: dt.datetime | None = None) -> Records:
    """All of them, as far as `reader` reads them; None reads what everybody reads."""
    withheld = withheld_of(fellowship, reader, at)
    grants = Grant.objects.filter(fellowship=fellowship).order_by("id")
    granted = list(grants.select_related("dataset", "decision__matter"))
    artifacts = Artifact.objects.filter(fellowship=fellowship).order_by("id")
    findings = Finding.objects.filter(fellowship=fellowship).order_by("id")
    works = Publication.objects.filter(fellowship=fellowship).order_by("id")
    about = {
        SUBJECTS[0]: findings.order_by().values("pk"),
        SUBJECTS[1]: works.order_by().values("pk"),
        SUBJECTS[2]: Control.objects.filter(finding__fellowship=fellowship).values("pk"),
        SUBJECTS[3]: [grant.dataset_id for grant in granted],
    }
    prepared = works.prefetch_related(Prefetch("sources", queryset=with_releases()))
    drawn = [Work(work, list(work.sources.all())) for work in prepared]
    return Records(
        fellowship=fellowship,
        datasets=list({grant.dataset_id: grant.dataset for grant in granted}.values()),
        reads=list(_reads(fellowship)),
        artifacts=[
            Made(artifact, [source.dataset_id for source in artifact.sources.all()])
            for artifact in artifacts.prefetch_related("sources")
        ],
        chains=[
            _chain(finding, withheld)
            for finding in findings.prefetch_related("evidence", "controls__metrics__measurements")
        ],
        works=drawn,
        made_from=made_from(drawn),
        grants=[grant for grant in granted if grant.decision_id],
        decisions=list(decisions_about(about)),
        exceptions=list(exceptions_for(about)),
        withheld=withheld,
    )


def with_releases() -> QuerySet[Source]:
    """Sources with what is drawn of released outputs."""
    return Source.objects.select_related("release__output", "release__request").only(
        *("publication_id", "dataset_id", "finding_id", "artifact_id"),
        *("release__sha256", "release__released_at", "release__output__name"),
        "release__request__ref",
        "release__request_id",
    )


def made_from(works: Iterable[Work]) -> Mapping[int, Sequence[int]]:
    """The datasets what these works use of released outputs was made from, by request."""
    asked = {s.release.request_id for work in works for s in work.sources if s.release}
    found: dict[int, list[int]] = {}
    if asked:
        rows = ReleaseSource.objects.filter(request__in=asked).order_by("id")
        for request_id, dataset_id in rows.values_list("request_id", "dataset_id"):
            found.setdefault(request_id, []).append(dataset_id)
    return found


def _chain(finding: Finding, withheld: Withheld) -> Chain:
    return Chain(
        finding,
        withheld.results_of(finding, (e.artifact_id for e in finding.evidence.all())),
        [Answer(control, control.counts()) for control in finding.controls.all()],
    )


def _reads(fellowship: Fellowship) -> Iterable[Read]:
    counted = (
        AccessEvent.objects.filter(fellowship=fellowship, dataset__isnull=False)
        .values_list("dataset_id")
        .annotate(n=Count("id"), first=Min("at"), last=Max("at"))
        .order_by("dataset_id")
    )
    return (Read(pk, n, first, last) for pk, n, first, last in counted)


def decisions_about(subjects: dict[str, Any]) -> QuerySet[Decision]:
    """The board's decisions about these records, the ids by model label."""
    rows = Decision.objects.filter(about(subjects, by="matter__"))
    return rows.select_related("matter").order_by("id")


def exceptions_for(subjects: dict[str, Any]) -> QuerySet[ExceptionRecord]:
    """The exceptions asked for these records, the ids by model label."""
    rows = ExceptionRecord.objects.filter(about(subjects)).select_related("decision__matter")
    return rows.order_by("id")
