"""Which way a change of a scope of work takes, and why, clause by clause.

A change that only allows less is in force at once. One that allows more needs the approver whom the
signed version names, and above a tier the board first. Wording, dates and milestones bind both
sides, so both sign. What is mixed goes the longer way as a whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import dated, joined, say
from scoping import document
from scoping.models import ScopeOfWork
from scoping.sections import CLAUSES, Clause, cite
from scoping.stages import RANK, read, together
from scoping.states import Route, ScopeState, Tier
from scoping.terms import DIRECTED, differences

WIDER: Final = "wider"
NARROWER: Final = "narrower"
WORDING: Final = "wording"


@dataclass(frozen=True, slots=True)
class Change:
    """One clause that would change: how, in words, and what that asks for."""

    clause: str
    cited: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Routed:
    """The route of a change, the changes that lead to it, and why that way, in a sentence."""

    route: str
    changes: list[Change]
    why: str

    @property
    def label(self) -> str:
        """The route in words."""
        return str(Route(self.route).label)

    @property
    def at_once(self) -> bool:
        """Whether it needs nobody else."""
        return self.route == Route.AT_ONCE


def changes(old: ScopeOfWork, new: ScopeOfWork) -> list[Change]:
    """Every clause that differs: enforced ones by direction, all others as wording."""
    found = [Change(d.clause, d.cited, d.direction, d.text) for d in differences(old, new)]
    return found + [
        Change(key, cite(key), WORDING, _said(key, old, new))
        for key in CLAUSES
        if key not in DIRECTED and _reads_differently(key, old, new)
    ]


def route(signed: ScopeOfWork | None, new: ScopeOfWork, tiers: Mapping[str, Any]) -> Routed:
    """The way of `new` over the version in force; `tiers` is the standard pinned on the case.

    `tiers[tier].board` says whether the standard leaves the tier to the board.
    """
    if signed is None or signed.state != ScopeState.SIGNED:
        return Routed(
            Route.FIRST, [], say("No version is in force: chair or sponsor sign with you.")
        )
    found = changes(signed, new)
    kinds = {change.kind for change in found}
    approver = ROLES[signed.approver_role].label.lower()
    if kinds == {NARROWER}:
        return Routed(Route.AT_ONCE, found, say("It only allows less, so it is in force at once."))
    if WIDER not in kinds:
        why = say(
            "It changes what both sides agreed; the {approver} signs for the company.",
            approver=approver,
        )
        return Routed(Route.SIGNATURES, found, why)
    tier = Tier(new.max_tier)
    if tiers[tier].board:
        why = say(
            "It allows more, and the data handling standard leaves {label} data to the "
            "board. The board decides first; then both sides sign, the {approver} for "
            "the company.",
            label=tier.label.lower(),
            approver=approver,
        )
        return Routed(Route.BOARD, found, why)
    why = say(
        "It allows more: the {approver}, whom the signed version names, has to sign.",
        approver=approver,
    )
    return Routed(Route.SIGNATURES, found, why)


def _reads_differently(key: str, old: ScopeOfWork, new: ScopeOfWork) -> bool:
    clause = CLAUSES[key]
    if key == "stages":
        return _agreed_otherwise(old, new)
    return bool(document.value(old, clause) != document.value(new, clause))


def _agreed_otherwise(old: ScopeOfWork, new: ScopeOfWork) -> bool:
    """Whether the stages differ in more than access: names, what is checked, freedom to publish.

    So it is too where they begin on other days and nobody's access changes by it.
    """
    if old.stages == new.stages:
        return False
    if [(s.title, s.switch) for s in read(old.stages)] != [
        (s.title, s.switch) for s in read(new.stages)
    ]:
        return True
    pairs = list(together(old.stretches(), new.stretches()))
    if any(
        now.freedom and was.freedom and RANK[now.freedom] < RANK[was.freedom]
        for _, was, now in pairs
    ):
        return True
    return all(was.terms == now.terms for _, was, now in pairs)


def _said(key: str, old: ScopeOfWork, new: ScopeOfWork) -> str:
    """What becomes of the clause, as far as it can be said in a line."""
    clause = CLAUSES[key]
    was, now = document.value(old, clause), document.value(new, clause)
    if clause.kind == "text":
        return say("Its wording changes")
    if clause.kind == "choice":
        return f"{clause.shown(was)} → {clause.shown(now)}"
    if clause.kind in ("milestones", "checkpoints"):
        parts = _days_moved(was or (), now or ())
    else:
        parts = _named_otherwise(clause, was or (), now or ())
    return joined("; ", parts) or say("Its plan changes")


def _days_moved(was: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which entries of a plan move to another day, come, or go."""
    before, after = _by_title(was), _by_title(now)
    moved = [
        say("“{title}”: {on} → {until}", title=title, on=dated(before[title]), until=dated(day))
        for title, day in after.items()
        if before.get(title, day) != day
    ]
    come = [
        say("“{title}” by {on} added", title=title, on=dated(day))
        for title, day in after.items()
        if title not in before
    ]
    gone = [say("“{title}” removed", title=title) for title in before if title not in after]
    return moved + come + gone


def _by_title(plan: Iterable[Mapping[str, Any]]) -> dict[str, dt.date]:
    return {row["title"]: dt.date.fromisoformat(str(row["due"])) for row in plan}


def _named_otherwise(clause: Clause, was: Iterable[Any], now: Iterable[Any]) -> list[str]:
    """Which of the names listed are added and removed; none where it lists something else."""
    before, after = list(was), list(now)
    if not all(isinstance(name, str) for name in (*before, *after)):
        return []
    labels = dict(clause.choices)
    return [
        *(say("{labels} added", labels=labels.get(n, n)) for n in after if n not in before),
        *(say("{labels} removed", labels=labels.get(n, n)) for n in before if n not in after),
    ]


def rebased(pending: ScopeOfWork, old: ScopeOfWork, new: ScopeOfWork) -> dict[str, Any]:
    """What `pending`, written over `old`, says over `new`: its own changes alone, by clause.

    What `new` took away stays away unless `pending` itself asked for it.
    """
    was, has, now = document.values(old), document.values(pending), document.values(new)
    return {key: _merged(was[key], has[key], now[key]) for key in CLAUSES}


def _merged(was: Any, has: Any, now: Any) -> Any:
    if has == was:
        return now
    if isinstance(was, list) and all(isinstance(item, str) for item in (*was, *has, *now)):
        return [name for name in has if name in now or name not in was]
    return has


def draft_of(signed: ScopeOfWork, values: Mapping[str, Any]) -> ScopeOfWork:
    """The signed version with other values by clause, not saved: to see where a change would go."""
    new = ScopeOfWork(fellowship=signed.fellowship, number=signed.number + 1, amends=signed)
    document.write(new, {**document.values(signed), **values})
    return new
