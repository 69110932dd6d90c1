"""A ballot rule in sentences, for people who are decided about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.accounts.roles import Seat
from fellowship.kernel.saying import listed, say, say_n
from governance.ballots import BallotRule


def sentences(rule: BallotRule) -> list[str]:
    """What it takes to decide, in the order in which it matters."""
    return list(_sentences(rule))


def _sentences(rule: BallotRule) -> Iterator[str]:
    yield (
        say("The {seats} seats vote.", seats=_and(rule.seats))
        if len(rule.seats) < len(Seat)
        else (say("All five seats vote."))
    )
    of = (
        say("all seats") if rule.quorum_of == "all_seats" else say("the seats that are not recused")
    )
    part = (
        say("{quorum} of {of}", quorum=rule.quorum, of=of)
        if rule.quorum.share
        else say("{quorum} seats", quorum=rule.quorum)
    )
    also = (
        say(
            ", one of them {quorum_includes}",
            quorum_includes=_and(rule.quorum_includes, say("{all} or {one}")),
        )
        if rule.quorum_includes
        else ""
    )
    yield say("A decision needs the votes of {part}{also}.", part=part, also=also)
    counted = (
        say("votes for or against")
        if rule.abstentions == "quorum_only"
        else say("votes, abstentions counted among them")
    )
    yield say(
        "To approve takes {threshold} of the {counted}.", threshold=rule.threshold, counted=counted
    )
    if rule.blocking:
        yield say_n(
            len(rule.blocking),
            "A vote to deny from the {blocking} seat prevents approval.",
            "A vote to deny from the {blocking} seats prevents approval.",
            blocking=_and(rule.blocking, say("{all} or {one}")),
        )
    yield (
        say("Where neither side reaches that, the matter is deferred.")
        if rule.undecided == "defer"
        else say("Where neither side reaches that, the matter is declined.")
    )


def _and(keys: Sequence[str], last: str = "") -> str:
    return listed([Seat(key).label.lower() for key in keys], last or say("{all} and {one}"))
