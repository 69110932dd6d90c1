"""A ballot rule reads as sentences."""

from __future__ import annotations

from governance.ballot_words import sentences
from governance.ballots import BallotRule, Quorum, Threshold


def test_the_rule_of_a_new_programme() -> None:
    assert sentences(BallotRule()) == [
        "All five seats vote.",
        "A decision needs the votes of 3/5 of all seats.",
        "To approve takes more than 1/2 of the votes for or against.",
        "Where neither side reaches that, the matter is deferred.",
    ]


def test_a_rule_with_everything() -> None:
    rule = BallotRule(
        seats=("research", "security", "legal"),
        quorum=Quorum.parse("2"),
        quorum_includes=("security", "legal"),
        threshold=Threshold.parse("at least 2/3"),
        abstentions="quorum_and_threshold",
        blocking=("security",),
        undecided="deny",
    )
    assert sentences(rule) == [
        "The research, security and legal seats vote.",
        "A decision needs the votes of 2 seats, one of them security or legal.",
        "To approve takes at least 2/3 of the votes, abstentions counted among them.",
        "A vote to deny from the security seat prevents approval.",
        "Where neither side reaches that, the matter is declined.",
    ]
