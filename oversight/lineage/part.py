"""A part of a case's graph, bounded whatever the size of the case.

So many chains, so many records beside and below them, and a node that stands for what is left out.
The whole graph is what the formats are for. One query for each kind of record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet

from access.models import Output, Release, ReleaseRequest
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from findings import embargoes
from findings.models import Artifact, Control, Finding, FindingEvidence, Measurement
from oversight.lineage.chains import Asked, Data
from oversight.lineage.graph import Node
from oversight.lineage.records import (
    SUBJECTS,
    Answer,
    Chain,
    Made,
    Records,
    Work,
    decisions_about,
    exceptions_for,
    made_from,
)
from publications.models import Publication, Source
from scoping.models import Fellowship

BELOW: Final = 60
"""Rows read below the findings of a page: artifacts with sources, controls with measurements."""
BESIDE: Final = 10
"""Datasets, artifacts, publications, decisions and exceptions beside the chains, of each kind."""


def records(
    fellowship: Fellowship,
    asked: Asked,
    data: Data,
    findings: Sequence[Finding],
    reader: Any = None,
) -> Records:
    """What is drawn for these findings as `reader` reads them, in a fixed number of queries."""
    keys = [finding.pk for finding in findings]
    made = Records(fellowship, withheld=embargoes.of_case(fellowship, reader))
    evidence, used = _evidence(made, keys)
    answers = _answers(made, keys)
    made.chains = [
        Chain(f, made.withheld.results_of(f, evidence.get(f.pk, [])), answers.get(f.pk, []))
        for f in findings
    ]
    others = _others(made, asked, used)
    artifacts = sorted([*used.values(), *others], key=lambda one: one.artifact.pk)
    works = _works(made, asked, keys)
    made.artifacts, made.works = artifacts, works
    made.made_from = made_from(works)
    _data(made, asked, data, artifacts, works)
    drawn = [answer.control.pk for chain in made.chains for answer in chain.answers]
    given = [dataset.pk for dataset in made.datasets]
    about = (keys, [work.publication.pk for work in works], drawn, given)
    asked_about = [ids or [_NONE] for ids in about]
    made.decisions = _decided(*asked_about)
    made.exceptions = _excepted(*asked_about)
    return made


@read
def _decided(
    findings: list[int], works: list[int], controls: list[int], datasets: list[int]
) -> QuerySet[Any]:
    about = dict(zip(SUBJECTS, (findings, works, controls, datasets), strict=True))
    return decisions_about(about).only(*_DECIDED)[:BESIDE]


@read
def _excepted(
    findings: list[int], works: list[int], controls: list[int], datasets: list[int]
) -> QuerySet[Any]:
    about = dict(zip(SUBJECTS, (findings, works, controls, datasets), strict=True))
    return exceptions_for(about).only(*_EXCEPTED)[:BESIDE]


_DECIDED: Final = (
    "outcome",
    "decided_at",
    "matter__ref",
    "matter__subject_type",
    "matter__subject_id",
)
_EXCEPTED: Final = (
    *("ref", "title", "created_at", "subject_type", "subject_id", "extends_id"),
    *(f"decision__{name}" for name in ("outcome", "decided_at", "matter__ref")),
)
_ARTIFACT: Final = ("id", "name", "sha256", "created_at", "sources__dataset_id")


def _evidence(made: Records, keys: list[int]) -> tuple[dict[int, list[int]], dict[int, Made]]:
    """The artifacts each finding rests on, and those artifacts with their sources."""
    found: dict[int, list[int]] = {}
    used: dict[int, Made] = {}
    for finding_id, *values in _most(made, "artifact", _rested(keys), BELOW):
        artifact = _made(used, values)
        if artifact not in found.setdefault(finding_id, []):
            found[finding_id].append(artifact)
    return found, used


@read
def _rested(findings: list[int]) -> QuerySet[Any, Any]:
    rows = FindingEvidence.objects.filter(finding_id__in=findings).order_by("id")
    names = ("finding_id", *(f"artifact__{name}" for name in _ARTIFACT))
    return rows.values_list(*names)[: BELOW + 1]


def _others(made: Records, asked: Asked, used: dict[int, Made]) -> list[Made]:
    """Artifacts no chain of the page rests on: of the dataset asked for, of all if none is."""
    given = (made.fellowship.pk, list(used) or [_NONE])
    if asked.dataset:
        rows = _unused_from(*given, asked.dataset.pk)
    elif asked.narrowed:
        return []
    else:
        rows = _unused(*given)
    found: dict[int, Made] = {}
    for values in _most(made, "artifact", rows, BESIDE):
        _made(found, list(values))
    return list(found.values())


_NONE: Final = 0
"""The key of no record."""


@read
def _unused(fellowship: int, used: list[int]) -> QuerySet[Any, Any]:
    rows = Artifact.objects.filter(fellowship_id=fellowship).exclude(pk__in=used)
    return rows.order_by("id").values_list(*_ARTIFACT)[: BESIDE + 1]


@read
def _unused_from(fellowship: int, used: list[int], dataset: int) -> QuerySet[Any, Any]:
    rows = Artifact.objects.filter(fellowship_id=fellowship).exclude(pk__in=used)
    rows = rows.filter(sources__dataset_id=dataset)
    return rows.order_by("id").values_list(*_ARTIFACT)[: BESIDE + 1]


def _made(found: dict[int, Made], values: list[Any]) -> int:
    """Take in an artifact, or one more source of it; its key."""
    pk, name, sha256, created_at, dataset_id = values
    if pk not in found:
        found[pk] = Made(Artifact(id=pk, name=name, sha256=sha256, created_at=created_at), [])
    if dataset_id and dataset_id not in found[pk].dataset_ids:
        found[pk].dataset_ids.append(dataset_id)
    return int(pk)


_MEASURED: Final = (
    *("id", "metric_id", "phase", "counted", "hits", "trials"),
    *("exposure", "durations", "mean", "spread", "measured_at"),
)


def _answers(made: Records, keys: list[int]) -> dict[int, list[Answer]]:
    """The controls of each finding with their measurements, those of the newest control first."""
    own = _CONTROL
    found: dict[int, Answer] = {}
    for values in _most(made, "control", _built(keys), BELOW):
        pk = values[0]
        if pk not in found:
            found[pk] = Answer(Control(**dict(zip(own, values, strict=False))), [])
        if values[len(own)]:
            measurement = dict(zip(_MEASURED, values[len(own) :], strict=True))
            found[pk].measurements.append(Measurement(**measurement))
    by_finding: dict[int, list[Answer]] = {}
    for answer in found.values():
        by_finding.setdefault(answer.control.finding_id, []).append(answer)
    return by_finding


_CONTROL: Final = ("id", "finding_id", "ref", "title", "state", "deployed_at", "created_at")


@read
def _built(findings: list[int]) -> QuerySet[Any, Any]:
    rows = Control.objects.filter(finding_id__in=findings)
    names = (*_CONTROL, *(f"metrics__measurements__{name}" for name in _MEASURED))
    return rows.order_by("-id", "metrics__measurements__id").values_list(*names)[: BELOW + 1]


def _works(made: Records, asked: Asked, keys: list[int]) -> list[Work]:
    """Publications: all of the case, the newest; narrowed, those that use what is drawn."""
    rows = Publication.objects.filter(fellowship=made.fellowship)
    if asked.publication:
        rows = rows.filter(pk=asked.publication.pk)
    elif asked.dataset:
        cited = Source.objects.filter(Q(finding__in=keys) | Q(dataset=asked.dataset))
        rows = rows.filter(pk__in=cited.values("publication_id"))
    elif asked.narrowed:
        cited = Source.objects.filter(finding__in=keys)
        rows = rows.filter(pk__in=cited.values("publication_id"))
    own = _WORK
    read_of = _used_by(rows) if asked.narrowed else _written(made.fellowship.pk)
    found: dict[int, Work] = {}
    for row in _most(made, "publication", read_of, BELOW):
        pk, values = row[0], row[len(own) :]
        if pk not in found:
            found[pk] = Work(Publication(**dict(zip(own, row, strict=False))), [])
        if not any(values[: len(_SOURCE)]):
            continue
        source = Source(**dict(zip(_SOURCE, values, strict=False)))
        if source.release_id:
            source.release = _released(source.release_id, values[len(_SOURCE) :])
        found[pk].sources.append(source)
    return sorted(found.values(), key=lambda work: work.publication.pk)


_WORK: Final = (
    *("id", "ref", "title", "state", "submitted_at", "created_at"),
    *("silence_releases", "window_ends_at"),
)


def _used_by(rows: Any) -> QuerySet[Any, Any]:
    names = (*_WORK, *(f"sources__{name}" for name in (*_SOURCE, *_RELEASED)))
    return rows.order_by("-id", "sources__id").values_list(*names)[: BELOW + 1]  # type: ignore[no-any-return]


@read
def _written(fellowship: int) -> QuerySet[Any, Any]:
    return _used_by(Publication.objects.filter(fellowship_id=fellowship))


_SOURCE: Final = ("finding_id", "dataset_id", "artifact_id", "release_id")
_RELEASED: Final = tuple(
    f"release__{name}"
    for name in ("sha256", "released_at", "output__name", "request__ref", "request_id")
)


def _released(pk: int, values: Sequence[Any]) -> Release:
    sha256, released_at, name, ref, request_id = values
    output, request = Output(name=name), ReleaseRequest(id=request_id, ref=ref)
    return Release(id=pk, sha256=sha256, released_at=released_at, output=output, request=request)


def _data(
    made: Records,
    asked: Asked,
    data: Data,
    artifacts: Sequence[Made],
    works: Sequence[Work],
) -> None:
    """Datasets, their accesses and the decisions that opened them, those of the chains first."""
    needed = {pk for one in artifacts for pk in one.dataset_ids}
    if asked.dataset:
        needed = {asked.dataset.pk}
    elif asked.publication:
        needed |= {s.dataset_id for work in works for s in work.sources if s.dataset_id}
    known = data.datasets
    if asked.narrowed and (needed or artifacts):
        known = [dataset for dataset in known if dataset.pk in needed]
    drawn = sorted(known, key=lambda dataset: dataset.pk not in needed)
    ids = {dataset.pk for dataset in drawn[: max(BESIDE, len(needed))]}
    if len(drawn) > len(ids):
        _more(made, "dataset")
    made.datasets = [dataset for dataset in known if dataset.pk in ids]
    made.reads = [read for read in data.reads if read.dataset_id in ids]
    opened = [g for g in data.grants if g.decision_id and g.dataset_id in ids]
    made.grants = opened[-BESIDE:]


def _most(made: Records, kind: str, rows: Iterable[Any], most: int) -> Iterable[Any]:
    """The rows but for the last of more than may be drawn, which a node then stands for."""
    found = list(rows)
    if len(found) > most:
        _more(made, kind)
    return found[:most]


def _more(made: Records, kind: str) -> None:
    node = Node(f"rest.{kind}", kind, say("More"), say("in the whole graph"))
    if node not in made.rest:
        made.rest.append(node)
