"""The decision letter: what was decided and weighed, on which conditions, how to answer it.

It is written once, when the decision is recorded, and does not change afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fellowship.kernel.worktime import Window, WorkCalendar
from governance.review_states import ReviewGround
from governance.states import Outcome, Position

_COUNTED = {
    Position.APPROVE: "to approve",
    Position.CONDITIONS: "to approve with conditions",
    Position.DENY: "to deny",
    Position.DEFER: "to defer",
    Position.ABSTAIN: "abstaining",
}
_OPENING = {
    Outcome.APPROVE: "The board approved this.",
    Outcome.CONDITIONS: "The board approved this with conditions. Each must be verified first.",
    Outcome.DENY: "The board denied this.",
    Outcome.DEFER: "The board deferred this: it may be put before the board again.",
}


@dataclass(frozen=True, slots=True)
class LetterCondition:
    """A condition as the letter names it."""

    text: str
    owner: str
    due: str
    verifier: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Term:
    """A time of the policy, with its end where it runs from the decision."""

    window: Window
    until: str = ""


@dataclass(frozen=True, slots=True)
class Recourse:
    """How a party may answer, and have the decision reviewed where that is open."""

    reply: Term
    answer: Term
    review: Term | None
    reviewers: int
    carried_out: Term
    policy: str


@dataclass(frozen=True, slots=True)
class Roll:
    """The seats of the ballot: how many voted of how many, the quorum, and which were recused."""

    voted: int
    seats: int
    needed: int
    recused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the votes' reasons were, by the side they were given on."""

    decisive: Sequence[str] = ()
    dissenting: Sequence[str] = ()
    abstaining: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Under what it was decided: the ballot rule, and the dossier by its hash and headings."""

    rule: str
    dossier: str
    read: Sequence[str]


def compose(
    *,
    title: str,
    question: str,
    outcome: str,
    positions: Mapping[str, int],
    roll: Roll,
    reasons: Reasons,
    weighed: Sequence[str],
    conditions: Sequence[LetterCondition],
    record: Record,
    recourse: Recourse | None,
    note: str = "",
    under_override: int = 0,
) -> str:
    """The letter in Markdown. `under_override`: votes of people whose recusal was set aside.

    It names positions by number and reasons without names.
    """
    parts = [f"# {title}", question, f"**{_OPENING[Outcome(outcome)]}**"]
    cast = [f"{positions[p]} {_COUNTED[p]}" for p in Position if positions.get(p)]
    parts.append(f"The vote was {', '.join(cast) or 'not taken by anyone'}, under {record.rule}.")
    parts.append(_roll(roll))
    if under_override:
        who = "One vote was" if under_override == 1 else f"{under_override} votes were"
        parts.append(
            f"{who} cast although a conflict of interest is declared: two people set the recusal "
            "aside, and the record says why."
        )
    if note.strip():
        parts.append(note.strip())
    if reasons != Reasons() or record.read or weighed:
        parts.append(_weighed(reasons, weighed, record))
    if conditions:
        rows = [_condition(i, c) for i, c in enumerate(conditions, 1)]
        parts.append("## Conditions\n\n" + "\n".join(rows))
    if recourse is not None:
        parts += _recourse(recourse)
    parts.append(
        f"## The record\n\nDecided under {record.rule}"
        + (f"; replies and reviews under {recourse.policy}" if recourse else "")
        + f". SHA-256 of the dossier the members read: {record.dossier}."
    )
    return "\n\n".join(parts) + "\n"


def _roll(roll: Roll) -> str:
    """The quorum, and the seats that a conflict of interest kept out."""
    told = [f"{roll.voted} of {roll.seats} seats voted; {roll.needed} needed."]
    told += [f"{seat} seat: recused, took no part." for seat in roll.recused]
    return " ".join(told)


def _weighed(reasons: Reasons, weighed: Sequence[str], record: Record) -> str:
    parts = ["## What was weighed"]
    if record.read:
        parts.append(f"The members read: {'; '.join(_line(h) for h in record.read)}.")
    for intro, given in (
        ("Those whose votes decided gave these reasons", reasons.decisive),
        ("Those who voted otherwise gave these reasons", reasons.dissenting),
        ("Those who abstained gave these reasons", reasons.abstaining),
    ):
        if given:
            told = "\n".join(f"- {text}" for text in _each_once(given))
            parts.append(f"{intro}, here without their names:\n\n{told}")
    if weighed:
        parts.append("### Scores in summary\n\n" + "\n".join(f"- {_line(w)}" for w in weighed))
    return "\n\n".join(parts)


def _each_once(reasons: Sequence[str]) -> list[str]:
    """The reasons in their order; one that several gave stands once, with how many gave it."""
    given = Counter(_line(reason) for reason in reasons)
    return [f"{text} ({many} members)" if many > 1 else text for text, many in given.items()]


def _condition(number: int, c: LetterCondition) -> str:
    return (
        f"{number}. {_line(c.text)} ({c.owner}, by {c.due}; verified by {c.verifier}). "
        f"{_line(c.consequence)}"
    )


def _recourse(ways: Recourse) -> list[str]:
    reply = (
        "## Your reply\n\n"
        f"You may reply to this decision once, in writing, until {ways.reply.until}, "
        f"{ways.reply.window} from the decision. Your reply is kept with the decision and shown "
        f"to the board and the programme manager. The chair answers it in writing within "
        f"{ways.answer.window}. If you do not reply, the decision stands."
    )
    if ways.review is None:
        return [reply]
    people = f"{ways.reviewers} {'people' if ways.reviewers > 1 else 'person'}"
    grounds = "\n".join(f"- {ground.label}" for ground in ReviewGround)
    review = (
        "## Independent review\n\n"
        f"You may ask once for an independent review, until {ways.review.until}, "
        f"{ways.review.window} from the decision, or {ways.review.window} from the answer to "
        f"your reply if that is later. You ask on the page of this decision, on one of these "
        f"grounds:\n\n{grounds}\n\n"
        f"It is carried out within {ways.carried_out.window} by {people} who neither voted nor "
        "took part in the case. The sponsor or an administrator names them, not the board. They "
        "read the dossier, the votes’ reasons, this letter and your reply. They uphold the "
        "decision, or send it back to the board to be decided anew; they do not decide in its "
        "place. Until then the decision has effect."
    )
    return [reply, review]


def instant(at: dt.datetime, calendar: WorkCalendar) -> str:
    """An instant as the letter writes it: day, time and the programme's zone."""
    return f"{calendar.local(at):%-d %B %Y, %H:%M} ({calendar.zone})"


def dissent(outcome: str, votes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The votes on the other side of the outcome, with their reasons, for the record."""
    side = _side(outcome)
    return [
        {key: vote[key] for key in ("seat", "user", "position", "rationale")}
        for vote in votes
        if vote["position"] not in side and vote["position"] != Position.ABSTAIN
    ]


def reasons_of(outcome: str, votes: Sequence[Mapping[str, Any]]) -> Reasons:
    """The reasons of the votes, those of the dissent and of abstentions apart."""
    side = _side(outcome)
    given = [(vote["position"], vote["rationale"]) for vote in votes if vote["rationale"]]
    return Reasons(
        decisive=[text for position, text in given if position in side],
        dissenting=[text for p, text in given if p not in side and p != Position.ABSTAIN],
        abstaining=[text for position, text in given if position == Position.ABSTAIN],
    )


def _side(outcome: str) -> set[str]:
    """The positions that count for the outcome."""
    approving: set[str] = {Position.APPROVE, Position.CONDITIONS}
    return approving if outcome in approving else {outcome}


def _line(text: str) -> str:
    return " ".join(text.split())
