"""What came of the programme's work, counted by cohort, track and model; each number has its cases.

One query for each line of the table, grouped by all three at once: what a page compares is added
up from that. `behind` asks for the same records by the same conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from access.models import Grant
from fellowship.kernel.saying import joined, say
from fellowship.programs.models import Cohort, FellowshipModel, Track
from findings.models import Control, Finding
from findings.states import ControlState
from governance.models import ExceptionRecord
from governance.models.exceptions import DECIDED
from oversight.office.figures import View
from proposals.models import ProposalVersion
from proposals.states import ProposalState
from publications.models import Publication
from scoping.models import Contribution, TalentStep
from scoping.states import TalentState

DIMENSIONS: Final = ("cohort", "track", "model")
_LIVE: Final = (ControlState.DEPLOYED, ControlState.VERIFIED)


@dataclass(frozen=True, slots=True)
class Line:
    """One number: what it counts, where cohort, track and model of a record stand, how it reads.

    `rows` gives the records with the columns `cohort_key`, `track_key` and `model_key`.
    """

    key: str
    label: str
    rows: Callable[[View], QuerySet[Any]]
    says: Callable[[Any], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which records: those of one cohort, track or model, as far as one is named."""

    cohort: int | None = None
    track: str = ""
    model: str = ""

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The records of the cut."""
        asked = {
            "cohort_key": self.cohort,
            "track_key": self.track or None,
            "model_key": self.model or None,
        }
        return rows.filter(**{name: value for name, value in asked.items() if value is not None})


def _of_case(rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """With the three keys, read from the fellowship at the end of `path`."""
    found: QuerySet[Any] = rows.annotate(
        cohort_key=F(f"{path}cohort_id"),
        track_key=F(f"{path}track"),
        model_key=F(f"{path}model"),
    )
    return found


def _proposals(view: View) -> QuerySet[Any]:
    """Proposals with the track and model their latest version names."""
    latest = ProposalVersion.objects.filter(proposal=OuterRef("pk"), number=OuterRef("version"))

    def named(key: str) -> Coalesce:
        told = latest.annotate(told=KT(f"answers__{key}")).values("told")[:1]
        return Coalesce(Cast(Subquery(told), CharField()), Value(""))

    found: QuerySet[Any] = view.proposals().annotate(
        cohort_key=F("call__cohort_id"),
        track_key=named("track"),
        model_key=named("fellowship_model"),
    )
    return found


def _findings(view: View) -> QuerySet[Any]:
    return _of_case(Finding.objects.filter(fellowship__in=view.fellowships()), "fellowship__")


def _controlled(view: View, *states: str) -> QuerySet[Any]:
    controls = Control.objects.filter(state__in=states).values("finding_id")
    return _findings(view).filter(pk__in=controls)


def _publications(view: View) -> QuerySet[Any]:
    rows = Publication.objects.filter(fellowship__in=view.fellowships()).released(view.at)
    return _of_case(rows, "fellowship__")


def _contributions(view: View) -> QuerySet[Any]:
    rows = Contribution.objects.confirmed().filter(fellowship__in=view.fellowships())
    return _of_case(rows.select_related("fellowship"), "fellowship__")


def _talent(view: View) -> QuerySet[Any]:
    rows = TalentStep.objects.filter(fellowship__in=view.fellowships(), state=TalentState.AGREED)
    return _of_case(rows.select_related("fellowship__fellow"), "fellowship__")


_CASES: Final[Mapping[str, type[Any]]] = {
    "findings.finding": Finding,
    "access.grant": Grant,
    "publications.publication": Publication,
}
"""Records of a case that exceptions are made about, beside the fellowship itself."""


def _exceptions(view: View) -> QuerySet[Any]:
    """Exceptions ever granted about a fellowship the person sees, or about a record of one."""
    seen = view.fellowships()
    own = When(subject_type="scoping.fellowship", then=F("subject_id"))
    others = [
        When(
            subject_type=label,
            then=Subquery(
                model._default_manager.filter(pk=OuterRef("subject_id")).values("fellowship_id")[:1]
            ),
        )
        for label, model in _CASES.items()
    ]
    rows: Any = ExceptionRecord.objects.filter(program_id=view.program_id, state__in=DECIDED)
    rows = rows.visible_to(view.user).annotate(
        case_key=Case(own, *others, output_field=BigIntegerField())
    )
    case = seen.filter(pk=OuterRef("case_key"))
    found: QuerySet[Any] = rows.filter(case_key__in=seen.values("pk")).annotate(
        cohort_key=Subquery(case.values("cohort_id")[:1]),
        track_key=Subquery(case.values("track")[:1]),
        model_key=Subquery(case.values("model")[:1]),
    )
    return found


def _titled(row: Any) -> tuple[str, str]:
    return f"{row.ref} {row.title}", str(row.get_state_display())


LINES: Final = (
    Line(
        "received",
        say("Proposals received"),
        _proposals,
        lambda row: (row.ref, str(row.get_state_display())),
    ),
    Line(
        "accepted",
        say("Accepted"),
        lambda view: _proposals(view).filter(state=ProposalState.ACCEPTED),
        lambda row: (row.ref, str(row.get_state_display())),
    ),
    Line("fellowships", say("Fellowships"), lambda v: _of_case(v.fellowships(), ""), _titled),
    Line("findings", say("Findings"), _findings, _titled),
    Line("controlled", say("With a control in use"), lambda v: _controlled(v, *_LIVE), _titled),
    Line(
        "proven",
        say("With a verified control"),
        lambda v: _controlled(v, ControlState.VERIFIED),
        _titled,
    ),
    Line("papers", say("Publications released"), _publications, _titled),
    Line(
        "contributions",
        say("Contributions confirmed"),
        _contributions,
        lambda row: (f"{row.fellowship.ref} {row.title}", str(row.get_kind_display())),
    ),
    Line("exceptions", say("Exceptions granted"), _exceptions, _titled),
    Line(
        "talent",
        say("Talent steps agreed"),
        _talent,
        lambda row: (f"{row.fellowship.ref} {row.fellowship.fellow}", str(row)),
    ),
)
BY_KEY: Final[Mapping[str, Line]] = {line.key: line for line in LINES}


@dataclass(frozen=True, slots=True)
class Cell:
    """One number, and the query of the address of its cases."""

    line: Line
    value: int
    query: str


@dataclass(frozen=True, slots=True)
class Row:
    """One cohort, track or model with its numbers, in the order of `LINES`."""

    label: str
    cells: tuple[Cell, ...]

    @property
    def share(self) -> str:
        """How many of a hundred proposals were accepted; “–” without proposals."""
        received, accepted = self.cells[0].value, self.cells[1].value
        return f"{100 * accepted / received:.0f} %" if received else "–"


Cube = Mapping[str, Mapping[tuple[int | None, str, str], int]]


def cube(view: View) -> Cube:
    """Every line counted by cohort, track and model together; one query a line."""
    found: dict[str, dict[tuple[int | None, str, str], int]] = {}
    for line in LINES:
        rows = line.rows(view).order_by().values_list("cohort_key", "track_key", "model_key")
        found[line.key] = {
            (cohort, track or "", model or ""): n
            for cohort, track, model, n in rows.annotate(n=Count("pk"))
        }
    return found


def compared(known: Cube, dimension: str, labels: Mapping[Any, str]) -> list[Row]:
    """The lines added up along one dimension, for each of `labels` that has any number at all."""
    place = DIMENSIONS.index(dimension)
    sums: dict[Any, dict[str, int]] = defaultdict(dict)
    for key, counted in known.items():
        for where, n in counted.items():
            sums[where[place]][key] = sums[where[place]].get(key, 0) + n
    return [
        Row(
            label,
            tuple(
                Cell(line, sums[value].get(line.key, 0), f"{dimension}={value}") for line in LINES
            ),
        )
        for value, label in labels.items()
        if sums.get(value)
    ]


def of(view: View, cut: Cut) -> list[Cell]:
    """Each line's number within a cut, all in one query."""
    asked = (cut.cohort, cut.track or None, cut.model or None)
    query = "&".join(f"{d}={v}" for d, v in zip(DIMENSIONS, asked, strict=True) if v is not None)
    counted: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for line in LINES:
        rows = cut.narrowed(line.rows(view)).order_by().values("pk")
        with suppress(EmptyResultSet):  # of what nobody can be in, there is none
            counted[line.key] = rows.query.sql_with_params()
    found: dict[str, int] = {}
    if counted:
        each = joined(", ", (f"(SELECT COUNT(*) FROM ({q}) c)" for q, _ in counted.values()))  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {each}", [p for _, given in counted.values() for p in given])
            found = dict(zip(counted, cursor.fetchone(), strict=True))
    return [Cell(line, found.get(line.key, 0), query) for line in LINES]


def labels(program_id: int) -> dict[str, dict[Any, str]]:
    """What cohorts, tracks and models are called, the latest cohort first; one query."""
    cohorts = Cohort.objects.filter(program_id=program_id).order_by("-starts_on", "-id")
    return {
        "cohort": {c.pk: str(c) for c in cohorts[:50]},
        "track": {str(key): str(label) for key, label in Track.Key.choices},
        "model": {str(key): str(label) for key, label in FellowshipModel.Key.choices},
    }


def behind(view: View, key: str, cut: Cut) -> QuerySet[Any]:
    """The records that a number counts, the newest first."""
    return cut.narrowed(BY_KEY[key].rows(view)).order_by("-pk")
