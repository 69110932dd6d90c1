"""The decision letter: what was decided, on which count, on which conditions, how to reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def compose(
    *,
    title: str,
    question: str,
    outcome: str,
    positions: Mapping[str, int],
    reasons: Sequence[str],
    conditions: Sequence[LetterCondition],
    rule: str,
    reply: str,
    note: str = "",
) -> str:
    """The letter in Markdown. It names positions by number and reasons without names."""
    parts = [f"# {title}", question, f"**{_OPENING[Outcome(outcome)]}**"]
    cast = [f"{positions[p]} {_COUNTED[p]}" for p in Position if positions.get(p)]
    parts.append(f"The vote was {', '.join(cast) or 'not taken by anyone'}, under {rule}.")
    if note.strip():
        parts.append(note.strip())
    if reasons:
        parts.append("## What was weighed\n\n" + "\n".join(f"- {_line(r)}" for r in reasons))
    if conditions:
        rows = [
            f"{i}. {_line(c.text)} ({c.owner}, by {c.due})" for i, c in enumerate(conditions, 1)
        ]
        parts.append("## Conditions\n\n" + "\n".join(rows))
    parts.append(f"## Your reply\n\nYou may answer this decision within {reply}.")
    return "\n\n".join(parts) + "\n"


def dissent(outcome: str, votes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The votes on the other side of the outcome, with their reasons, for the record."""
    approving = {Position.APPROVE, Position.CONDITIONS}
    side = approving if outcome in approving else {outcome}
    return [
        {key: vote[key] for key in ("seat", "user", "position", "rationale")}
        for vote in votes
        if vote["position"] not in side and vote["position"] != Position.ABSTAIN
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
