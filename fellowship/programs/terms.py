"""What terms consist of, typed: the stages of a residency, the milestones of an output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from fellowship.kernel.saying import say
from fellowship.programs.states import Freedom, Tier

_WEEK = re.compile(r"^week\s+(?P<week>\d{1,3})\s*[:–-]\s*(?P<title>.+)$", re.IGNORECASE)
LAST_WEEK = 520
"""Ten years: no fellowship is planned further ahead."""


@dataclass(frozen=True, slots=True)
class ResidencyStage:
    """One stage of a hybrid residency: its access, its freedom to publish, what ends it."""

    name: str
    tier: Tier
    freedom: Freedom
    switch: str
    """What must happen before the next stage begins, and who says so; empty for the last."""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """From what is stored. Raises KeyError or ValueError for anything else."""
        return cls(row["name"], Tier(row["tier"]), Freedom(row["freedom"]), row["switch"])

    def write(self) -> dict[str, str]:
        """What is stored."""
        return {
            "name": self.name,
            "tier": str(self.tier),
            "freedom": str(self.freedom),
            "switch": self.switch,
        }

    def __str__(self) -> str:
        access, freedom = self.tier.label, self.freedom.label.lower()
        line = say(
            "{name}: {access} data; freedom to publish {freedom}.",
            name=self.name,
            access=access.lower(),
            freedom=freedom,
        )
        return say("{line} Then: {switch}", line=line, switch=self.switch) if self.switch else line


@dataclass(frozen=True, slots=True)
class Milestone:
    """One milestone of a template. `week` counts from the first day; None spreads it evenly."""

    title: str
    week: int | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """From what is stored. Raises KeyError for anything else."""
        return cls(row["title"], row["week"])

    @classmethod
    def parse(cls, line: str) -> Self:
        """From a line people write: “Protocol”, or “Week 4: Protocol”."""
        match = _WEEK.match(line.strip())
        return cls(match["title"].strip(), int(match["week"])) if match else cls(line.strip())

    def write(self) -> dict[str, Any]:
        """What is stored."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            self.title
            if self.week is None
            else say("Week {week}: {title}", week=self.week, title=self.title)
        )
