"""The enforced terms of two versions compared: what widens, what narrows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from scoping.models import ScopeOfWork
from scoping.sections import cite
from scoping.states import Environment, Operation, Tier

Direction = Literal["wider", "narrower"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One enforced clause that changed, in which direction, in words."""

    clause: str
    direction: Direction
    text: str

    @property
    def cited(self) -> str:
        """The clause as decisions name it."""
        return cite(self.clause)


def differences(old: ScopeOfWork, new: ScopeOfWork) -> list[Difference]:
    """Every enforced change; an exchange of datasets is both wider and narrower."""
    return [
        *_lists("datasets", old.datasets, new.datasets, {}),
        *_lists("operations", old.operations, new.operations, dict(Operation.choices)),
        *_rank("max_tier", Tier(old.max_tier), Tier(new.max_tier)),
        *_rank("environment", Environment(old.environment), Environment(new.environment)),
        *_days(old.retention_days, new.retention_days),
        *_code(old.code_may_leave, new.code_may_leave),
    ]


def widening(old: ScopeOfWork | None, new: ScopeOfWork) -> list[Difference]:
    """What `new` allows and `old` did not; nothing for a first version: the board saw that."""
    if old is None:
        return []
    return [d for d in differences(old, new) if d.direction == "wider"]


def _lists(
    clause: str, old: Iterable[str], new: Iterable[str], labels: dict[str, str]
) -> Iterator[Difference]:
    before, after = set(old), set(new)
    for name in sorted(after - before):
        yield Difference(clause, "wider", f"{labels.get(name, name)} added")
    for name in sorted(before - after):
        yield Difference(clause, "narrower", f"{labels.get(name, name)} removed")


def _rank(clause: str, old: Tier | Environment, new: Tier | Environment) -> Iterator[Difference]:
    if old.rank != new.rank:
        direction: Direction = "wider" if new.rank > old.rank else "narrower"
        yield Difference(clause, direction, f"{old.label} → {new.label}")


def _days(old: int, new: int) -> Iterator[Difference]:
    if old != new:
        direction: Direction = "wider" if new > old else "narrower"
        yield Difference("retention_days", direction, f"{old} → {new} calendar days")


def _code(old: bool, new: bool) -> Iterator[Difference]:
    if old != new:
        direction: Direction = "wider" if new else "narrower"
        text = "Code may leave" if new else "Code may no longer leave"
        yield Difference("code_may_leave", direction, text)
