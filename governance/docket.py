"""The docket: what waits for the board, and where each matter stands for one person.

No position is ever read here: a seat has voted or it has not.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web.items import SeatMark, SeatState, Tone
from governance import ballots, kinds
from governance.ballot_box import standing_now
from governance.ballots import BallotRule, SeatVote
from governance.models import (
    Ballot,
    BallotSeat,
    Delegation,
    DossierOpening,
    Matter,
    MatterSubject,
)
from governance.models.board import MatterQuerySet
from governance.states import MatterState, Position, Standing

Subject = tuple[str, int]

_SEATS = dict(roles.Seat.choices)
_MARKS: dict[str, SeatState] = {
    Standing.RECUSED: "recused",
    Standing.PARTY: "recused",
    Standing.REFERRER: "recused",
    Standing.VACANT: "vacant",
}


@dataclass(frozen=True, slots=True)
class Mine:
    """Where a matter stands for the person who looks: a key, its words, its tone."""

    key: str
    label: str
    tone: Tone = "plain"


DECLARE = Mine("declare", say("Declare conflicts first"), "warn")
UNREAD = Mine("unread", say("Dossier unread"), "warn")
TO_VOTE = Mine("to_vote", say("Vote not cast"), "accent")
STALE = Mine("stale", say("Text changed: reaffirm"), "warn")
VOTED = Mine("voted", say("You voted"), "good")
MISSED = Mine("missed", say("Not voted, time is over"), "bad")
RECORD = Mine("record", say("Ready to record"), "accent")
WAITING = Mine("waiting", say("Waits for votes"))
NO_VOTE = Mine("no_vote", say("No vote of yours"))
STANDINGS = {
    Standing.RECUSED: Mine("recused", say("Recused")),
    Standing.PARTY: Mine("party", say("You are a party")),
    Standing.REFERRER: Mine("referrer", say("You referred it")),
}


@dataclass(frozen=True, slots=True)
class DocketRow:
    """One matter of the docket."""

    matter: Matter
    label: str
    seats: list[SeatMark]
    voted: int
    needed: int
    mine: Mine
    opened: bool = False
    """Whether the person has opened the dossier as it stands."""

    @property
    def stale(self) -> int:
        """How many votes were cast on an earlier text and count once they are reaffirmed."""
        return sum(seat.state == "stale" for seat in self.seats)


def kind_label(kind: str) -> str:
    """The name of a kind of matter, also of one no longer served."""
    known = kinds.registered().get(kind)
    return known.label if known else kind.rpartition(".")[2].replace("_", " ").capitalize()


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of matter there are."""
    return [(key, kind.label) for key, kind in kinds.registered().items()]


NAMED = ("ref", "title", "words", "due_at", "program_id")
"""What desks and banners say of a matter."""
NOT_CAST = Q(vote=None) | Q(vote__dossier_number__lt=F("ballot__dossier_number"))
"""Seats without a vote, or with one that was cast on an earlier text."""


def to_vote(user: Any, at: dt.datetime | None = None) -> MatterQuerySet:
    """Matters in whose open ballot the person's own seat may vote and has not, in one query."""
    found: MatterQuerySet = Matter.objects.opened_to(user).filter(uncast(user, at))
    return found.order_by("due_at", "id")


def uncast(user: Any, at: dt.datetime | None = None) -> Q:
    """Matters being voted on in which the person's own seat may vote and has not."""
    return Q(pk__in=_uncast(user.pk or 0, at or now()), state=MatterState.VOTING)


@prepared
def _uncast(key: int, at: dt.datetime) -> QuerySet[BallotSeat, int]:
    """Matters whose ballot is open and has a seat of the person's own that may vote and has not."""
    seats = BallotSeat.objects.filter(NOT_CAST, user_id=key, standing=Standing.ELIGIBLE).order_by()
    return seats.filter(ballot__closes_at__gt=at).values_list("ballot__matter_id", flat=True)


def to_record(user: Any, at: dt.datetime | None = None) -> MatterQuerySet:
    """Matters a chair may try to close: the time is over, or every seat that may vote has."""
    at, chairs = at or now(), realm_ids_where(user, roles.CHAIR)
    if not chairs:
        return Matter.objects.none()
    missing = BallotSeat.objects.filter(
        NOT_CAST, ballot__matter=OuterRef("pk"), standing=Standing.ELIGIBLE
    )
    found: MatterQuerySet = (
        Matter.objects.opened_to(user)
        .filter(
            Q(ballot__closes_at__lte=at) | ~Exists(missing),
            program_id__in=chairs,
            state=MatterState.VOTING,
        )
        .order_by("due_at", "id")
    )
    return found


def first_to_vote(user: Any, at: dt.datetime) -> tuple[Matter | None, int]:
    """The first matter that waits for the person's vote, and how many do, in one query."""
    found = next(iter(_first_to_vote(user, at)), None)
    return (found, found.waiting) if found else (None, 0)


@read_for
def _first_to_vote(user: Any, at: dt.datetime) -> QuerySet[Any]:
    return to_vote(user, at).only(*NAMED).annotate(waiting=Window(Count("pk")))[:1]


def first_to_record(user: Any, at: dt.datetime) -> Matter | None:
    """The first ballot a chair may try to close."""
    return next(iter(_first_to_record(user, at)), None)


@read_for
def _first_to_record(user: Any, at: dt.datetime) -> QuerySet[Matter]:
    return to_record(user, at).only(*NAMED)[:1]


def waiting_count(user: Any) -> int:
    """How many votes the person still has to cast, for the navigation.

    A page that has counted them itself says so in `user.votes_waiting`.
    """
    counted: int | None = getattr(user, "votes_waiting", None)
    if counted is not None:
        return counted
    if not realm_ids_where(user, roles.BOARD_MEMBER):
        return 0
    return first_to_vote(user, now())[1]


def rows(matters: Sequence[Matter], user: Any, at: dt.datetime | None = None) -> list[DocketRow]:
    """The matters with their seats and the person's own part, in four queries for any number."""
    reader = _Reader(matters, user, at or now())
    return [reader.row(matter) for matter in matters]


def row(matter: Matter, user: Any, at: dt.datetime | None = None) -> DocketRow:
    """One matter of the docket."""
    return rows([matter], user, at)[0]


class _Reader:
    """Everything the rows of one page need, read at once."""

    def __init__(self, matters: Sequence[Matter], user: Any, at: dt.datetime) -> None:
        self.user, self.at = user, at
        ids = [matter.pk for matter in matters]
        self.chairs = set(realm_ids_where(user, roles.CHAIR))
        self.seats = _seats(ids)
        open_to_votes = [matter.pk for matter in matters if not _closed(matter)]
        told = [m.pk for m in matters if not _closed(m) or m.program_id in self.chairs]
        self.conflicts = _Conflicts(told, user)
        self.opened = set(_openings(open_to_votes, user.pk))
        self.deputised = _deputised(matters, user, at)

    def row(self, matter: Matter) -> DocketRow:
        """The row of one matter."""
        ballot: Ballot | None = getattr(matter, "ballot", None)
        if ballot is None:
            return DocketRow(matter, kind_label(matter.kind), [], 0, 0, NO_VOTE)
        recused = None if ballot.closed_at else self.conflicts.recused(matter)
        seats = [
            (seat, standing_now(seat.standing, seat.user_id, recused))
            for seat in self.seats[matter.pk]
        ]
        now_at = ballot.dossier_number
        counted = [
            SeatVote(
                seat.seat,
                standing,
                Position.ABSTAIN if seat.has_voted else None,
                seat.is_stale(now_at),
            )
            for seat, standing in seats
        ]
        return DocketRow(
            matter=matter,
            label=kind_label(matter.kind),
            seats=[_mark(seat, standing, now_at) for seat, standing in seats],
            voted=sum(seat.counts for seat in counted),
            needed=ballots.quorum_needed(ballot.params, counted),
            mine=self._mine(matter, ballot, seats, counted),
            opened=(matter.pk, now_at) in self.opened,
        )

    def _mine(
        self,
        matter: Matter,
        ballot: Ballot,
        seats: list[tuple[_Seat, str]],
        counted: list[SeatVote],
    ) -> Mine:
        chairs = self._chairs(matter, ballot, counted)
        declared = self.conflicts.declared(matter)
        own = next(((s, standing) for s, standing in seats if self._is_mine(s, matter, ballot)), ())
        if not own:
            return DECLARE if chairs and not declared else chairs or NO_VOTE
        seat, standing = own
        if standing != Standing.ELIGIBLE:
            return STANDINGS.get(Standing(standing), NO_VOTE)
        stale = seat.is_stale(ballot.dossier_number)
        if seat.has_voted and not stale:
            return RECORD if chairs is RECORD else VOTED
        if ballot.over(self.at):
            return chairs or MISSED
        opened = (matter.pk, ballot.dossier_number) in self.opened
        to_come = STALE if stale else TO_VOTE if opened else UNREAD
        return to_come if declared else DECLARE

    def _is_mine(self, seat: _Seat, matter: Matter, ballot: Ballot) -> bool:
        if seat.user_id == self.user.pk:
            return True
        key = (matter.program_id, seat.seat, seat.user_id)
        return ballot.params.delegation == "named_deputy" and key in self.deputised

    def _chairs(self, matter: Matter, ballot: Ballot, counted: list[SeatVote]) -> Mine | None:
        """What a chair may do; None for others."""
        if matter.program_id not in self.chairs:
            return None
        over = ballot.over(self.at)
        reasons = ballots.closing_reasons(ballot.params, counted, over=over)
        return WAITING if reasons and not over else RECORD


@read
def _openings(matters: list[int], key: int) -> QuerySet[DossierOpening, Any]:
    """The versions of the matters' dossiers that the person has opened."""
    rows = DossierOpening.objects.filter(matter_id__in=matters, user_id=key).order_by()
    return rows.values_list("matter_id", "number")


def _closed(matter: Matter) -> bool:
    """Whether its ballot is closed: then nothing more is asked of anybody."""
    ballot: Ballot | None = getattr(matter, "ballot", None)
    return ballot is not None and ballot.closed_at is not None


def _deputised(matters: Sequence[Matter], user: Any, at: dt.datetime) -> set[tuple[int, str, int]]:
    """The seats the person stands in for, asked only where a rule allows deputies at all."""
    ballots_of = (getattr(matter, "ballot", None) for matter in matters)
    if not any(b is not None and b.params.delegation == "named_deputy" for b in ballots_of):
        return set()
    deputised = Delegation.objects.live(at).filter(deputy_id=user.pk)
    return set(deputised.values_list("program_id", "seat", "member_id"))


class _Seat(NamedTuple):
    """One seat of a ballot with whether it has voted, never how."""

    matter_id: int
    seat: str
    user_id: int | None
    standing: str
    voted_on: int | None
    """The version of the dossier its vote was cast on."""

    @property
    def has_voted(self) -> bool:
        """Whether a vote was cast for it, be it on an earlier text."""
        return self.voted_on is not None

    def is_stale(self, number: int) -> bool:
        """Whether its vote was cast on a version before `number`."""
        return self.voted_on is not None and self.voted_on < number


def _seats(ids: list[int]) -> dict[int, list[_Seat]]:
    """The seats of the matters' ballots."""
    found: dict[int, list[_Seat]] = defaultdict(list)
    for line in _seats_of(ids):
        seat = _Seat(*line)
        found[seat.matter_id].append(seat)
    return found


@read
def _seats_of(matters: list[int]) -> QuerySet[BallotSeat, Any]:
    seats = BallotSeat.objects.filter(ballot__matter_id__in=matters).order_by("id")
    wanted = ("ballot__matter_id", "seat", "user_id", "standing", "vote__dossier_number")
    return seats.values_list(*wanted)


class _Conflicts:
    """Who is recused from some matters, and what the person who looks declared about them."""

    def __init__(self, ids: list[int], user: Any) -> None:
        self.declared_by_user: set[Subject] = set()
        self.conflicted: dict[Subject, set[int]] = defaultdict(set)
        for subject_type, subject_id, user_id, recuses in _declared(ids, user.pk):
            if user_id == user.pk:
                self.declared_by_user.add((subject_type, subject_id))
            if recuses:
                self.conflicted[subject_type, subject_id].add(user_id)
        self.by_matter: dict[int, list[Subject]] = _subjects(ids) if self.conflicted else {}

    def recused(self, matter: Matter) -> set[int]:
        """Ids of those with a conflict in any record of the matter."""
        keys = [(matter.subject_type, matter.subject_id), *self.by_matter.get(matter.pk, ())]
        return {pk for key in keys for pk in self.conflicted.get(key, ())}

    def declared(self, matter: Matter) -> bool:
        """Whether the person declared anything about the matter's own subject."""
        return (matter.subject_type, matter.subject_id) in self.declared_by_user


@read
def _declared(matters: list[int], key: int) -> QuerySet[Conflict, Any]:
    """Conflicts in any record of the matters, and all that the person said, be it that none is."""
    about = MatterSubject.objects.filter(
        matter_id__in=matters,
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
    )
    told = Conflict.objects.filter(Exists(about), Q(user_id=key) | ~Q(kind=Conflict.Kind.NONE))
    recuses = Exists(Conflict.objects.recusing().filter(pk=OuterRef("pk")))
    found = told.order_by().annotate(recuses=recuses)
    return found.values_list("subject_type", "subject_id", "user_id", "recuses")


def _subjects(ids: list[int]) -> dict[int, list[Subject]]:
    """The records in which a conflict recuses, of each matter."""
    found: dict[int, list[Subject]] = defaultdict(list)
    for matter_id, kind, pk in _subjects_of(ids):
        found[matter_id].append((kind, pk))
    return found


@read
def _subjects_of(matters: list[int]) -> QuerySet[MatterSubject, Any]:
    rows = MatterSubject.objects.filter(matter_id__in=matters)
    return rows.values_list("matter_id", "subject_type", "subject_id")


def _mark(seat: _Seat, standing: str, number: int) -> SeatMark:
    cast: SeatState = "stale" if seat.is_stale(number) else "voted"
    state = _MARKS.get(standing) or (cast if seat.has_voted else "waiting")
    return SeatMark(_SEATS[seat.seat], state)


def rule_words(rule: BallotRule) -> list[tuple[str, str]]:
    """What a ballot rule says, line by line, in words a member can check."""
    whose = (
        say("all seats") if rule.quorum_of == "all_seats" else say("the seats that are not recused")
    )
    seats = len(rule.seats)
    needed = rule.quorum.needed(seats)
    quorum = say(
        "{needed} of {seats} seats, counted of {whose}", needed=needed, seats=seats, whose=whose
    )
    if rule.quorum_includes:
        quorum += say(
            ", among them {quorum_includes}",
            quorum_includes=joined(say(" or "), rule.quorum_includes),
        )
    abstain = {
        "quorum_only": say("Count for the quorum, not for the result"),
        "quorum_and_threshold": say("Count for the quorum and against the threshold"),
    }
    early = {
        "all_voted": say("Once every seat that may vote has"),
        "quorum": say("Once the quorum is met"),
    }
    lines = [
        (say("Quorum"), quorum),
        (
            say("To pass"),
            say(
                "{threshold} of the votes for one outcome",
                threshold=str(rule.threshold).capitalize(),
            ),
        ),
        (say("Abstentions"), abstain[rule.abstentions]),
        (
            say("Open for"),
            say("{window_working_days} working days", window_working_days=rule.window_working_days),
        ),
        (say("Closes early"), early[rule.early_close]),
        (
            say("If the text changes"),
            say("Votes cast before count once reaffirmed; the time begins anew"),
        ),
        (say("If nothing passes"), say("Deferred") if rule.undecided == "defer" else say("Denied")),
    ]
    if rule.blocking:
        names = joined(say(" or "), rule.blocking)
        lines.insert(
            2,
            (
                say("Can block"),
                say("A denial from the {names} seat prevents approval", names=names),
            ),
        )
    if rule.tie == "chair_seat":
        lines.append((say("On a tie"), say("The seat the chair holds decides")))
    if rule.delegation == "named_deputy":
        lines.append((say("Absence"), say("A named deputy may vote")))
    return lines
