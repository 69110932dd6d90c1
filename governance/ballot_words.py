"""A ballot rule in sentences, for people who are decided about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.accounts.roles import Seat
from governance.ballots import BallotRule


def sentences(rule: BallotRule) -> list[str]:
    """What it takes to decide, in the order in which it matters."""
    return list(_sentences(rule))


def _sentences(rule: BallotRule) -> Iterator[str]:
    yield (
        f"The {_and(rule.seats)} seats vote."
        if len(rule.seats) < len(Seat)
        else ("All five seats vote.")
    )
    of = "all seats" if rule.quorum_of == "all_seats" else "the seats that are not recused"
    part = f"{rule.quorum} of {of}" if rule.quorum.share else f"{rule.quorum} seats"
    also = f", one of them {_and(rule.quorum_includes, 'or')}" if rule.quorum_includes else ""
    yield f"A decision needs the votes of {part}{also}."
    counted = (
        "votes for or against"
        if rule.abstentions == "quorum_only"
        else "votes, abstentions counted among them"
    )
    yield f"To approve takes {rule.threshold} of the {counted}."
    if rule.blocking:
        noun = "seat" if len(rule.blocking) == 1 else "seats"
        yield f"A vote to deny from the {_and(rule.blocking, 'or')} {noun} prevents approval."
    undecided = "deferred" if rule.undecided == "defer" else "declined"
    yield f"Where neither side reaches that, the matter is {undecided}."


def _and(keys: Sequence[str], word: str = "and") -> str:
    names = [Seat(key).label.lower() for key in keys]
    return f" {word} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
