"""The measures of governance health: what each counts, out of what, and how much is too much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db.models import F, QuerySet

from fellowship.clocks.states import Side
from fellowship.kernel.saying import say
from fellowship.web import cells
from governance.health_terms import GovernanceHealth
from oversight.health import days, duties, lines, votes
from oversight.health.scope import Scope
from oversight.health.states import HealthFigure

Group = Literal["votes", "duties", "days"]
Unit = Literal["percent", "count", "row", "days"]
Cases = QuerySet[Any] | Sequence[Any]


@dataclass(frozen=True)
class Measure:
    """One measure.

    `cases` are what its number counts, in the order they are listed. Of a share, `of` is what
    could have been counted, and `of_what` counts it in words. `most` reads from the rule how much
    passes, in the measure's unit; `says` explains in a sentence what is counted.
    """

    figure: HealthFigure
    group: Group
    unit: Unit
    most: Callable[[GovernanceHealth], int]
    says: Callable[[GovernanceHealth], str]
    cases: Callable[[Scope], Cases]
    lines: lines.Lines
    of: Callable[[Scope], QuerySet[Any]] | None = None
    of_what: Callable[[int], str] | None = None

    @property
    def key(self) -> str:
        """What names it in addresses."""
        return str(self.figure.value)

    @property
    def label(self) -> str:
        """What it is called."""
        return str(self.figure.label)


def _listed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Votes with all that their line says, the latest first."""
    rows = rows.select_related("cast_by", "ballot_seat__ballot__matter")
    return rows.order_by("-cast_at", "-id")


def _seats(scope: Scope) -> QuerySet[Any]:
    rows = votes.unopened(scope).select_related("user", "ballot__matter")
    return rows.order_by("-ballot__closed_at", "-id")


_F = HealthFigure
_ALL: Final = (
    Measure(
        _F.HASTY,
        "votes",
        "percent",
        lambda t: t.most_hasty_percent,
        lambda t: say(
            "Votes cast {hasty_seconds} seconds or less after their voter opened the "
            "dossier, of all votes.",
            hasty_seconds=t.hasty_seconds,
        ),
        lambda s: _listed(votes.hasty(s)),
        lines.of_votes,
        votes.votes,
        lambda n: cells.count(n, "vote"),
    ),
    Measure(
        _F.UNOPENED,
        "votes",
        "percent",
        lambda t: t.most_unopened_percent,
        lambda t: say(
            "Seats that could vote, whose holder never opened the dossier, of all such seats. "
            "Recused seats do not count."
        ),
        _seats,
        lines.of_seats,
        votes.seats,
        lambda n: cells.count(n, "seat"),
    ),
    Measure(
        _F.SILENT,
        "votes",
        "percent",
        lambda t: t.most_silent_percent,
        lambda t: say("Votes that give no reason, of all votes. To approve, none is asked for."),
        lambda s: _listed(votes.silent(s)),
        lines.of_votes,
        votes.votes,
        lambda n: cells.count(n, "vote"),
    ),
    Measure(
        _F.COPIED,
        "votes",
        "percent",
        lambda t: t.most_copied_percent,
        lambda t: say("Votes whose reason is another vote’s word for word, of all that give one."),
        lambda s: _listed(votes.copied(s)),
        lines.of_votes,
        votes.reasoned,
        lambda n: cells.count(n, "reason"),
    ),
    Measure(
        _F.UNANIMOUS,
        "votes",
        "row",
        lambda t: t.most_unanimous,
        lambda t: say("The longest run of decisions in which every vote was the same."),
        lambda s: votes.unanimous(s).select_related("matter"),
        lines.of_decisions,
    ),
    Measure(
        _F.APPROVERS,
        "votes",
        "count",
        lambda t: t.most_approvers,
        lambda t: say(
            "People who approved {approver_percent} % or more of at least "
            "{approver_votes} votes of theirs.",
            approver_percent=t.approver_percent,
            approver_votes=t.approver_votes,
        ),
        lambda s: votes.approvers(s).order_by("name", "pk"),
        lines.of_people,
    ),
    Measure(
        _F.CONDITIONS,
        "duties",
        "count",
        lambda t: t.most_conditions_overdue,
        lambda t: say(
            "Conditions of decisions, neither verified nor waived, whose day has passed."
        ),
        lambda s: (
            duties.conditions(s)
            .select_related("owner", "decision__matter")
            .order_by("due_at", "id")
        ),
        lines.of_conditions,
    ),
    Measure(
        _F.RENEWED,
        "duties",
        "count",
        lambda t: t.most_renewed,
        lambda t: say(
            "Exceptions of the period that were renewed more than {times}; of each chain the last.",
            times=_times(t.renewals_borne),
        ),
        lambda s: duties.renewed(s).select_related("owner").order_by("-renewals", "id"),
        lines.of_exceptions,
    ),
    Measure(
        _F.LAPSED,
        "duties",
        "count",
        lambda t: t.most_lapsed,
        lambda t: say(
            "Review windows of publications that ran out without a word from a policy reviewer: "
            "nobody was assigned, or nobody assigned cleared, objected or asked."
        ),
        lambda s: (
            duties.lapsed(s)
            .prefetch_related("reviewers__reviewer")
            .order_by("-window_ends_at", "-id")
        ),
        lines.of_windows,
        duties.windows,
        lambda n: cells.count(n, "window"),
    ),
    Measure(
        _F.LATE,
        "duties",
        "count",
        lambda t: t.most_late_acknowledgements,
        lambda t: say("Escalations acknowledged after their time, or not yet although it is over."),
        lambda s: duties.late(s).select_related("acknowledged_by").order_by("-raised_at", "-id"),
        lines.of_escalations,
        duties.alarms,
        lambda n: cells.count(n, "escalation"),
    ),
    Measure(
        _F.UNOWNED,
        "duties",
        "count",
        lambda t: t.most_unowned,
        lambda t: say(
            "Findings not yet settled that nobody has owned for {unowned_days} days or "
            "more since they were reported, or whose owner has left.",
            unowned_days=t.unowned_days,
        ),
        lambda s: duties.unowned(s).select_related("product_owner").order_by("reported_at", "id"),
        lines.of_findings,
    ),
    Measure(
        _F.PROMISES,
        "duties",
        "percent",
        lambda t: t.most_promises_percent,
        lambda t: say(
            "Clocks of ours that ran out before anybody ended them, of all of ours that fell due. "
            "Windows in which silence decides are none of them."
        ),
        lambda s: (
            duties.missed(s).select_related("holder_user").order_by(F("due_at").desc(), "-id")
        ),
        lines.of_clocks,
        duties.promises,
        lambda n: cells.count(n, "promise"),
    ),
    Measure(
        _F.DAYS_US,
        "days",
        "days",
        lambda t: t.most_days_with_us,
        lambda t: say(
            "Working days each case under way in the period has been with us: its proposal, its "
            "fellowship, and what of it its fellow waits for."
        ),
        lambda s: days.with_side(s, Side.US),
        lines.of_days,
    ),
    Measure(
        _F.DAYS_FELLOW,
        "days",
        "days",
        lambda t: t.most_days_with_fellow,
        lambda t: say(
            "Working days each has been with the fellow or applicant: to sign, to answer, to "
            "delete, to hand in what was asked."
        ),
        lambda s: days.with_side(s, Side.YOU),
        lines.of_days,
    ),
)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, say("{number} times", number=number))


MEASURES: Final[Mapping[str, Measure]] = {measure.key: measure for measure in _ALL}

VOTES: Final[Mapping[str, tuple[str, Callable[[Scope], QuerySet[Any]]]]] = {
    "votes": (say("Votes"), votes.votes),
    "approvals": (say("Approvals"), votes.approvals),
    _F.HASTY.value: (_F.HASTY.label, votes.hasty),
    _F.SILENT.value: (_F.SILENT.label, votes.silent),
}
"""The lists of votes that can be narrowed to one person."""


def votes_of(scope: Scope, key: str, person_id: int) -> QuerySet[Any]:
    """The votes of one person in one of those lists."""
    return _listed(VOTES[key][1](scope).filter(cast_by_id=person_id))
