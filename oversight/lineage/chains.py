"""Which chains of a case are drawn, and what each lacks first: by SQL, a page at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from access.models import AccessEvent, Dataset, Grant
from fellowship.kernel.prepared import read
from fellowship.web.tables import COUNT_LIMIT
from findings.models import (
    Artifact,
    ArtifactSource,
    Control,
    Finding,
    FindingEvidence,
    Measurement,
)
from oversight.lineage.records import Read
from publications.models import Publication, Source
from scoping.models import Fellowship

GRANTS: Final = 50
"""Grants of a case looked at, the newest; a chain from the data of any other counts as read."""
COUNTED: Final = 200
"""Accesses of one dataset counted to draw it: “200+” beyond."""
MOST: Final = COUNT_LIMIT
"""Findings looked at; whoever has more narrows, or takes the whole graph as a file."""
LINKS: Final = ("dataset", "access", "artifact", "control", "measurement")
"""What a finding's chain may lack, in the order of the chain."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which chains: all, or those of one finding, dataset, publication, or first missing link."""

    finding: Finding | None = None
    dataset: Dataset | None = None
    publication: Publication | None = None
    missing: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self != Asked()


@dataclass
class Data:
    """The grants of a case with their datasets, and how far each dataset was read."""

    grants: list[Grant]
    reads: list[Read] = field(default_factory=list)

    @property
    def datasets(self) -> list[Dataset]:
        """The datasets, the first granted first."""
        return list({grant.dataset_id: grant.dataset for grant in self.grants}.values())

    @property
    def unread(self) -> list[int]:
        """The datasets nothing was reported of."""
        read = {r.dataset_id for r in self.reads}
        return sorted({g.dataset_id for g in self.grants if g.dataset_id not in read})

    @property
    def missing(self) -> str:
        """What a chain lacks first that begins with no artifact."""
        if not self.grants:
            return "dataset"
        return "artifact" if self.reads else "access"


@dataclass(frozen=True, slots=True)
class Found:
    """The findings asked for by the first missing link of their chains, in the order of the chain.

    Whole chains stand last, under the empty name.
    """

    keys: Mapping[str, Sequence[int]]

    @property
    def ordered(self) -> list[int]:
        """All their keys, in that order."""
        return [pk for keys in self.keys.values() for pk in keys]

    @property
    def first(self) -> str:
        """The first missing link of any chain."""
        return next((gap for gap in self.keys if gap), "")

    @property
    def whole(self) -> int:
        """How many chains lack nothing."""
        return len(self.keys.get("", ()))

    def gap_of(self, pk: int) -> str:
        """What the chain of one of them lacks first."""
        return next(gap for gap, keys in self.keys.items() if pk in keys)


class _Rows(Subquery):
    """How many rows a subquery has, its limit counted."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def data_of(fellowship: Fellowship) -> Data:
    """Granted datasets, each with the span of its accesses and their number up to COUNTED."""
    data = Data(sorted(_grants(fellowship.pk), key=lambda grant: grant.pk))
    keys = sorted({grant.dataset_id for grant in data.grants})
    data.reads = [
        Read(pk, min(count, COUNTED), first, last, count > COUNTED)
        for pk, first, last, count in _reads(fellowship.pk, keys)
        if count
    ]
    return data


@read
def _grants(fellowship: int) -> QuerySet[Grant]:
    rows = Grant.objects.filter(fellowship_id=fellowship)
    grants = rows.select_related("dataset", "decision__matter").only(
        "dataset__ref",
        "dataset__name",
        "dataset__tier",
        "decision__outcome",
        "decision__decided_at",
        "decision__matter__ref",
    )
    return grants.order_by("-id")[:GRANTS]


@read
def _reads(fellowship: int, datasets: list[int]) -> QuerySet[Any, Any]:
    events = AccessEvent.objects.filter(fellowship_id=fellowship, dataset=OuterRef("pk"))
    newest = events.order_by("-at").values("at")
    instant: Any = DateTimeField()
    return (
        Dataset.objects.filter(pk__in=datasets)
        .order_by("pk")
        .values_list(
            "pk",
            Subquery(events.order_by("at").values("at")[:1], output_field=instant),
            Subquery(newest[:1], output_field=instant),
            _Rows(newest[: COUNTED + 1]),
        )
    )


def find(fellowship: Fellowship, asked: Asked, data: Data) -> Found:
    """The findings asked for, up to MOST, by what their chains lack first: one query."""
    found: dict[str, list[int]] = {gap: [] for gap in (*LINKS, "")}
    for pk, gap in _gaps(fellowship, asked, data):
        found[gap].append(pk)
    if asked.missing:
        found = {asked.missing: found[asked.missing]}
    return Found({gap: keys for gap, keys in found.items() if keys})


def _gaps(fellowship: Fellowship, asked: Asked, data: Data) -> Iterable[tuple[int, str]]:
    """Keys of the findings asked for, each with what its chain lacks first."""
    granted = [dataset.pk for dataset in data.datasets] or [_NONE]
    lacking = _Lacking(data.missing, bool(data.unread), len(data.grants) < GRANTS)
    keys = (fellowship.pk, granted, data.unread or [_NONE])
    if asked == Asked(missing=asked.missing):
        return _all(lacking)(*keys)
    rows: Any = _asked(fellowship, asked).order_by("pk")
    return rows.values_list("pk", lacking.gap(*keys))[:MOST]  # type: ignore[no-any-return]


_NONE: Final = 0
"""The key of no record."""


@functools.cache
def _all(lacking: _Lacking) -> Callable[[int, list[int], list[int]], list[tuple[int, str]]]:
    @read
    def rows(fellowship: int, granted: list[int], unread: list[int]) -> QuerySet[Any, Any]:
        found: Any = Finding.objects.filter(fellowship_id=fellowship).order_by("pk")
        gap = lacking.gap(fellowship, granted, unread)
        return found.values_list("pk", gap)[:MOST]  # type: ignore[no-any-return]

    return rows


def findings(keys: Sequence[int]) -> list[Finding]:
    """The findings of these keys, with what is drawn of them, in their order."""
    by_key = {finding.pk: finding for finding in _findings(list(keys))}
    return [by_key[pk] for pk in keys if pk in by_key]


@read
def _findings(keys: list[int]) -> QuerySet[Finding]:
    only = ("ref", "title", "state", "hits", "trials", "reported_at", "fellowship_id")
    return Finding.objects.filter(pk__in=keys).only(*only).order_by()


def _asked(fellowship: Fellowship, asked: Asked) -> QuerySet[Finding]:
    rows = Finding.objects.filter(fellowship=fellowship)
    if asked.finding:
        rows = rows.filter(pk=asked.finding.pk)
    if asked.dataset:
        made = ArtifactSource.objects.filter(artifact__fellowship=fellowship, dataset=asked.dataset)
        rows = rows.filter(pk__in=_supported(made.values("artifact_id")))
    if asked.publication:
        cited = Source.objects.filter(publication=asked.publication, finding__isnull=False)
        rows = rows.filter(pk__in=cited.values("finding_id"))
    return rows


def _supported(artifacts: Any) -> Any:
    return FindingEvidence.objects.filter(artifact__in=artifacts).values("finding_id")


@dataclass(frozen=True, slots=True)
class _Lacking:
    """What a chain without an artifact lacks; whether some data was not read, and how many grants
    there are: what the condition is made of, apart from keys.
    """

    missing: str
    unread: bool
    few: bool

    def gap(self, fellowship: int, granted: Sequence[int], unread: Sequence[int]) -> Case:
        """The first missing link of a finding's chain, or nothing where it is whole.

        A chain without an artifact begins with nothing; then the case's own first gap is its gap.
        """
        of_case: Any = Grant.objects.filter(fellowship_id=fellowship).values("dataset_id")
        artifacts = Artifact.objects.filter(fellowship_id=fellowship).values("pk")
        made = ArtifactSource.objects.filter(
            artifact__fellowship_id=fellowship, dataset_id__in=granted if self.few else of_case
        )
        seen = made.exclude(dataset_id__in=unread)
        controls = Control.objects.filter(finding__fellowship_id=fellowship)
        measured = Measurement.objects.filter(metric__control__finding__fellowship_id=fellowship)
        conditions: list[tuple[Any, str]] = [
            (~Q(pk__in=_supported(artifacts)), self.missing),
            (~Q(pk__in=_supported(made.values("artifact_id"))), "dataset"),
            (~Q(pk__in=controls.values("finding_id")), "control"),
            (~Q(pk__in=measured.values("metric__control__finding_id")), "measurement"),
        ]
        if self.unread:
            conditions.insert(2, (~Q(pk__in=_supported(seen.values("artifact_id"))), "access"))
        cases = (When(lacking, then=Value(link)) for lacking, link in conditions)
        return Case(*cases, default=Value(""), output_field=CharField())
