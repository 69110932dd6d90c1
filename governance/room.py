"""Who is in the room: seats present, and for each matter whether those here are enough for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.kernel.saying import say
from governance import ballots
from governance.ballot_box import recused_by_matter, standing_now
from governance.ballots import SeatVote
from governance.models import Ballot, BallotSeat, Delegation, Matter, Meeting
from governance.states import Position, Standing


@dataclass(frozen=True, slots=True)
class SeatHere:
    """One seat of the board at a meeting: who holds it, and who is there for it."""

    seat: str
    label: str
    holder: User | None
    deputies: tuple[User, ...] = ()
    present: User | None = None

    @property
    def stands_in(self) -> str:
        """For whom the person present stands in."""
        return (
            say(", deputy of {holder}", holder=self.holder)
            if self.present and self.present != self.holder
            else ""
        )

    @property
    def people(self) -> tuple[User, ...]:
        """Who may be there for it."""
        return ((self.holder, *self.deputies)) if self.holder else ()


@dataclass(frozen=True, slots=True)
class QuorumHere:
    """Whether those in the room are enough for one matter, and who leaves for it."""

    here: int
    needed: int
    leave: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether they are enough."""
        return self.here >= self.needed


def seats(meeting: Meeting) -> list[SeatHere]:
    """The five seats at the time of the meeting, in three queries."""
    at = meeting.starts_at
    held = RoleAssignment.objects.live(at).filter(
        realm_id=meeting.program_id, role=roles.BOARD_MEMBER
    )
    holders = {row.seat: row.user for row in held.select_related("user")}
    standing_in: dict[tuple[str, int], list[User]] = defaultdict(list)
    absences = Delegation.objects.live(at).filter(program_id=meeting.program_id)
    for row in absences.select_related("deputy"):
        standing_in[row.seat, row.member_id].append(row.deputy)
    there = set(meeting.attendance)
    found = []
    for seat, label in roles.Seat.choices:
        holder = holders.get(seat)
        deputies = tuple(standing_in[seat, holder.pk]) if holder else ()
        people = (holder, *deputies) if holder else ()
        present = next((user for user in people if user.pk in there), None)
        found.append(SeatHere(seat, label, holder, deputies, present))
    return found


def others_present(meeting: Meeting) -> list[User]:
    """Who was there without a seat."""
    seated = {user.pk for seat in seats(meeting) for user in seat.people}
    rows = User.objects.filter(pk__in=set(meeting.attendance) - seated)
    return list(rows.order_by("name"))


def quorums(meeting: Meeting, matters: Sequence[Matter]) -> dict[int, QuorumHere]:
    """For each matter voted on, in four queries: are those here enough, and who leaves?

    A person who may not read a matter never gets it here: pass what the reader may see.
    """
    ids = [matter.pk for matter in matters]
    ballots_of = {b.matter_id: b for b in Ballot.objects.filter(matter_id__in=ids, closed_at=None)}
    rows: dict[int, list[BallotSeat]] = defaultdict(list)
    seats_of = BallotSeat.objects.filter(ballot__matter_id__in=list(ballots_of))
    for row in seats_of.select_related("ballot", "user").order_by("id"):
        rows[row.ballot.matter_id].append(row)
    recused = recused_by_matter(list(ballots_of))
    here = {s.seat: s for s in seats(meeting)}
    return {
        pk: _quorum(ballot, rows[pk], recused[pk], here, set(meeting.attendance))
        for pk, ballot in ballots_of.items()
    }


def _quorum(
    ballot: Ballot,
    rows: list[BallotSeat],
    recused: set[int],
    here: dict[str, SeatHere],
    there: set[int],
) -> QuorumHere:
    counted, leave = [], []
    for row in rows:
        standing = standing_now(row.standing, row.user_id, recused)
        seat = here.get(row.seat)
        person = seat.present if seat else None
        if person is not None and person.pk in recused:
            standing = Standing.RECUSED
        if person is not None and standing in (Standing.RECUSED, Standing.PARTY):
            leave.append(f"{person} ({row.get_seat_display().lower()})")
        present = row.user_id in there or person is not None
        counted.append(SeatVote(row.seat, standing, Position.ABSTAIN if present else None))
    return QuorumHere(
        here=sum(seat.counts for seat in counted),
        needed=ballots.quorum_needed(ballot.params, counted),
        leave=tuple(leave),
    )
