"""What stands between a fellow and data that is not granted: what could be asked for, what not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from access import handling
from access.models import Dataset
from access.states import TIERS, Operation
from fellowship.kernel.saying import say
from governance.models import RuleVersion
from governance.rules import pinned
from governance.states import RuleKind
from scoping.models import Fellowship, ScopeOfWork
from scoping.sections import cite
from scoping.stages import Stretch

SHOWN: Final = 30
"""Datasets of the catalogue that a page names beside those of the scope."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The first thing in the way of asking: the clause, and what would have to change.

    `final` marks what no request can change: the tier's handling.
    """

    clause: str
    text: str
    final: bool = False


NOT_SIGNED: Final = Obstacle(say("Scope of work"), say("Both sides sign a scope of work first."))
NOT_ASKED: Final = Obstacle(say("Data access agreement"), say("Not granted: it can be asked for."))


class Between:
    """What the scope in force and the standard pinned on the case say of data not granted."""

    def __init__(self, fellowship: Fellowship, scope: ScopeOfWork | None, at: dt.datetime) -> None:
        self.fellowship, self.scope = fellowship, scope
        today = fellowship.program.day(at)
        self.terms: Stretch | None = scope.terms_on(today) if scope else None
        self._rule: RuleVersion | None = None
        self._tables: dict[str, Mapping[str, str]] = {}

    def dataset(self, dataset: Dataset) -> Obstacle | None:
        """What is in the way whatever would be done with it; None where it can be asked for."""
        if self.terms is None:
            return NOT_SIGNED
        terms, version = self.terms.terms, self._version
        if not {dataset.ref, dataset.slug, dataset.name} & set(terms.datasets):
            return Obstacle(
                f"{version}, {cite('datasets')}", say("The scope of work does not name it.")
            )
        if TIERS.index(dataset.tier) > TIERS.index(terms.max_tier):
            said = say("Its tier lies above the highest of the scope of work.")
            return Obstacle(f"{version}, {cite('max_tier')}", said)
        return None

    def operation(self, dataset: Dataset, operation: str) -> Obstacle:
        """What is in the way of one operation, or that it can be asked for."""
        found = self.dataset(dataset)
        if found is not None:
            return found
        label = Operation(operation).label.lower()
        if self._table(dataset.tier)[operation] == handling.NO:
            tier = dataset.get_tier_display().lower()
            said = say(
                "The standard never allows “{label}” for {tier} data.", label=label, tier=tier
            )
            return Obstacle(
                say("{rule}, {tier} tier", rule=self._rule, tier=tier), said, final=True
            )
        assert self.terms is not None  # noqa: S101 - else an obstacle was found above
        if operation not in self.terms.terms.operations:
            said = say("The scope of work does not allow “{label}”.", label=label)
            return Obstacle(f"{self._version}, {cite('operations')}", said)
        return NOT_ASKED

    @property
    def _version(self) -> str:
        title = (
            say(", stage “{title}”", title=self.terms.title)
            if self.terms and self.terms.title
            else ""
        )
        return (
            say("Scope of work v{number}{title}", number=self.scope.number, title=title)
            if self.scope
            else NOT_SIGNED.clause
        )

    def _table(self, tier: str) -> Mapping[str, str]:
        if self._rule is None:
            self._rule = pinned(self.fellowship, RuleKind.DATA_HANDLING)
        if tier not in self._tables:
            self._tables[tier] = handling.table(self._rule, tier)
        return self._tables[tier]


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A dataset of the catalogue that the case has nothing to do with yet."""

    dataset: Dataset
    obstacle: Obstacle


def catalogue(between: Between, shown: Iterable[int]) -> tuple[list[Unnamed], bool]:
    """The other datasets of the programme, those that show least first; whether there are more."""
    rows = Dataset.objects.filter(program_id=between.fellowship.program_id)
    rest = rows.exclude(pk__in=list(shown)).least_first().defer("description", "fields")
    found = list(rest[: SHOWN + 1])
    lines = [Unnamed(one, between.dataset(one) or NOT_ASKED) for one in found[:SHOWN]]
    return lines, len(found) > SHOWN
