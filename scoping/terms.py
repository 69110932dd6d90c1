"""The enforced terms of two versions compared: what widens, what narrows, in which stage.

What only narrows is in force at once (docs/adr/0015-narrowing-at-once.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from fellowship.kernel.saying import say
from scoping.models import ScopeOfWork
from scoping.sections import cite
from scoping.stages import Terms, together
from scoping.states import Environment, Operation, Tier

Direction = Literal["wider", "narrower"]
DIRECTED: Final = (
    *("max_tier", "datasets", "operations", "environment", "code_may_leave"),
    "retention_days",
)
"""The clauses a change of which allows more or less, in the version or in a stage of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One enforced clause that changed, in which direction, in words; in which stage, if in one."""

    clause: str
    direction: Direction
    text: str
    stage: str = ""

    @property
    def cited(self) -> str:
        """The clause as decisions name it, with the stage."""
        return f"{cite(self.clause)}, {self.stage}" if self.stage else cite(self.clause)


def differences(old: ScopeOfWork, new: ScopeOfWork) -> list[Difference]:
    """Every enforced change; an exchange of datasets is both wider and narrower.

    Where either version has stages, what holds from each of their days on is compared as well.
    """
    found = [*_compared(old.bounds(), new.bounds()), *_days(old.retention_days, new.retention_days)]
    return found + [d for d in _by_stage(old, new) if replace(d, stage="") not in found]


def widening(old: ScopeOfWork | None, new: ScopeOfWork) -> list[Difference]:
    """What `new` allows and `old` did not; nothing for a first version: the board saw that."""
    if old is None:
        return []
    return [d for d in differences(old, new) if d.direction == "wider"]


def _by_stage(old: ScopeOfWork, new: ScopeOfWork) -> Iterator[Difference]:
    """What differs in each stretch that is one in both; said once where it goes on."""
    if not (old.stages or new.stages):
        return
    last: list[Difference] = []
    for day, was, now in together(old.stretches(), new.stretches()):
        found = _compared(was.terms, now.terms)
        title = now.title or was.title
        named = say("“{title}” from {day}", title=title, day=day) if day else f"“{title}”"
        yield from (replace(d, stage=named) for d in found if d not in last)
        last = found


def _compared(old: Terms, new: Terms) -> list[Difference]:
    return [
        *_lists("datasets", old.datasets, new.datasets, {}),
        *_lists("operations", old.operations, new.operations, dict(Operation.choices)),
        *_rank("max_tier", old.max_tier, new.max_tier),
        *_rank("environment", old.environment, new.environment),
        *_code(old.code_may_leave, new.code_may_leave),
    ]


def _lists(
    clause: str, old: Iterable[str], new: Iterable[str], labels: dict[str, str]
) -> Iterator[Difference]:
    before, after = set(old), set(new)
    for name in sorted(after - before):
        yield Difference(clause, "wider", say("{labels} added", labels=labels.get(name, name)))
    for name in sorted(before - after):
        yield Difference(clause, "narrower", say("{labels} removed", labels=labels.get(name, name)))


def _rank(clause: str, old: Tier | Environment, new: Tier | Environment) -> Iterator[Difference]:
    if old.rank != new.rank:
        direction: Direction = "wider" if new.rank > old.rank else "narrower"
        yield Difference(clause, direction, f"{old.label} → {new.label}")


def _days(old: int, new: int) -> Iterator[Difference]:
    if old != new:
        direction: Direction = "wider" if new > old else "narrower"
        yield Difference(
            "retention_days", direction, say("{old} → {new} calendar days", old=old, new=new)
        )


def _code(old: bool, new: bool) -> Iterator[Difference]:
    if old != new:
        direction: Direction = "wider" if new else "narrower"
        text = say("Code may leave") if new else say("Code may no longer leave")
        yield Difference("code_may_leave", direction, text)
