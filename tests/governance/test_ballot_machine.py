"""Ballots as they go: votes, recusals and time, against a count made another way."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from governance.ballots import BallotRule, SeatVote, Tally, decide
from governance.states import Outcome, Position, Standing
from tests.governance.test_ballots import SEATS, A, C, D, F, X, rules

FAVOURABLE = (Outcome.APPROVE, Outcome.CONDITIONS)
Roll = dict[str, tuple[str, str | None]]
BARRED = (Standing.VACANT, Standing.PARTY, Standing.REFERRER, Standing.RECUSED)


def enough(votes: int, of: int, text: str) -> bool:
    """Whether `votes` of `of` satisfy a threshold's words, in whole numbers."""
    how, share = text.rsplit(" ", 1)
    n, d = map(int, share.split("/"))
    return votes > 0 and (votes * d > of * n or (how == "at least" and votes * d == of * n))


def quorum(text: str, base: int) -> int:
    """How many seats a quorum's words ask for: the first number of seats that is no less."""
    n, _, d = text.partition("/")
    if not d:
        return int(n)
    return next(seats for seats in range(1, base + 2) if seats * int(d) >= base * int(n))


def expected(
    rule: BallotRule, roll: Roll, *, over: bool, chair: str
) -> tuple[str | None, set[str]]:
    """The outcome and the reasons' codes, told seat by seat from the words of the rule."""
    may = {seat: said for seat, (standing, said) in roll.items() if standing == Standing.ELIGIBLE}
    cast = {seat: said for seat, said in may.items() if said}
    recused = [seat for seat, (standing, _) in roll.items() if standing == Standing.RECUSED]
    base = len(SEATS) - (len(recused) if rule.quorum_of == "unrecused_seats" else 0)
    why = set()
    if len(cast) < quorum(str(rule.quorum), base):
        why.add("quorum_not_met")
    if rule.quorum_includes and not any(seat in cast for seat in rule.quorum_includes):
        why.add("quorum_seat_missing")
    if len(cast) < len(may) and not over and rule.early_close == "all_voted":
        why.add("ballot_open")
    return (None, why) if why else (told(rule, cast, chair), why)


def told(rule: BallotRule, cast: dict[str, str], chair: str) -> str:
    """The outcome of votes that may be counted."""
    weighed = sorted(p for p in cast.values() if rule.abstentions != "quorum_only" or p != X)
    vetoed = any(cast.get(seat) == D for seat in rule.blocking)

    def carried(*positions: str) -> bool:
        return enough(sum(p in positions for p in weighed), len(weighed), str(rule.threshold))

    if carried(A, C) and not vetoed:
        return Outcome.APPROVE if carried(A) else Outcome.CONDITIONS
    if carried(D):
        return Outcome.DENY
    if carried(F):
        return Outcome.DEFER
    halves = [p == D for p in weighed]
    split = weighed and set(weighed) <= {A, C, D} and sum(halves) * 2 == len(halves)
    if rule.tie == "chair_seat" and split and not vetoed and "1/2" in str(rule.threshold):
        if cast.get(chair) == D:
            return Outcome.DENY
        if cast.get(chair) in (A, C):
            return Outcome.CONDITIONS if C in weighed else Outcome.APPROVE
    return rule.undecided


class BallotMachine(RuleBasedStateMachine):
    """Five seats under one rule."""

    seats = st.sampled_from(SEATS)

    barrings = st.dictionaries(seats, st.sampled_from(BARRED), max_size=2)

    @initialize(rule=rules, chair=seats, barred=barrings)
    def open(self, rule: BallotRule, chair: str, barred: dict[str, str]) -> None:
        self.rule, self.chair, self.over = rule, chair, False
        self.roll: Roll = {s: (barred.get(s, Standing.ELIGIBLE), None) for s in SEATS}

    def count(self, order: Any = SEATS) -> Tally:
        votes = [SeatVote(seat, *self.roll[seat]) for seat in order]
        return decide(self.rule, votes, over=self.over, chair_seat=self.chair)

    @rule(seat=seats, position=st.sampled_from(Position.values))
    def vote(self, seat: str, position: str) -> None:
        """A vote is cast or changed: one more of a kind never turns the outcome from it."""
        before = self.count().outcome
        standing, said = self.roll[seat]
        self.roll[seat] = (standing, position)
        after = self.count().outcome
        if before is None or standing != Standing.ELIGIBLE or said == position:
            assert after == before or before is None
        elif position == A:
            assert not (before in FAVOURABLE and after not in FAVOURABLE)
            assert not (before == Outcome.APPROVE and after != before)
        elif position == D:
            assert not (before == Outcome.DENY and after != before)
            split = self.rule.tie == "chair_seat"  # an even vote is the chair's to decide
            assert split or not (before == Outcome.DEFER and after in FAVOURABLE)
        elif position == X and said is None and self.rule.abstentions == "quorum_only":
            assert after == before

    @rule(seat=seats)
    def recuse(self, seat: str) -> None:
        """A conflict declared late: who had not voted changes no outcome by it."""
        before = self.count().outcome
        standing, said = self.roll[seat]
        if standing == Standing.ELIGIBLE:
            self.roll[seat] = (Standing.RECUSED, said)
            if before and said is None:
                assert self.count().outcome == before

    @precondition(lambda self: not self.over)
    @rule()
    def end(self) -> None:
        """The window ends: nothing that was decidable becomes undecidable."""
        before = self.count().outcome
        self.over = True
        assert before in (None, self.count().outcome)

    @invariant()
    def agrees(self) -> None:
        """The count is the reference's, whatever the order of the seats."""
        tally = self.count()
        outcome, why = expected(self.rule, self.roll, over=self.over, chair=self.chair)
        assert (tally.outcome, {reason.code for reason in tally.reasons}) == (outcome, why)
        assert (tally.outcome is None) == bool(tally.reasons)
        assert self.count(random.Random(1).sample(SEATS, len(SEATS))) == tally
        assert tally.taking_part == sum(tally.positions.values())


BallotMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
test_a_ballot_agrees_with_a_count_made_another_way = BallotMachine.TestCase
