"""The figures of a programme, each with the records behind it: the number is their count."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, Q, QuerySet

from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import conflicted_ids, may_be_recused, realm_ids_where
from fellowship.kernel.counting import Length
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.tables import told
from findings.models import Control, Finding
from findings.states import UNSETTLED, ControlState
from governance.docket import NOT_CAST
from governance.models import BallotSeat, Condition, Escalation, ExceptionRecord, Matter
from governance.models.visibility import EXCEPTION_READERS
from governance.states import ConditionState, MatterState, Standing
from proposals.models import Proposal, Review
from proposals.states import ProposalState
from publications.models import Publication
from scoping.models import Fellowship, TalentStep
from scoping.models.fellowship import READERS, FellowshipQuerySet
from scoping.states import FellowshipState, TalentState


@dataclass(frozen=True)
class View:
    """Whose figures: a programme's, optionally of one cohort, as one person may know them."""

    program_id: int
    user: Any
    at: dt.datetime
    cohort_id: int | None = None
    person_id: int | None = None
    """Of what people own, that of one of them."""

    @classmethod
    def of(
        cls,
        program_id: int,
        user: Any,
        cohort_id: int | None = None,
        person_id: int | None = None,
    ) -> View:
        """The figures now."""
        return cls(program_id, user, now(), cohort_id, person_id)

    def owned(self, rows: Any, owner: str) -> QuerySet[Any]:
        """The rows; of one person only, where it is asked for."""
        found: QuerySet[Any] = rows.filter(**{owner: self.person_id}) if self.person_id else rows
        return found

    def proposals(self) -> QuerySet[Any]:
        """Proposals that were submitted, without those the person declared a conflict about."""
        rows = Proposal.objects.filter(program_id=self.program_id, submitted_at__isnull=False)
        rows = rows.exclude(pk__in=conflicted_ids(self.user, Proposal))
        return rows.filter(call__cohort_id=self.cohort_id) if self.cohort_id else rows

    def fellowships(self) -> FellowshipQuerySet:
        """Fellowships the person sees."""
        rows: FellowshipQuerySet = Fellowship.objects.filter(program_id=self.program_id)
        if not self._reads_all():
            rows = rows.visible_to(self.user)
        return rows.filter(cohort_id=self.cohort_id) if self.cohort_id else rows

    def below(self, rows: Any, fellowship: str = "fellowship") -> Any:
        """Those of the rows that belong to a fellowship the person sees.

        Where that is every one of the programme, its key on the row says it: no other table is
        read.
        """
        if self.cohort_id is None and self._reads_all():
            return rows.filter(program_id=self.program_id)
        return rows.filter(**{f"{fellowship}__in": self.fellowships()})

    def exceptions(self) -> Any:
        """Exceptions of the programme the person sees."""
        rows = ExceptionRecord.objects.filter(program_id=self.program_id)
        return rows if self._reads_all(EXCEPTION_READERS) else rows.visible_to(self.user)

    def _reads_all(self, readers: Iterable[str] = READERS) -> bool:
        """Whether the person sees everything there as one of the readers, recused from nothing."""
        there = self.program_id in realm_ids_where(self.user, *readers)
        return there and not may_be_recused(self.user)


@dataclass(frozen=True)
class Figure:
    """One number: what it counts, and the records it counts."""

    key: str
    label: str
    rows: Callable[[View], QuerySet[Any]]
    line: Callable[[Any], tuple[str, str]]
    """Title and state of one record, for the list behind the number."""
    dated: str = "created_at"
    counted: Callable[[View], QuerySet[Any, Any]] | None = None
    """What is counted, where the records cost more: one row for each of them."""

    def length(self, view: View, most: int | None = None) -> Length:
        """How many records there are, for use within a query; counted no further than `most`."""
        rows = self.counted(view) if self.counted else self.rows(view).order_by().values("pk")
        return Length(rows if most is None else rows[:most])


def _proposal(row: Any) -> tuple[str, str]:
    return row.ref, row.get_state_display()


def _titled(row: Any) -> tuple[str, str]:
    return f"{row.ref} {row.title}", row.get_state_display()


def _talent(row: Any) -> tuple[str, str]:
    return f"{row.fellowship.ref} {row.fellowship.fellow}", str(row)


def _findings(view: View) -> QuerySet[Any]:
    found: QuerySet[Any] = view.below(Finding.objects.all())
    return found


def _controlled(view: View, *states: str) -> QuerySet[Any]:
    """Findings with a control in one of the states, each once without comparing whole rows."""
    return Finding.objects.filter(pk__in=_answered(view, *states))


def _answered(view: View, *states: str) -> QuerySet[Any, Any]:
    """Their keys, each once: told by controls, of which there are few for many findings."""
    controls = _controls(view).filter(state__in=states).order_by()
    keys: QuerySet[Any, Any] = controls.values("finding_id").distinct()
    return keys


def _controls(view: View) -> QuerySet[Any]:
    found: QuerySet[Any] = view.below(Control.objects.all(), "finding__fellowship")
    return found


def _scored(view: View) -> QuerySet[Any]:
    """Those with a review that was sent."""
    sent = Review.objects.order_by().values("proposal_id")
    return view.proposals().filter(pk__in=sent)


def _referred(view: View) -> QuerySet[Any]:
    """Those that came before the board, whatever became of them."""
    matters = Matter.objects.filter(program_id=view.program_id, subject_type="proposals.proposal")
    return view.proposals().filter(pk__in=matters.order_by().values("subject_id"))


def _before_board(view: View) -> QuerySet[Any, Any]:
    """Their keys, told by the matters: only what was submitted comes before the board."""
    if view.cohort_id is not None:
        return _referred(view).order_by().values("pk")
    matters = Matter.objects.filter(program_id=view.program_id, subject_type="proposals.proposal")
    matters = matters.exclude(subject_id__in=conflicted_ids(view.user, Proposal)).order_by()
    keys: QuerySet[Any, Any] = matters.values("subject_id").distinct()
    return keys


def _begun(view: View) -> QuerySet[Any]:
    return view.fellowships().exclude(state=FellowshipState.SCOPE)


def _owned_findings(view: View) -> QuerySet[Any]:
    rows = _findings(view).filter(state__in=UNSETTLED, product_owner__isnull=False)
    return view.owned(rows, "product_owner")


def _to_vote(view: View) -> QuerySet[Any]:
    """Seats that may vote and have not, in ballots that are open; of matters open to the person."""
    opened = Matter.objects.opened_to(view.user).filter(program_id=view.program_id)
    rows = BallotSeat.objects.filter(
        NOT_CAST,
        ballot__matter__in=opened.filter(state=MatterState.VOTING).order_by().values("pk"),
        ballot__closes_at__gt=view.at,
        standing=Standing.ELIGIBLE,
    )
    return view.owned(rows.select_related("user", "ballot__matter"), "user")


def _conditions(view: View) -> Any:
    rows = Condition.objects.filter(program_id=view.program_id).visible_to(view.user)
    return rows.unsettled(view.at)


_LIVE = (ControlState.DEPLOYED, ControlState.VERIFIED)

_ALL: Final = (
    Figure("submitted", say("Proposals submitted"), View.proposals, _proposal, "submitted_at"),
    Figure("scored", say("Scored by the panel"), _scored, _proposal, "submitted_at"),
    Figure(
        "referred",
        say("Put before the board"),
        _referred,
        _proposal,
        "submitted_at",
        _before_board,
    ),
    Figure(
        "accepted",
        say("Accepted"),
        lambda v: v.proposals().filter(state=ProposalState.ACCEPTED),
        _proposal,
        "decided_at",
    ),
    Figure("fellowships", say("Fellowships"), View.fellowships, _titled),
    Figure("signed", say("Signed and under way"), _begun, _titled),
    Figure(
        "closed",
        say("Closed with their package"),
        lambda v: v.fellowships().filter(state=FellowshipState.CLOSED),
        _titled,
    ),
    Figure("findings", say("Findings"), _findings, _titled, "reported_at"),
    Figure(
        "answered",
        say("With a control in use"),
        lambda v: _controlled(v, *_LIVE),
        _titled,
        "reported_at",
        lambda v: _answered(v, *_LIVE),
    ),
    Figure(
        "proven",
        say("With a verified control"),
        lambda v: _controlled(v, ControlState.VERIFIED),
        _titled,
        "reported_at",
        lambda v: _answered(v, ControlState.VERIFIED),
    ),
    Figure(
        "controls",
        say("Controls in use"),
        lambda v: _controls(v).filter(state__in=_LIVE),
        _titled,
        "deployed_at",
    ),
    Figure(
        "verified",
        say("Controls verified"),
        lambda v: _controls(v).filter(state=ControlState.VERIFIED),
        _titled,
        "verified_at",
    ),
    Figure(
        "publications",
        say("Publications released"),
        lambda v: v.below(Publication.objects.released(v.at)),
        _titled,
        "released_at",
    ),
    Figure(
        "exceptions",
        say("Exceptions in force"),
        lambda v: v.exceptions().live(v.at),
        _titled,
        "expires_at",
    ),
    Figure(
        "escalations",
        say("Escalations open"),
        lambda v: Escalation.objects.filter(program_id=v.program_id).visible_to(v.user).open(),
        lambda r: (f"{r.ref} {r.get_kind_display()}", r.get_state_display()),
        "raised_at",
    ),
    Figure(
        "talent",
        say("Steps on the talent path agreed"),
        lambda v: TalentStep.objects.filter(
            fellowship__in=v.fellowships(), state=TalentState.AGREED
        ).select_related("fellowship__fellow"),
        _talent,
    ),
    Figure(
        "owned-findings", say("Findings to dispose of"), _owned_findings, _titled, "reported_at"
    ),
    Figure(
        "owned-conditions",
        say("Conditions to fulfil"),
        lambda v: v.owned(_conditions(v), "owner"),
        lambda r: (f"{r.ref} {r.text}", r.get_state_display()),
        "due_at",
    ),
    Figure(
        "to-verify",
        say("Conditions to verify"),
        lambda v: v.owned(_conditions(v).filter(state=ConditionState.MET), "verifier"),
        lambda r: (f"{r.ref} {r.text}", r.get_state_display()),
        "due_at",
    ),
    Figure(
        "owned-exceptions",
        say("Exceptions to answer for"),
        lambda v: v.owned(FIGURES["exceptions"].rows(v), "owner"),
        _titled,
        "expires_at",
    ),
    Figure(
        "to-vote",
        say("Votes to cast"),
        _to_vote,
        lambda r: (
            str(r.ballot.matter),
            say("{seat} seat, {user}", seat=r.get_seat_display(), user=r.user),
        ),
        "ballot__closes_at",
    ),
    Figure(
        "mentored",
        say("Fellows to accompany"),
        lambda v: v.owned(v.fellowships().exclude(mentor=None).under_way(), "mentor"),
        _titled,
    ),
)
FIGURES: Final[Mapping[str, Figure]] = {figure.key: figure for figure in _ALL}
RECRUITED: Final = ("submitted", "scored", "referred", "accepted", "signed", "closed")
"""From call to package; each step is part of the one before."""
PROVEN: Final = ("findings", "answered", "proven")
FUNNEL: Final = ("submitted", "accepted", "fellowships", *PROVEN)
OWNED: Final = {
    "owned-findings": "product_owner_id",
    "owned-conditions": "owner_id",
    "to-verify": "verifier_id",
    "owned-exceptions": "owner_id",
    "to-vote": "user_id",
    "mentored": "mentor_id",
}
"""What people own, and the field that says who."""


MOST: Final = 5_000
"""So far a page counts that shows many figures at once; the API counts to the end."""


@dataclass(frozen=True, slots=True)
class Count:
    """A figure counted; `more` where it was not worth counting on."""

    figure: Figure
    value: int
    more: bool = False

    @property
    def text(self) -> str:
        """The number as it is shown: “412”, or “5,000+”."""
        return told(self.value + self.more, self.value)


def count(view: View, *keys: str, most: int | None = None) -> list[Count]:
    """The figures counted, all in one query; as far as `most`, where that is enough."""
    ends = None if most is None else most + 1
    asked = _numbers(keys, view.cohort_id is not None, view.person_id is not None, ends)
    whose = view.program_id, view.cohort_id or 0, view.person_id or 0
    [found] = asked(view.user, view.at, *whose)
    return [
        Count(FIGURES[key], most, more=True)
        if most is not None and number > most
        else Count(FIGURES[key], number)
        for key, number in zip(keys, found, strict=True)
    ]


@functools.cache
def _numbers(
    keys: tuple[str, ...], cohort: bool, person: bool, ends: int | None
) -> Callable[..., list[Any]]:
    """The statement that counts these figures, of a cohort or a person where it is for one."""

    @read_for
    def numbers(
        user: Any, at: dt.datetime, realm: int, cohort_id: int, person_id: int
    ) -> QuerySet[Any, Any]:
        view = View(realm, user, at, cohort_id if cohort else None, person_id if person else None)
        each = [FIGURES[key].length(view, ends) for key in keys]
        return Program.objects.filter(pk=realm).order_by().values_list(*each)

    return numbers


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
