"""Lifecycles as tables of data: state, verb, next state, and who holds the ball in each state."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fellowship.kernel.refusals import Refusal, refuse


class Holder(enum.StrEnum):
    """Who holds the ball while a case rests in a state."""

    US = "us"
    YOU = "you"
    BOARD = "board"
    CLOCK = "clock"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed move: `verb` takes `source` to `target`."""

    verb: str
    source: str
    target: str


TABLES: dict[str, MoveTable] = {}
_PARTICIPLES = {
    "defer": "deferred",
    "refer": "referred to the board",
    "stop": "stopped",
    "submit": "submitted",
    "take_back": "taken back",
    "uphold": "upheld",
    "withdraw": "withdrawn",
}


@dataclass(frozen=True)
class MoveTable:
    """A lifecycle. Creating one registers it, so that docs/states.md can be generated from all.

    `said` holds the states and verbs whose label or regular participle does not read well in
    “This call is closed; it can be published only while it is a draft.”
    """

    name: str
    initial: str
    moves: Sequence[Move]
    holders: Mapping[str, Holder]
    labels: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: set[tuple[str, str]] = set()
        for move in self.moves:
            if (move.source, move.verb) in seen:
                raise ValueError(f"{self.name}: {move.verb} from {move.source} stands twice")
            seen.add((move.source, move.verb))
        unheld = self.states - set(self.holders)
        if unheld:
            raise ValueError(f"{self.name}: nobody is named as holder of {sorted(unheld)}")
        TABLES[self.name] = self

    @property
    def states(self) -> set[str]:
        """Every state the table knows."""
        return {
            self.initial,
            *(s for move in self.moves for s in (move.source, move.target)),
        }

    @property
    def terminal(self) -> set[str]:
        """States no verb leaves."""
        return self.states - {move.source for move in self.moves}

    def verbs(self, state: str) -> list[str]:
        """The verbs that leave `state`, in the table's order."""
        return [move.verb for move in self.moves if move.source == state]

    def refusal(self, state: str, verb: str) -> Refusal | None:
        """Why `verb` is not possible in `state`, or None."""
        if verb in self.verbs(state):
            return None
        return Refusal(
            code="wrong_state",
            reason=f"This {self.name} is {self._state_for(state, verb)}.",
            rule=f"the moves of {'an' if self.name[0] in 'aeiou' else 'a'} {self.name}",
        )

    def _state_for(self, state: str, verb: str) -> str:
        """`state` in words, and what it means for `verb`: done already, or when it is possible."""
        phrase, moves = self.phrase(state), [move for move in self.moves if move.verb == verb]
        if state in {move.target for move in moves}:
            return f"already {phrase}"
        if not moves:
            return phrase
        when = _either([self.phrase(move.source) for move in moves])
        return f"{phrase}; it can be {self.participle(verb)} only while it is {when}"

    def phrase(self, state: str) -> str:
        """How `state` reads after “it is”."""
        if state in self.said:
            return self.said[state]
        label = self.labels.get(state, state.replace("_", " "))
        label = label[:1].lower() + label[1:]
        return "a draft" if label == "draft" else label

    def participle(self, verb: str) -> str:
        """How `verb` reads after “it can be”."""
        return self.said.get(verb) or _PARTICIPLES.get(verb) or _regular(verb)

    def target(self, state: str, verb: str) -> str:
        """The state after `verb`; raises Refused where the table has no such move."""
        refuse(self.refusal(state, verb))
        return next(m.target for m in self.moves if (m.source, m.verb) == (state, verb))

    def holder(self, state: str) -> Holder:
        """Who holds the ball in `state`."""
        return self.holders[state]

    def diagram(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {m.source} --> {m.target}: {m.verb}" for m in self.moves]
        lines += [f"    {state} --> [*]" for state in sorted(self.terminal)]
        return "\n".join(lines)


def _regular(verb: str) -> str:
    """The participle of a regular English verb."""
    words = verb.replace("_", " ")
    if words.endswith("e"):
        return f"{words}d"
    if words.endswith("y") and words[-2] not in "aeiou":
        return f"{words[:-1]}ied"
    return f"{words}ed"


def _either(phrases: Sequence[str]) -> str:
    *most, last = phrases
    return f"{', '.join(most)} or {last}" if most else last
