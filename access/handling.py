"""The handling table of a data tier, asked operation by operation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from access.states import TIERS, Operation
from fellowship.accounts import roles
from fellowship.kernel.saying import joined, say
from governance.models import RuleVersion
from governance.rulekinds import TierHandling
from scoping.handling import COLUMN, NEVER

YES: Final = "yes"
NO: Final = NEVER
BY_APPROVAL: Final = "by_approval"
TONES: Final = {YES: "good", NO: "bad", BY_APPROVAL: "warn"}
WORDS: Final = {YES: say("Yes"), NO: say("No"), BY_APPROVAL: say("By approval")}


@dataclass(frozen=True, slots=True)
class Handled:
    """One line of the handling table: the operation and whether its tier allows it."""

    operation: str
    label: str
    answer: str

    @property
    def words(self) -> str:
        """The answer as people read it."""
        return WORDS[self.answer]

    @property
    def tone(self) -> str:
        """How the page marks it."""
        return TONES[self.answer]


def tier_of(rule: RuleVersion, tier: str) -> TierHandling:
    """What the standard says of the tier."""
    found: TierHandling = rule.params.tiers[tier]
    return found


def deciders(handling: TierHandling) -> str:
    """Who approves a grant of the tier, as the standard says: “Data steward, then the board”."""
    people = [roles.ROLES[key].label for key in handling.approvers]
    return joined(say(", then "), [*people, *([say("the board")] if handling.board else [])])


def table(rule: RuleVersion, tier: str) -> dict[str, str]:
    """`yes`, `no` or `by_approval` for every operation. Sharing is always named in an agreement."""
    handling = tier_of(rule, tier)
    return {
        operation: getattr(handling, COLUMN[operation]) if operation in COLUMN else BY_APPROVAL
        for operation in Operation.values
    }


def lines(rule: RuleVersion, tier: str) -> list[Handled]:
    """The table for a page, in the operations' order."""
    answers = table(rule, tier)
    return [Handled(op, Operation(op).label, answers[op]) for op in Operation.values]


ACTS: Final = (
    ("download", say("Download outputs")),
    ("view_controlled", say("Use in the controlled environment")),
    ("notebooks", say("Copy into notebooks")),
    ("export", say("Export from the environment")),
    ("publication", say("Publish its records")),
    ("weights", say("Use in model weights")),
)
"""The rows of the handling table, as the standard names them."""


def side_by_side(rule: RuleVersion) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each act with the answer of every tier: the tier's label, the words, the tone."""
    tiers = [tier_of(rule, tier) for tier in TIERS]
    return [
        (act, [(t.label, WORDS[getattr(t, key)], TONES[getattr(t, key)]) for t in tiers])
        for key, act in ACTS
    ]


def facts(rule: RuleVersion) -> list[tuple[str, list[tuple[str, str]]]]:
    """What else the standard says of every tier: who approves, how long, deleted by when."""
    tiers = [tier_of(rule, tier) for tier in TIERS]
    return [
        (say("Approved by"), [(t.label, deciders(t)) for t in tiers]),
        (say("Granted for at most"), [(t.label, str(t.longest_grant)) for t in tiers]),
        (
            say("Deleted within"),
            [
                (t.label, say("{deletion_within} of the end", deletion_within=t.deletion_within))
                for t in tiers
            ],
        ),
    ]


def longest_end(rule: RuleVersion, tier: str, start: dt.date) -> dt.date:
    """The last day a grant that begins on `start` may have."""
    window = tier_of(rule, tier).longest_grant
    days = window.amount
    if window.unit == "working_days":
        days = window.amount * 7 // 5
    elif window.unit != "calendar_days":
        days = -(-window.amount // (24 if window.unit == "hours" else 24 * 60))
    return start + dt.timedelta(days=days - 1)
