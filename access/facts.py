"""What a decision rests on, loaded once and held in memory: grants, scopes, trainings, suspensions.

Every fact is a half-open span of time, so that one function decides for now, for the past and for a
million reported events alike. Three queries, whatever the number of people and datasets.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from access import handling, spans
from access.models import Grant
from access.states import TIERS
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from governance.models import RuleVersion
from scoping import stages
from scoping.models import Fellowship, ScopeOfWork
from scoping.stages import STAGED, Terms
from scoping.states import WORKING, FellowshipState, ScopeState

ALWAYS: Final = dt.datetime.max.replace(tzinfo=dt.UTC)
"""The end of what has no end."""
NEVER: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
"""The beginning of what has no beginning."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `until`, which is excluded; `label` says what it is, `ref` which record."""

    since: dt.datetime
    until: dt.datetime
    label: str = ""
    ref: str = ""

    def holds(self, at: dt.datetime) -> bool:
        """Whether `at` lies in it."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class ScopeFacts:
    """One signed version of a scope of work, or one stage of it, while it was in force."""

    span: Span
    number: int
    datasets: frozenset[str]
    operations: frozenset[str]
    tier_rank: int
    environment: str

    @property
    def label(self) -> str:
        """How decisions name it: “Scope of work v2”, with its stage where the version has some."""
        return say("Scope of work {label}", label=self.span.label)


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What of a dataset decides: its keys, its tier over time and its name over time."""

    pk: int
    ref: str
    slug: str
    tiers: list[Span]
    called: list[Span]

    @property
    def name(self) -> str:
        """Its name of today."""
        return self.called[-1].label

    def tier_at(self, at: dt.datetime) -> Span:
        """The tier in force at `at`, as the label of its span."""
        return next(span for span in self.tiers if span.holds(at))

    def names_at(self, at: dt.datetime) -> frozenset[str]:
        """What a document of that time may have called it."""
        name = next(span.label for span in self.called if span.holds(at))
        return frozenset((self.ref, self.slug, name))


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """One grant with its agreement and the handling of its dataset's tier."""

    pk: int
    ref: str
    fellowship_id: int
    program_id: int
    request_id: int
    person_id: int
    dataset: DatasetFacts
    operations: frozenset[str]
    span: Span
    accepted_at: dt.datetime | None
    revoked_at: dt.datetime | None
    agreement: str
    handling: Mapping[str, Mapping[str, str]]
    """By tier and operation, what the standard in force for the grant says."""
    handling_id: int
    handling_label: str
    decided: str
    excepted: frozenset[str] = frozenset()
    longest_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FellowshipFacts:
    """One fellowship: while it is under way, and every span that opens or shuts it."""

    pk: int
    ref: str
    active: Span
    scopes: list[ScopeFacts] = field(default_factory=list)
    suspensions: list[Span] = field(default_factory=list)

    def signed_at(self, scope: ScopeFacts) -> dt.datetime:
        """When the version of this part of a scope came into force."""
        return min(s.span.since for s in self.scopes if s.number == scope.number)


def _spans() -> defaultdict[Any, list[Span]]:
    return defaultdict(list)


@dataclass(slots=True)
class Facts:
    """Everything needed to decide for the people and datasets it was loaded for."""

    grants: dict[tuple[int, int], list[GrantFacts]] = field(default_factory=dict)
    fellowships: dict[int, FellowshipFacts] = field(default_factory=dict)
    trainings: dict[tuple[int, int], list[Span]] = field(default_factory=_spans)
    late_trainings: dict[int, list[Span]] = field(default_factory=_spans)
    exceptions: dict[int, list[Span]] = field(default_factory=_spans)
    conditions: dict[tuple[str, int], list[Span]] = field(default_factory=_spans)
    closed_accounts: dict[int, list[Span]] = field(default_factory=_spans)
    suspended_people: dict[tuple[int, int], list[Span]] = field(default_factory=_spans)
    suspended_datasets: dict[int, list[Span]] = field(default_factory=_spans)


def load(grants: Any) -> Facts:
    """The facts behind the grants of a queryset."""
    return _facts(list(grants.order_by("id").values(*_READ)))


def between(person: int, dataset: int) -> Facts:
    """The facts behind the grants of this dataset to this person."""
    return _facts(_granted(person, dataset))


@read
def _granted(person: int, dataset: int) -> Any:
    found = Grant.objects.filter(person_id=person, dataset_id=dataset)
    return found.order_by("id").values(*_READ)


def _facts(rows: list[dict[str, Any]]) -> Facts:
    facts = Facts()
    if not rows:
        return facts
    for row in rows:
        if row["fellowship_id"] not in facts.fellowships:
            facts.fellowships[row["fellowship_id"]] = _fellowship(row)
    _load_scopes(facts, {r["fellowship_id"]: r["fellowship__program__zone"] for r in rows})
    past = _load_spans(facts, rows)
    handlings: dict[tuple[int, str], Mapping[str, str]] = {}
    datasets: dict[int, DatasetFacts] = {}
    for row in rows:
        if row["dataset_id"] not in datasets:
            datasets[row["dataset_id"]] = _dataset(row, past)
        data = datasets[row["dataset_id"]]
        for tier in {span.label for span in data.tiers}:
            if (row["handling_id"], tier) not in handlings:
                handlings[row["handling_id"], tier] = handling.table(_handling(row), tier)
        tables = {span.label: handlings[row["handling_id"], span.label] for span in data.tiers}
        made = _grant(row, data, tables, past.decided.get(row["pk"], ""))
        facts.grants.setdefault((made.person_id, made.dataset.pk), []).append(made)
    return facts


_READ: Final = (
    *("pk", "ref", "request_id", "person_id", "operations", "starts_at", "ends_at", "revoked_at"),
    *("excepted", "longest_at"),
    *("dataset_id", "dataset__ref", "dataset__name", "dataset__slug", "dataset__tier"),
    *("agreement__ref", "agreement__accepted_at"),
    *("handling_id", "handling__kind", "handling__version", "handling__status"),
    "handling__parameters",
    *("fellowship_id", "fellowship__ref", "fellowship__program_id", "fellowship__program__zone"),
    *("fellowship__starts_on", "fellowship__ends_on", "fellowship__ended_at"),
    *("fellowship__state", "fellowship__stage_at"),
    "decision_id",
)
"""What of a grant and of what it rests on decides: values, since whole records cost as much again
to read as the decision itself."""


@dataclass(slots=True)
class _Past:
    """What history rows say: who decided on each grant, and what datasets and accounts were."""

    decided: dict[int, str] = field(default_factory=dict)
    rows: dict[tuple[str, int], list[tuple[dt.datetime, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def over_time(self, kind: str, key: int, now: str) -> list[Span]:
        """The values in their order, the first since ever; `now` alone where none is known."""
        spans: list[Span] = []
        for since, _, value in sorted(self.rows.get((kind, key), ())):
            if spans and spans[-1].label == value:
                continue
            if spans:
                spans[-1] = Span(spans[-1].since, since, spans[-1].label)
            spans.append(Span(since if spans else NEVER, ALWAYS, value))
        return [span for span in spans if span.since < span.until] or [Span(NEVER, ALWAYS, now)]


def _dataset(row: Mapping[str, Any], past: _Past) -> DatasetFacts:
    """The dataset as scopes and events may name it, and as it was classed."""
    pk = row["dataset_id"]
    return DatasetFacts(
        pk=pk,
        ref=row["dataset__ref"],
        slug=row["dataset__slug"],
        tiers=past.over_time("tier", pk, row["dataset__tier"]),
        called=past.over_time("name", pk, row["dataset__name"]),
    )


def _handling(row: Mapping[str, Any]) -> RuleVersion:
    """The rule in force for the grant, with what names it and its parameters alone."""
    names = ("kind", "version", "status", "parameters")
    return RuleVersion(**{name: row[f"handling__{name}"] for name in names})


def _grant(
    row: Mapping[str, Any],
    data: DatasetFacts,
    tables: Mapping[str, Mapping[str, str]],
    by: str,
) -> GrantFacts:
    return GrantFacts(
        pk=row["pk"],
        ref=row["ref"],
        fellowship_id=row["fellowship_id"],
        program_id=row["fellowship__program_id"],
        request_id=row["request_id"],
        person_id=row["person_id"],
        dataset=data,
        operations=frozenset(row["operations"]),
        span=Span(row["starts_at"], row["ends_at"], row["ref"]),
        accepted_at=row["agreement__accepted_at"],
        revoked_at=row["revoked_at"],
        agreement=row["agreement__ref"],
        handling=tables,
        handling_id=row["handling_id"],
        handling_label=str(_handling(row)),
        decided=say("board decision {by}", by=by)
        if row["decision_id"]
        else say("approved by {by}", by=by),
        excepted=frozenset(row["excepted"]),
        longest_at=row["longest_at"],
    )


def _fellowship(row: Mapping[str, Any]) -> FellowshipFacts:
    names = ("starts_on", "ends_on", "ended_at", "state", "stage_at")
    values = {name: row[f"fellowship__{name}"] for name in names}
    return FellowshipFacts(
        pk=row["fellowship_id"],
        ref=row["fellowship__ref"],
        active=under_way(Fellowship(**values), row["fellowship__program__zone"]),
    )


def under_way(fellowship: Fellowship, zone: str) -> Span:
    """From the first day, in the programme's zone, until it ends or is closed out."""
    here = ZoneInfo(zone)
    ends = _midnight(fellowship.ends_on + dt.timedelta(days=1), here)
    if fellowship.ended_at:
        ends = min(ends, fellowship.ended_at)
    if fellowship.state not in WORKING:
        ends = min(ends, fellowship.stage_at)
    label = FellowshipState(fellowship.state).label
    return Span(_midnight(fellowship.starts_on, here), ends, label)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)


def _load_scopes(facts: Facts, zones: Mapping[int, str]) -> None:
    for row in _signed(list(facts.fellowships)):
        facts.fellowships[row["fellowship_id"]].scopes.extend(
            _scopes(row, ZoneInfo(zones[row["fellowship_id"]]))
        )


@read
def _signed(fellowships: list[int]) -> Any:
    found = ScopeOfWork.objects.filter(
        fellowship_id__in=fellowships, state__in=[ScopeState.SIGNED, ScopeState.SUPERSEDED]
    )
    names = ("fellowship_id", "number", "signed_at", "superseded_at", "stages", *STAGED)
    return found.order_by("number").values(*names)


def _scopes(row: Mapping[str, Any], zone: ZoneInfo) -> Iterator[ScopeFacts]:
    """The version as one fact, or one for each stage of it, while it was the one in force."""
    since, until = row["signed_at"] or ALWAYS, row["superseded_at"] or ALWAYS
    for stretch in stages.stretches(Terms.read(row), stages.read(row["stages"])):
        begins = max(since, _midnight(stretch.since, zone)) if stretch.since else since
        ends = min(until, _midnight(stretch.until, zone)) if stretch.until else until
        if begins >= ends and stretch.title:
            continue
        named = f"v{row['number']}" + (
            say(", stage “{title}”", title=stretch.title) if stretch.title else ""
        )
        yield ScopeFacts(
            span=Span(begins, ends, named),
            number=row["number"],
            datasets=frozenset(stretch.terms.datasets),
            operations=frozenset(stretch.terms.operations),
            tier_rank=TIERS.index(stretch.terms.max_tier),
            environment=str(stretch.terms.environment),
        )


def _load_spans(facts: Facts, rows: list[dict[str, Any]]) -> _Past:
    """Everything that bounds a decision in time, in one query.

    Which matter or who decided on each grant is asked along: joined to the grants, it would cost
    more to plan than all else.
    """
    past = _Past()
    for kind, one, two, since, until, other, label, ref in spans.asked(
        people=[row["person_id"] for row in rows],
        programs=[row["fellowship__program_id"] for row in rows],
        datasets=[row["dataset_id"] for row in rows],
        fellowships=facts.fellowships,
        requests=[row["request_id"] for row in rows],
        grants=[row["pk"] for row in rows],
    ):
        if kind == "decided":
            past.decided[one] = label
        elif kind in HISTORIC:
            past.rows[kind, one].append((since, two, label))
        elif kind == "closing":
            _close(facts, one, since)
        else:
            span = Span(since, min(until or ALWAYS, other or ALWAYS), label, ref)
            if span.since < span.until:
                _put(facts, kind, one, two, span)
    for row in rows:
        spans_ = past.over_time("account", row["person_id"], "active")
        facts.closed_accounts[row["person_id"]] = [s for s in spans_ if s.label == "closed"]
    return past


HISTORIC: Final = frozenset({"tier", "name", "account"})


def _put(facts: Facts, kind: str, one: int, two: int, span: Span) -> None:
    if kind == "training":
        facts.trainings[(one, two)].append(span)
    elif kind == "late_training":
        facts.late_trainings[one].append(span)
    elif kind == "excepted":
        facts.exceptions[one].append(span)
    elif kind == "suspension":
        facts.fellowships[one].suspensions.append(span)
    elif kind == "person":
        facts.suspended_people[(one, two)].append(span)
    elif kind == "dataset":
        facts.suspended_datasets[one].append(span)
    else:
        facts.conditions[(kind, one)].append(span)


def _close(facts: Facts, fellowship_id: int, at: dt.datetime) -> None:
    """Work ended when the case first left the stages of work, whatever stage it is at now."""
    case = facts.fellowships[fellowship_id]
    ends = max(case.active.since, min(case.active.until, at))
    facts.fellowships[fellowship_id] = replace(
        case, active=Span(case.active.since, ends, case.active.label)
    )
