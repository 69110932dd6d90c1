"""The panel at work: what its reviewers say of themselves, and reviewers suggested for a call."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.kernel.time import now
from proposals import services as proposals

if TYPE_CHECKING:
    from oversight.demo.story import Story

CALL: Final = "assistants-2026-b"
SAID: Final = {
    "reviewer": (("refusal", "red teaming"), ("evaluation", "multilingual"), "research", 9),
    "reviewer-two": (("tool use", "prompt injection"), ("session", "filter"), "security", 8),
    "reviewer-three": (("detection", "content filter"), ("measure", "latency"), "product", 9),
    "reviewer-four": (("disclosure",), ("language", "confirmation"), "policy", 6),
}


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-46, partial(_say, story))
    at(-1.5, partial(_suggest, story))


def _say(story: Story) -> None:
    for name, (works_on, knows, seat, places) in SAID.items():
        proposals.describe_reviewing(
            by=story.cast[name], works_on=works_on, knows=knows, seat=seat, places=places
        )
    first = now().date() + dt.timedelta(days=52)
    proposals.enter_absence(
        by=story.cast["reviewer-four"], starts_on=first, ends_on=first + dt.timedelta(days=3)
    )


def _suggest(story: Story) -> None:
    """The last to come have no reviewers yet: a suggestion waits to be looked at."""
    proposals.suggest_reviewers(call=story.calls[CALL], by=story.cast["manager"])
