"""The figures of a programme, each with the records behind it: the number is their count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, Q, QuerySet

from fellowship.accounts.queries import conflicted_ids
from fellowship.kernel.time import now
from findings.models import Control, Finding
from findings.states import ControlState
from governance.models import Escalation, ExceptionRecord
from proposals.models import Proposal
from proposals.states import ProposalState
from publications.models import Publication
from scoping.models import Fellowship, TalentStep
from scoping.states import TalentState


@dataclass(frozen=True)
class View:
    """Whose figures: a programme's, optionally of one cohort, as one person may know them."""

    program_id: int
    user: Any
    at: dt.datetime
    cohort_id: int | None = None

    @classmethod
    def of(cls, program_id: int, user: Any, cohort_id: int | None = None) -> View:
        """The figures now."""
        return cls(program_id, user, now(), cohort_id)

    def proposals(self) -> QuerySet[Any]:
        """Proposals that were submitted, without those the person declared a conflict about."""
        rows = Proposal.objects.filter(program_id=self.program_id, submitted_at__isnull=False)
        rows = rows.exclude(pk__in=conflicted_ids(self.user, Proposal))
        return rows.filter(call__cohort_id=self.cohort_id) if self.cohort_id else rows

    def fellowships(self) -> QuerySet[Any]:
        """Fellowships the person sees."""
        rows = Fellowship.objects.filter(program_id=self.program_id).visible_to(self.user)
        return rows.filter(cohort_id=self.cohort_id) if self.cohort_id else rows


@dataclass(frozen=True)
class Figure:
    """One number: what it counts, and the records it counts."""

    key: str
    label: str
    rows: Callable[[View], QuerySet[Any]]
    line: Callable[[Any], tuple[str, str]]
    """Title and state of one record, for the list behind the number."""
    dated: str = "created_at"


def _proposal(row: Any) -> tuple[str, str]:
    return row.ref, row.get_state_display()


def _titled(row: Any) -> tuple[str, str]:
    return f"{row.ref} {row.title}", row.get_state_display()


def _talent(row: Any) -> tuple[str, str]:
    return f"{row.fellowship.ref} {row.fellowship.fellow}", str(row)


def _findings(view: View) -> QuerySet[Any]:
    return Finding.objects.filter(fellowship__in=view.fellowships())


def _controlled(view: View, *states: str) -> QuerySet[Any]:
    """Findings with a control in one of the states, each once without comparing whole rows."""
    controls = Control.objects.filter(state__in=states)
    return _findings(view).filter(pk__in=controls.values("finding_id"))


def _controls(view: View) -> QuerySet[Any]:
    return Control.objects.filter(finding__fellowship__in=view.fellowships())


_LIVE = (ControlState.DEPLOYED, ControlState.VERIFIED)

_ALL: Final = (
    Figure("submitted", "Proposals submitted", View.proposals, _proposal, "submitted_at"),
    Figure(
        "accepted",
        "Accepted",
        lambda v: v.proposals().filter(state=ProposalState.ACCEPTED),
        _proposal,
        "decided_at",
    ),
    Figure("fellowships", "Fellowships", View.fellowships, _titled),
    Figure("findings", "Findings", _findings, _titled, "reported_at"),
    Figure(
        "answered",
        "With a control in use",
        lambda v: _controlled(v, *_LIVE),
        _titled,
        "reported_at",
    ),
    Figure(
        "proven",
        "With a verified control",
        lambda v: _controlled(v, ControlState.VERIFIED),
        _titled,
        "reported_at",
    ),
    Figure(
        "controls",
        "Controls in use",
        lambda v: _controls(v).filter(state__in=_LIVE),
        _titled,
        "deployed_at",
    ),
    Figure(
        "verified",
        "Controls verified",
        lambda v: _controls(v).filter(state=ControlState.VERIFIED),
        _titled,
        "verified_at",
    ),
    Figure(
        "publications",
        "Publications released",
        lambda v: Publication.objects.filter(fellowship__in=v.fellowships()).released(v.at),
        _titled,
        "released_at",
    ),
    Figure(
        "exceptions",
        "Exceptions in force",
        lambda v: (
            ExceptionRecord.objects.filter(program_id=v.program_id).visible_to(v.user).live(v.at)
        ),
        _titled,
        "expires_at",
    ),
    Figure(
        "escalations",
        "Escalations open",
        lambda v: Escalation.objects.filter(program_id=v.program_id).visible_to(v.user).open(),
        lambda r: (f"{r.ref} {r.get_kind_display()}", r.get_state_display()),
        "raised_at",
    ),
    Figure(
        "talent",
        "Steps on the talent path agreed",
        lambda v: TalentStep.objects.filter(
            fellowship__in=v.fellowships(), state=TalentState.AGREED
        ).select_related("fellowship__fellow"),
        _talent,
    ),
)
FIGURES: Final[Mapping[str, Figure]] = {figure.key: figure for figure in _ALL}
RECRUITED: Final = ("submitted", "accepted", "fellowships")
PROVEN: Final = ("findings", "answered", "proven")
FUNNEL: Final = (*RECRUITED, *PROVEN)


@dataclass(frozen=True, slots=True)
class Count:
    """A figure counted."""

    figure: Figure
    value: int


def count(view: View, *keys: str) -> list[Count]:
    """The figures counted, all in one query."""
    rows = {key: FIGURES[key].rows(view).order_by().values("pk").query for key in keys}
    counted: dict[str, tuple[str, tuple[Any, ...]]] = {}
    for key, query in rows.items():
        with suppress(EmptyResultSet):  # of what nobody can be in, there is none
            counted[key] = query.sql_with_params()
    found: dict[str, int] = {}
    if counted:
        each = ", ".join(f"(SELECT COUNT(*) FROM ({q}) c)" for q, _ in counted.values())  # noqa: S608
        with connection.cursor() as cursor:
            params = [param for _, given in counted.values() for param in given]
            cursor.execute(f"SELECT {each}", params)
            found = dict(zip(counted, cursor.fetchone(), strict=True))
    return [Count(FIGURES[key], found.get(key, 0)) for key in keys]


def behind(view: View, key: str) -> QuerySet[Any]:
    """The records a figure counts, the newest first."""
    figure = FIGURES[key]
    return figure.rows(view).order_by(F(figure.dated).desc(nulls_last=True), "-pk")


def measured(view: View) -> list[Control]:
    """Controls in use with their measurements: what was shown to have become less, and what not."""
    rows = _controls(view).filter(Q(state__in=_LIVE)).select_related("finding")
    return list(
        rows.prefetch_related("metrics__measurements").order_by("-deployed_at", "-id")[:200]
    )
