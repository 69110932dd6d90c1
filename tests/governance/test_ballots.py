"""Ballot arithmetic, by example and by property."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.kernel import saying
from governance import typed
from governance.ballots import (
    BallotRule,
    Quorum,
    SeatVote,
    Threshold,
    all_voted,
    decide,
    eligible,
    quorum_needed,
)
from governance.states import Outcome, Position, Standing

SEATS = ("research", "product", "security", "legal", "policy")
A, C, D, F, X = (
    Position.APPROVE,
    Position.CONDITIONS,
    Position.DENY,
    Position.DEFER,
    Position.ABSTAIN,
)


def votes(*positions: str | None, **standings: str) -> list[SeatVote]:
    padded = [*positions, *[None] * (5 - len(positions))]
    return [
        SeatVote(seat, standings.get(seat, Standing.ELIGIBLE), position)
        for seat, position in zip(SEATS, padded, strict=True)
    ]


@pytest.mark.parametrize(
    ("cast", "outcome"),
    [
        ((A, A, A, A, A), Outcome.APPROVE),
        ((A, A, A, D, D), Outcome.APPROVE),
        ((A, A, A, C, C), Outcome.APPROVE),
        ((A, A, C, C, D), Outcome.CONDITIONS),
        ((C, C, C, D, D), Outcome.CONDITIONS),
        ((A, A, D, D, D), Outcome.DENY),
        ((A, A, D, D, X), Outcome.DEFER),
        ((F, F, F, A, D), Outcome.DEFER),
        ((A, X, X, X, X), Outcome.APPROVE),
        ((X, X, X, X, X), Outcome.DEFER),
        ((A, A, D, F, F), Outcome.DEFER),
    ],
)
def test_the_founding_rule(cast: tuple[str, ...], outcome: str) -> None:
    assert decide(BallotRule(), votes(*cast)).outcome == outcome


@pytest.mark.parametrize(
    ("rule", "cast", "outcome"),
    [
        ({"threshold": "at least 2/3"}, (A, A, A, D, D), Outcome.DEFER),
        ({"threshold": "at least 2/3"}, (A, A, A, A, D), Outcome.APPROVE),
        ({"threshold": "at least 1/2"}, (A, A, D, D, None), Outcome.APPROVE),
        ({"abstentions": "quorum_and_threshold"}, (A, A, X, X, X), Outcome.DEFER),
        ({"abstentions": "quorum_and_threshold"}, (A, A, A, X, X), Outcome.APPROVE),
        ({"blocking": ("security",)}, (A, A, D, A, A), Outcome.DEFER),
        ({"blocking": ("security",)}, (A, D, A, A, A), Outcome.APPROVE),
        ({"undecided": "deny"}, (A, A, D, D, X), Outcome.DENY),
    ],
)
def test_other_rules(rule: dict[str, object], cast: tuple[str, ...], outcome: str) -> None:
    given_rule = typed.read(BallotRule, {**typed.write(BallotRule()), **rule})
    assert decide(given_rule, votes(*cast)).outcome == outcome


@pytest.mark.parametrize(
    ("chair_seat", "outcome"),
    [("research", Outcome.APPROVE), ("security", Outcome.DENY), (None, Outcome.DEFER)],
)
def test_a_tie_is_broken_by_the_chair_s_own_seat_where_the_rule_says_so(
    chair_seat: str | None, outcome: str
) -> None:
    rule = dataclasses.replace(BallotRule(), tie="chair_seat")
    assert decide(rule, votes(A, A, D, D), chair_seat=chair_seat).outcome == outcome


@pytest.mark.parametrize(
    ("rule", "cast"),
    [
        ({"threshold": Threshold.parse("at least 2/3")}, (A, A, D, D)),
        ({}, (A, A, D, D, F)),
        ({"abstentions": "quorum_and_threshold"}, (A, A, D, D, X)),
    ],
)
def test_the_chair_s_seat_breaks_an_even_vote_alone_and_never_a_larger_threshold(
    rule: dict[str, Any], cast: tuple[str, ...]
) -> None:
    """Else an approval by the chair’s seat could fall for one approval more."""
    tied = dataclasses.replace(BallotRule(), tie="chair_seat", **rule)
    assert decide(tied, votes(*cast), chair_seat="research").outcome == Outcome.DEFER


def test_the_quorum_is_missed_in_words() -> None:
    tally = decide(BallotRule(), votes(A, A))
    assert tally.outcome is None
    assert [(r.code, r.text) for r in tally.reasons] == [
        ("quorum_not_met", "The quorum is 3 seats; 2 took part.")
    ]


def test_a_quorum_out_of_reach_says_so() -> None:
    barred = dict.fromkeys(("legal", "policy", "security"), Standing.RECUSED)
    tally = decide(BallotRule(), votes(A, A, **barred))
    assert tally.reasons[0].text.endswith(
        "Only 2 may vote, so the quorum cannot be met: the matter must be returned."
    )


def test_a_quorum_of_the_unrecused_shrinks_with_recusals() -> None:
    rule = dataclasses.replace(BallotRule(), quorum_of="unrecused_seats")
    barred = dict.fromkeys(("legal", "policy"), Standing.RECUSED)
    assert quorum_needed(rule, votes(A, A, **barred)) == 2
    assert decide(rule, votes(A, A, **barred)).outcome == Outcome.APPROVE


def test_a_named_seat_must_take_part() -> None:
    rule = dataclasses.replace(BallotRule(), quorum_includes=("security", "legal"))
    assert decide(rule, votes(A, A, None, None, A)).reasons[0].code == "quorum_seat_missing"
    assert decide(rule, votes(A, A, X)).outcome == Outcome.APPROVE


def test_an_open_ballot_waits_for_every_seat_unless_the_rule_lets_a_quorum_close_it() -> None:
    early = dataclasses.replace(BallotRule(), early_close="quorum")
    cast = votes(A, A, A)
    assert decide(BallotRule(), cast, over=False).reasons[0].code == "ballot_open"
    assert decide(BallotRule(), cast, over=True).outcome == Outcome.APPROVE
    assert decide(early, cast, over=False).outcome == Outcome.APPROVE


@pytest.mark.parametrize("text", ["1/2", "more than 1/3", "at least 3/2", "more than 1/1", "half"])
def test_thresholds_that_decide_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Threshold.parse(text)


def test_a_threshold_is_read_as_it_is_said() -> None:
    rule = Threshold.parse("at least 2/3")
    with saying.override("de"):
        assert (str(str(rule)), Threshold.parse(str(str(rule)))) == ("mindestens 2/3", rule)
        assert Threshold.parse("at least 2/3") == rule


@pytest.mark.parametrize("text", ["0", "3/0", "6/5", "most", "-1"])
def test_quorums_of_nobody_or_of_more_than_all_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Quorum.parse(text)


# --- properties -----------------------------------------------------------------------------

positions = st.sampled_from([None, *Position.values])
standings = st.sampled_from(
    [Standing.ELIGIBLE, Standing.ELIGIBLE, Standing.ELIGIBLE, Standing.RECUSED, Standing.VACANT]
)
ballots = st.lists(st.tuples(standings, positions), min_size=5, max_size=5).map(
    lambda rows: [
        SeatVote(seat, str(standing), position)
        for seat, (standing, position) in zip(SEATS, rows, strict=True)
    ]
)
thresholds = st.sampled_from(["more than 1/2", "at least 1/2", "at least 2/3", "at least 1/1"])
rules = st.builds(
    BallotRule,
    quorum=st.sampled_from(["1", "3", "5", "1/2", "3/5", "1/1"]).map(Quorum.parse),
    quorum_of=st.sampled_from(["all_seats", "unrecused_seats"]),
    quorum_includes=st.sampled_from([(), ("security",), ("security", "legal")]),
    threshold=thresholds.map(Threshold.parse),
    abstentions=st.sampled_from(["quorum_only", "quorum_and_threshold"]),
    blocking=st.sampled_from([(), ("security",)]),
    early_close=st.sampled_from(["all_voted", "quorum"]),
    undecided=st.sampled_from(["defer", "deny"]),
    tie=st.sampled_from(["undecided", "chair_seat"]),
)


@given(rules, ballots, st.booleans())
def test_a_ballot_has_an_outcome_or_reasons_never_both(
    rule: BallotRule, seats: list[SeatVote], over: bool
) -> None:
    tally = decide(rule, seats, over=over)
    assert (tally.outcome is None) == bool(tally.reasons)


@given(rules, ballots)
def test_who_may_not_vote_never_changes_the_outcome(
    rule: BallotRule, seats: list[SeatVote]
) -> None:
    silenced = [s if s in eligible(seats) else SeatVote(s.seat, s.standing, None) for s in seats]
    assert decide(rule, seats) == decide(rule, silenced)


@given(rules, ballots)
def test_an_approval_needs_the_threshold_among_those_counted(
    rule: BallotRule, seats: list[SeatVote]
) -> None:
    tally = decide(dataclasses.replace(rule, tie="undecided"), seats)
    if tally.outcome in (Outcome.APPROVE, Outcome.CONDITIONS):
        counted = [s.position for s in seats if s.counts]
        if rule.abstentions == "quorum_only":
            counted = [p for p in counted if p != X]
        share = Fraction(sum(p in (A, C) for p in counted), len(counted))
        assert share >= rule.threshold.share
        assert not any(s.counts and s.seat in rule.blocking and s.position == D for s in seats)


@given(rules, ballots, st.integers(0, 4))
def test_one_more_approval_never_turns_an_approval_around(
    rule: BallotRule, seats: list[SeatVote], index: int
) -> None:
    before = decide(rule, seats)
    changed = list(seats)
    changed[index] = dataclasses.replace(seats[index], position=A)
    after = decide(rule, changed)
    if before.outcome == Outcome.APPROVE and seats[index].position is not None:
        assert after.outcome == Outcome.APPROVE


@given(rules, ballots, st.permutations(range(5)))
def test_the_order_of_seats_does_not_matter(
    rule: BallotRule, seats: list[SeatVote], order: list[int]
) -> None:
    assert decide(rule, seats) == decide(rule, [seats[i] for i in order])


@given(rules, ballots)
def test_reasons_never_tell_how_anyone_voted(rule: BallotRule, seats: list[SeatVote]) -> None:
    turned = [
        SeatVote(s.seat, s.standing, None if s.position is None else (D if s.position == A else A))
        for s in seats
    ]
    before, after = decide(rule, seats, over=False), decide(rule, turned, over=False)
    assert before.reasons == after.reasons


@given(ballots)
def test_all_voted_means_every_seat_that_may(seats: list[SeatVote]) -> None:
    assert all_voted(seats) == all(
        s.position is not None for s in seats if s.standing == Standing.ELIGIBLE
    )


@given(rules)
def test_a_rule_survives_being_stored(rule: BallotRule) -> None:
    assert typed.read(BallotRule, typed.write(rule)) == rule
