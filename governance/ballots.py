"""Ballot arithmetic: from a rule, the seats and the votes to an outcome, or the reasons why not.

Pure functions; nothing here knows the database. A rule is data and its words are its values, so
that a diff of two rules reads as a sentence: `threshold: more than 1/2 → at least 2/3`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from fellowship.kernel.saying import joined, plain, say, say_n
from governance.states import Outcome, Position, Standing

_SHARE = re.compile(r"^(?P<how>.+) (?P<n>\d+)/(?P<d>\d+)$")
_HALF = Fraction(1, 2)
_QUORUM = re.compile(r"^(?P<n>\d+)(?:/(?P<d>\d+))?$")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A share that votes must exceed (“more than 1/2”) or reach (“at least 2/3”)."""

    share: Fraction
    strict: bool

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read the words, also in the language under way.

        Raises ValueError for anything else, or a share that decides nothing.
        """
        match = _SHARE.match(plain(text).strip())
        strict = _hows().get(match["how"]) if match else None
        if match is None or strict is None or int(match["d"]) == 0:
            raise ValueError(
                say(
                    "must read like “{more}” or “{least}”",
                    more=_threshold(1, 2, strict=True),
                    least=_threshold(2, 3, strict=False),
                )
            )
        share = Fraction(int(match["n"]), int(match["d"]))
        if share > 1 or (share == 1 and strict) or share < Fraction(1, 2):
            raise ValueError(say("must ask for at least a half and be within reach"))
        return cls(share, strict)

    def reached(self, votes: int, of: int) -> bool:
        """Whether `votes` of `of` reach it; none of nothing never does."""
        if votes == 0:
            return False
        part = Fraction(votes, of)
        return part > self.share if self.strict else part >= self.share

    def __str__(self) -> str:
        return _threshold(self.share.numerator, self.share.denominator, strict=self.strict)


def _threshold(n: int, d: int, *, strict: bool) -> str:
    return say("more than {n}/{d}", n=n, d=d) if strict else say("at least {n}/{d}", n=n, d=d)


def _hows() -> dict[str, bool]:
    """Whether the share must be exceeded, by the words before it: English, and as said now."""
    written = {strict: _threshold(1, 2, strict=strict) for strict in (True, False)}
    return {
        said.removesuffix(" 1/2"): strict
        for strict, text in written.items()
        for said in (plain(text), f"{text}")
    }


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many seats must take part: a number (“3”) or a share of the seats (“3/5”), rounded up."""

    amount: Fraction
    share: bool

    @classmethod
    def parse(cls, text: str) -> Quorum:
        """Read the words; raises ValueError for anything else, or for a quorum of nobody."""
        match = _QUORUM.match(text)
        if match is None or match["d"] == "0" or int(match["n"]) == 0:
            raise ValueError(say("must be a number of seats such as “3”, or a share such as “3/5”"))
        amount = Fraction(int(match["n"]), int(match["d"] or 1))
        if match["d"] and amount > 1:
            raise ValueError(say("must not ask for more than all seats"))
        return cls(amount, match["d"] is not None)

    def needed(self, base: int) -> int:
        """How many of `base` seats it asks for, at least one."""
        return max(1, math.ceil(self.amount * base)) if self.share else int(self.amount)

    def __str__(self) -> str:
        n, d = self.amount.numerator, self.amount.denominator
        return f"{n}/{d}" if self.share else str(n)


@dataclass(frozen=True, slots=True)
class BallotRule:
    """How one kind of matter is voted on.

    `seats` may vote. The quorum is counted of all of them (`all_seats`) or of those not recused
    (`unrecused_seats`), and where `quorum_includes` names seats, one of them must have taken part.
    `abstentions` count for the quorum alone, or also among the votes the threshold is measured
    against. A deny from a seat in `blocking` prevents approval. `early_close` says when the chair
    may close before the window ends. `undecided` is the outcome when nothing reaches the threshold.
    `tie` lets the chair's own seat decide where half of the votes counted approve, half deny, and
    half is asked for: it never stands in for a larger threshold.
    """

    seats: tuple[str, ...] = ("research", "product", "security", "legal", "policy")
    quorum: Quorum = field(default_factory=lambda: Quorum(Fraction(3, 5), True))
    quorum_of: Literal["all_seats", "unrecused_seats"] = "all_seats"
    quorum_includes: tuple[str, ...] = ()
    threshold: Threshold = field(default_factory=lambda: Threshold(Fraction(1, 2), True))
    abstentions: Literal["quorum_only", "quorum_and_threshold"] = "quorum_only"
    blocking: tuple[str, ...] = ()
    window_working_days: int = 10
    early_close: Literal["all_voted", "quorum"] = "all_voted"
    undecided: Literal["defer", "deny"] = "defer"
    tie: Literal["undecided", "chair_seat"] = "undecided"
    delegation: Literal["none", "named_deputy"] = "none"


@dataclass(frozen=True, slots=True)
class SeatVote:
    """One seat in a ballot: its standing, and the position cast for it, if any.

    `stale` says that it was cast on an earlier text and not reaffirmed since.
    """

    seat: str
    standing: str = Standing.ELIGIBLE
    position: str | None = None
    stale: bool = False

    @property
    def counts(self) -> bool:
        """Whether a position was cast for it and may be counted."""
        return self.standing == Standing.ELIGIBLE and self.position is not None and not self.stale


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ballot has no outcome yet. It never tells how anyone voted."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Tally:
    """The count: positions, the quorum, and the outcome or the reasons why there is none."""

    positions: dict[str, int]
    taking_part: int
    quorum_needed: int
    outcome: str | None
    reasons: tuple[Reason, ...] = ()


def eligible(seats: Sequence[SeatVote]) -> list[SeatVote]:
    """The seats that may vote: filled, neither recused nor party nor referrer."""
    return [seat for seat in seats if seat.standing == Standing.ELIGIBLE]


def quorum_needed(rule: BallotRule, seats: Sequence[SeatVote]) -> int:
    """How many seats must take part."""
    base = len(rule.seats)
    if rule.quorum_of == "unrecused_seats":
        base -= sum(seat.standing == Standing.RECUSED for seat in seats)
    return rule.quorum.needed(base)


def quorum_reasons(rule: BallotRule, seats: Sequence[SeatVote]) -> list[Reason]:
    """Why the quorum is not met; empty when it is. An abstention takes part."""
    cast = {seat.seat for seat in seats if seat.counts}
    needed, can = quorum_needed(rule, seats), len(eligible(seats))
    reasons = []
    if len(cast) < needed:
        text = say("The quorum is {needed} seats; {n} took part.", needed=needed, n=len(cast))
        if can < needed:
            text += say(
                " Only {can} may vote, so the quorum cannot be met: the matter must be returned.",
                can=can,
            )
        reasons.append(Reason("quorum_not_met", text))
    if rule.quorum_includes and not cast & set(rule.quorum_includes):
        names = joined(say(" or "), rule.quorum_includes)
        reasons.append(
            Reason("quorum_seat_missing", say("The {names} seat must take part.", names=names))
        )
    return reasons


def all_voted(seats: Sequence[SeatVote]) -> bool:
    """Whether every seat that may vote has."""
    return all(seat.counts for seat in eligible(seats))


def closing_reasons(rule: BallotRule, seats: Sequence[SeatVote], *, over: bool) -> list[Reason]:
    """Why the ballot may not be closed now; `over` says that its window has ended."""
    reasons = quorum_reasons(rule, seats)
    if not over and rule.early_close == "all_voted" and not all_voted(seats):
        missing = sum(seat.position is None for seat in eligible(seats))
        text = say_n(
            missing,
            "{n} of {seats} seats has not voted and the ballot is open.",
            "{n} of {seats} seats have not voted and the ballot is open.",
            seats=len(eligible(seats)),
        )
        if missing:
            reasons.append(Reason("ballot_open", text))
    if reasons or not over:
        reasons += stale_reasons(seats)
    return reasons


def stale_reasons(seats: Sequence[SeatVote]) -> list[Reason]:
    """How many votes wait to be reaffirmed: until then they do not count."""
    stale = sum(seat.stale for seat in eligible(seats))
    if not stale:
        return []
    votes = say("1 vote was") if stale == 1 else say("{stale} votes were", stale=stale)
    text = say(
        "{votes} cast on an earlier text, or by a deputy recused since, and not reaffirmed.",
        votes=votes,
    )
    return [Reason("stale_votes", text)]


def decide(
    rule: BallotRule,
    seats: Sequence[SeatVote],
    *,
    over: bool = True,
    chair_seat: str | None = None,
) -> Tally:
    """The tally of the ballot: an outcome, or every reason why it cannot be closed."""
    positions = Counter(seat.position for seat in seats if seat.counts)
    reasons = closing_reasons(rule, seats, over=over)
    return Tally(
        positions={str(p): positions[p] for p in Position.values},
        taking_part=positions.total(),
        quorum_needed=quorum_needed(rule, seats),
        outcome=None if reasons else _outcome(rule, seats, chair_seat),
        reasons=tuple(reasons),
    )


def _outcome(rule: BallotRule, seats: Sequence[SeatVote], chair_seat: str | None) -> str:
    """Approval, denial or deferral where one reaches the threshold; otherwise what the rule says.

    Approvals with and without conditions carry approval together. It is without conditions only
    where the plain approvals reach the threshold alone.
    """
    count = Counter(seat.position for seat in seats if seat.counts)
    of = count.total()
    if rule.abstentions == "quorum_only":
        of -= count[Position.ABSTAIN]
    plain, both = count[Position.APPROVE], count[Position.APPROVE] + count[Position.CONDITIONS]
    blocked = any(
        s.counts and s.seat in rule.blocking and s.position == Position.DENY for s in seats
    )
    if rule.threshold.reached(both, of) and not blocked:
        carried = rule.threshold.reached(plain, of)
        return Outcome.APPROVE if carried else Outcome.CONDITIONS
    for position, outcome in (
        (Position.DENY, Outcome.DENY),
        (Position.DEFER, Outcome.DEFER),
    ):
        if rule.threshold.reached(count[position], of):
            return outcome
    even = both == count[Position.DENY] > 0 and both * 2 == of and rule.threshold.share == _HALF
    if rule.tie == "chair_seat" and even and not blocked:
        return _broken_tie(seats, chair_seat, plain=plain, both=both) or rule.undecided
    return rule.undecided


def _broken_tie(
    seats: Sequence[SeatVote], chair_seat: str | None, *, plain: int, both: int
) -> str | None:
    """What the chair's own seat said, where approvals and denials are equal."""
    said = next((s.position for s in seats if s.seat == chair_seat and s.counts), None)
    if said == Position.DENY:
        return Outcome.DENY
    if said in (Position.APPROVE, Position.CONDITIONS):
        return Outcome.APPROVE if plain == both else Outcome.CONDITIONS
    return None
