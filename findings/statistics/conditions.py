"""Under what a number was counted. Unlike numbers are not compared."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from fellowship.kernel.saying import joined, say

LABELS = {
    "model": say("model"),
    "attack": say("attack"),
    "harness": say("harness"),
    "harness_version": say("harness version"),
    "context": say("context"),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be the same on both sides; empty where it was not stated."""

    model: str = ""
    attack: str = ""
    harness: str = ""
    harness_version: str = ""
    context: str = ""

    @classmethod
    def of(cls, row: Any) -> Conditions:
        """Those of a record or form data with these names."""
        given = (
            row if isinstance(row, dict) else {f.name: getattr(row, f.name) for f in fields(cls)}
        )
        return cls(**{f.name: str(given.get(f.name) or "").strip() for f in fields(cls)})

    def stated(self) -> list[tuple[str, str]]:
        """Label and value of each that is stated."""
        pairs = ((label, getattr(self, name)) for name, label in LABELS.items())
        return [(label, value) for label, value in pairs if value]

    def __str__(self) -> str:
        return joined(", ", (joined(" ", pair) for pair in self.stated()))


@dataclass(frozen=True, slots=True)
class Unlike:
    """A condition that differs, and so forbids the comparison."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """The condition in words."""
        return LABELS[self.field]

    def __str__(self) -> str:
        return say(
            "the {label} is {said} before and {said2} after",
            label=self.label,
            said=_said(self.before),
            said2=_said(self.after),
        )


def unlike(before: Conditions, after: Conditions) -> list[Unlike]:
    """Each condition that differs. What one side leaves unsaid and the other states differs too."""
    return [
        Unlike(name, getattr(before, name), getattr(after, name))
        for name in LABELS
        if getattr(before, name).casefold() != getattr(after, name).casefold()
    ]


def _said(value: str) -> str:
    return f"“{value}”" if value else say("not stated")
