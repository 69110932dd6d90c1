"""Lifecycles as tables of data: state, verb, next state, and who holds the ball in each state."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import listed, say, within


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
    "accept": say("accepted"),
    "acknowledge": say("acknowledged"),
    "adopt": say("adopted"),
    "agree": say("agreed"),
    "approve": say("approved"),
    "assign": say("assigned"),
    "check": say("checked"),
    "close": say("closed"),
    "contain": say("contained"),
    "contest": say("contested"),
    "decline": say("declined"),
    "defer": say("deferred"),
    "deliver": say("delivered"),
    "deny": say("denied"),
    "deploy": say("deployed"),
    "end": say("ended"),
    "extend": say("extended"),
    "finish": say("finished"),
    "grant": say("granted"),
    "overrule": say("overruled"),
    "pause": say("paused"),
    "prevent": say("prevented"),
    "propose": say("proposed"),
    "publish": say("published"),
    "reconsider": say("reconsidered"),
    "refer": say("referred to the board"),
    "refuse": say("refused"),
    "reject": say("rejected"),
    "release": say("released"),
    "reopen": say("reopened"),
    "replace": say("replaced"),
    "resume": say("resumed"),
    "return": say("returned"),
    "revise": say("revised"),
    "revoke": say("revoked"),
    "settle": say("settled"),
    "sign": say("signed"),
    "stop": say("stopped"),
    "submit": say("submitted"),
    "supersede": say("superseded"),
    "take_back": say("taken back"),
    "uphold": say("upheld"),
    "verify": say("verified"),
    "waive": say("waived"),
    "withdraw": say("withdrawn"),
}
"""How verbs that several lifecycles share read after “it can be”."""


@dataclass(frozen=True)
class MoveTable:
    """A lifecycle. Creating one registers it, so that docs/states.md can be generated from all.

    `said` holds its states and verbs whose label or shared participle does not read well in
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
            reason=self._reason(state, verb),
            rule=say("the moves of an {name}", name=self.name)
            if self.name[0] in "aeiou"
            else say("the moves of a {name}", name=self.name),
        )

    def _reason(self, state: str, verb: str) -> str:
        """What `state` means for `verb`: done already, or when it is possible."""
        phrase, moves = self.phrase(state), [move for move in self.moves if move.verb == verb]
        if state in {move.target for move in moves}:
            return say("This {name} is already {phrase}.", name=self.name, phrase=phrase)
        if not moves:
            return say("This {name} is {phrase}.", name=self.name, phrase=phrase)
        return say(
            "This {name} is {phrase}; it can be {participle} only while it is {when}.",
            name=self.name,
            phrase=phrase,
            participle=self.participle(verb),
            when=listed([self.phrase(move.source) for move in moves], say("{all} or {one}")),
        )

    def phrase(self, state: str) -> str:
        """How `state` reads after “it is”."""
        if state in self.said:
            return self.said[state]
        label = self.labels.get(state, state.replace("_", " "))
        return say("a draft") if label in ("Draft", "draft") else within(label)

    def participle(self, verb: str) -> str:
        """How `verb` reads after “it can be”."""
        return self.said.get(verb) or _PARTICIPLES.get(verb) or verb.replace("_", " ")

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
