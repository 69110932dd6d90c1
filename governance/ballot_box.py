"""Reading a ballot: who may vote now, what was cast, and how it stands. Decides nothing itself.

Why it is so: docs/adr/0013-votes-on-the-text-that-stands.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, RoleAssignment
from fellowship.accounts.queries import seat_of
from fellowship.kernel.time import now
from governance import ballots
from governance.ballots import SeatVote, Tally
from governance.models import (
    Ballot,
    BallotSeat,
    Delegation,
    DossierOpening,
    Matter,
    MatterSubject,
    Vote,
)
from governance.states import Standing


def recused_ids(matter: Matter) -> set[int]:
    """Ids of the people who declared a conflict in the matter, its subject, or what is related."""
    subjects = MatterSubject.objects.filter(
        matter=matter, subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id")
    )
    conflicts = Conflict.objects.recusing().filter(Exists(subjects))
    return set(conflicts.values_list("user_id", flat=True))


def recused_by_matter(matter_ids: list[int]) -> dict[int, set[int]]:
    """The same for many matters, in two queries."""
    subjects: dict[tuple[str, int], list[int]] = defaultdict(list)
    rows = MatterSubject.objects.filter(matter_id__in=matter_ids)
    for matter_id, kind, pk in rows.values_list("matter_id", "subject_type", "subject_id"):
        subjects[kind, pk].append(matter_id)
    found: dict[int, set[int]] = defaultdict(set)
    told = Conflict.objects.recusing().filter(
        subject_type__in={kind for kind, _ in subjects},
        subject_id__in={pk for _, pk in subjects},
    )
    for kind, pk, user_id in told.values_list("subject_type", "subject_id", "user_id"):
        for matter_id in subjects.get((kind, pk), ()):
            found[matter_id].add(user_id)
    return found


def is_recused(matter: Matter, user: Any) -> bool:
    """Whether the person declared a conflict in the matter."""
    return user.pk in recused_ids(matter)


def is_party(matter: Matter, user: Any) -> bool:
    """Whether the matter is about the person."""
    return matter.parties.filter(user_id=user.pk).exists()


def dossier_number(matter: Matter) -> int:
    """The version of the dossier that is voted on now."""
    found = Ballot.objects.filter(matter=matter).values_list("dossier_number", flat=True).first()
    return found or 1


def openings(matter: Matter, user: Any) -> QuerySet[DossierOpening]:
    """When the person first opened the dossier as it stands now: one row, or none."""
    rows = DossierOpening.objects.filter(matter=matter, user=user)
    return rows.filter(number=F("matter__ballot__dossier_number"))


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat of a ballot as the meter shows it: who, its standing now, its vote if cast."""

    row: BallotSeat
    standing: str
    vote: Vote | None
    stale: bool = False

    @property
    def voted(self) -> bool:
        """Whether a vote was cast that counts."""
        return self.standing == Standing.ELIGIBLE and self.vote is not None and not self.stale

    def counted(self) -> SeatVote:
        """The seat as arithmetic sees it."""
        position = self.vote.position if self.vote else None
        return SeatVote(self.row.seat, self.standing, position, self.stale)


def lines(ballot: Ballot) -> list[SeatLine]:
    """Every seat with its standing now: a conflict declared since the opening counts.

    Votes are here whether sealed or not; show a position only where `ballot.votes_visible`.
    """
    rows = ballot.seats.select_related("user", "vote").order_by("id")
    recused = None if ballot.closed_at else recused_ids(ballot.matter)
    return [
        SeatLine(
            row,
            standing_now(row.standing, row.user_id, recused),
            vote,
            is_stale(vote, ballot) or (vote is not None and vote.cast_by_id in (recused or ())),
        )
        for row, vote in ((row, getattr(row, "vote", None)) for row in rows)
    ]


def is_stale(vote: Vote | None, ballot: Ballot) -> bool:
    """Whether the vote was cast on an earlier version of the dossier."""
    return vote is not None and vote.dossier_number < ballot.dossier_number


def standing_now(standing: str, user_id: int | None, recused: set[int] | None) -> str:
    """A seat's standing by who is recused now; as it was counted once the ballot is closed (None).

    A conflict declared since the opening takes the vote away, an override gives it back.
    """
    if recused is None or standing not in (Standing.ELIGIBLE, Standing.RECUSED):
        return standing
    return Standing.RECUSED if user_id in recused else Standing.ELIGIBLE


def count(ballot: Ballot, at: dt.datetime | None = None, chair_seat: str | None = None) -> Tally:
    """How the ballot stands at `at`: its outcome if it were closed now, or the reasons why not."""
    seats = [line.counted() for line in lines(ballot)]
    return ballots.decide(ballot.params, seats, over=ballot.over(at), chair_seat=chair_seat)


def seat_for(ballot: Ballot, user: Any, at: dt.datetime | None = None) -> BallotSeat | None:
    """The seat the person may vote for: their own, or one they stand in for as its deputy."""
    own = ballot.seats.filter(user_id=user.pk).first()
    if own or ballot.params.delegation == "none":
        return own
    deputised = Delegation.objects.live(at).filter(
        program_id=ballot.matter.program_id,
        deputy_id=user.pk,
        seat=OuterRef("seat"),
        member_id=OuterRef("user_id"),
    )
    return ballot.seats.filter(Exists(deputised)).first()


def holds_seat(row: BallotSeat, program_id: int, at: dt.datetime | None = None) -> bool:
    """Whether the person in the ballot's roll still holds the seat."""
    if row.user_id is None:
        return False
    live = RoleAssignment.objects.live(at or now())
    return live.filter(
        realm_id=program_id, role=roles.BOARD_MEMBER, seat=row.seat, user_id=row.user_id
    ).exists()


def roll(program_id: int, seats: tuple[str, ...], at: dt.datetime) -> dict[str, int | None]:
    """Who holds each of the seats at `at`; None where it is vacant."""
    live = RoleAssignment.objects.live(at).filter(
        realm_id=program_id, role=roles.BOARD_MEMBER, seat__in=seats
    )
    held = dict(live.values_list("seat", "user_id"))
    return {seat: held.get(seat) for seat in seats}


def own_seat(program_id: int, user: Any, at: dt.datetime | None = None) -> str | None:
    """The seat the person holds in the programme, for the chair's tie."""
    return seat_of(user, program_id, at)
