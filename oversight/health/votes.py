"""How the board votes: read or not, reasoned or not, of one mind or not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, Trim

from fellowship.accounts.models import Conflict, User
from governance.models import BallotSeat, Decision, DossierOpening, MatterSubject, Vote
from governance.models.visibility import matters_opened_to
from governance.states import Position, Standing
from oversight.health.scope import Scope

_BALLOT = "ballot_seat__ballot"
APPROVALS = (Position.APPROVE, Position.CONDITIONS)


def votes(scope: Scope) -> QuerySet[Any]:
    """Votes of ballots closed in the period. Sealed ones count for nothing before that."""
    return scope.seen(
        Vote.objects.filter(
            **{
                f"{_BALLOT}__matter__program_id": scope.program.pk,
                f"{_BALLOT}__closed_at__gt": scope.since,
                f"{_BALLOT}__closed_at__lte": scope.at,
            }
        )
    )


def approvals(scope: Scope) -> QuerySet[Any]:
    """Those that approve, be it on conditions."""
    return votes(scope).filter(position__in=APPROVALS)


def _hasty(scope: Scope) -> Q:
    moments = dt.timedelta(seconds=scope.terms.hasty_seconds)
    return Q(cast_at__lte=F("opened_dossier_at") + moments)


def hasty(scope: Scope) -> QuerySet[Any]:
    """Votes cast within moments of opening the dossier."""
    return votes(scope).filter(_hasty(scope))


def silent(scope: Scope) -> QuerySet[Any]:
    """Votes that give no reason."""
    return votes(scope).filter(rationale="")


def reasoned(scope: Scope) -> QuerySet[Any]:
    """Votes that give one."""
    return votes(scope).exclude(rationale="")


def copied(scope: Scope) -> QuerySet[Any]:
    """Votes whose reason is another vote's, but for capitals and blanks around it."""
    said = reasoned(scope).annotate(said=Lower(Trim("rationale")))
    again = said.order_by().values("said").annotate(times=Count("pk")).filter(times__gt=1)
    found: QuerySet[Any] = said.filter(said__in=again.values("said"))
    return found


def seats(scope: Scope) -> QuerySet[Any]:
    """Seats that could vote in ballots closed in the period; a conflict declared since frees one.

    Only those whose matter is open to the person.
    """
    rows = BallotSeat.objects.filter(
        ballot__matter__program_id=scope.program.pk,
        ballot__closed_at__gt=scope.since,
        ballot__closed_at__lte=scope.at,
        standing=Standing.ELIGIBLE,
    )
    conflict = Conflict.objects.recusing().filter(
        user_id=OuterRef(OuterRef("user_id")),
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
    )
    about = MatterSubject.objects.filter(Exists(conflict), matter_id=OuterRef("ballot__matter_id"))
    rows = rows.exclude(Exists(about))
    if scope.user is None:
        return rows
    opened = matters_opened_to(scope.user, "ballot__matter_id", "ballot__matter__program_id")
    return rows.filter(opened)


def unopened(scope: Scope) -> QuerySet[Any]:
    """Seats whose person never opened any version of the dossier, and for whom nobody voted."""
    openings = DossierOpening.objects.filter(
        matter_id=OuterRef("ballot__matter_id"), user_id=OuterRef("user_id")
    )
    return seats(scope).filter(~Exists(openings), vote=None)


def decisions(scope: Scope) -> QuerySet[Any]:
    """Decisions of the period, in the order they fell."""
    rows: Any = Decision.objects.filter(
        matter__program_id=scope.program.pk, decided_at__gt=scope.since, decided_at__lte=scope.at
    )
    rows = rows if scope.user is None else rows.opened_to(scope.user)
    found: QuerySet[Any] = rows.order_by("decided_at", "id")
    return found


def unanimous_run(scope: Scope) -> list[int]:
    """Keys of the longest run of decisions in which all votes were alike; the latest of several.

    A decision on a single vote neither ends a run nor belongs to it.
    """
    position = "matter__ballot__seats__vote__position"
    rows = decisions(scope).annotate(cast=Count(position), ways=Count(position, distinct=True))
    longest: list[int] = []
    run: list[int] = []
    for pk, cast, ways in rows.values_list("pk", "cast", "ways"):
        if cast < 2:
            continue
        run = [*run, pk] if ways == 1 else []
        if run and len(run) >= len(longest):
            longest = run
    return longest


def unanimous(scope: Scope) -> QuerySet[Any]:
    """The decisions of that run."""
    return decisions(scope).filter(pk__in=unanimous_run(scope))


@dataclass(frozen=True, slots=True)
class Voter:
    """How one person voted in the period."""

    person: User
    votes: int
    approvals: int
    hasty: int
    silent: int
    approves_nearly_all: bool

    @property
    def share(self) -> float:
        """Approvals of all votes, from 0 to 1."""
        return self.approvals / self.votes


def voters(scope: Scope) -> list[Voter]:
    """Everyone who voted, those who approve most often first; two queries."""
    rows = votes(scope).order_by().values("cast_by_id")
    rows = rows.annotate(
        cast=Count("pk"),
        yes=Count("pk", filter=Q(position__in=APPROVALS)),
        fast=Count("pk", filter=_hasty(scope)),
        mute=Count("pk", filter=Q(rationale="")),
    )
    counted = list(rows)
    people = User.objects.in_bulk([row["cast_by_id"] for row in counted])
    terms = scope.terms
    found = [
        Voter(
            people[row["cast_by_id"]],
            row["cast"],
            row["yes"],
            row["fast"],
            row["mute"],
            row["cast"] >= terms.approver_votes
            and row["yes"] * 100 >= terms.approver_percent * row["cast"],
        )
        for row in counted
    ]
    return sorted(found, key=lambda v: (-v.share, -v.votes, str(v.person)))


def approvers(scope: Scope) -> QuerySet[Any]:
    """The people who approve nearly everything."""
    keys = [voter.person.pk for voter in voters(scope) if voter.approves_nearly_all]
    return User.objects.filter(pk__in=keys)
