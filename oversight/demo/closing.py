"""What was suspended in the story: a person who lost a key, and data in which a name was found.

Both were closed at once by one, and opened again by another who had looked.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from access import services as access
from access.models import AccessSuspension

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
FILTERS: Final = 5
LOST: Final = (
    "The fellow reports a laptop stolen on a train, signed in to the research environment. Closed "
    "until every session is ended and the keys are new."
)
FOUND: Final = (
    "All sessions were ended within the hour and the keys were changed; the trail shows no act "
    "after the theft."
)
NAMED: Final = (
    "A reviewer of outputs found the name of a customer in a free text field. Closed for everyone "
    "until it is known how many records hold one."
)
CLEANED: Final = (
    "Three records of 41,000 held a name. They are removed, and each load is checked from now on."
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-31.3, partial(_lost, story))
    at(-31.1, partial(_lift, story, "manager", FOUND))
    at(-19.4, partial(_named, story))
    at(-18.2, partial(_lift, story, "oncall", CLEANED))


def _lost(story: Story) -> None:
    case = story.case(A, FILTERS)
    by = story.cast["oncall"]
    access.suspend_person(program=case.program, person=case.fellow, by=by, reason=LOST)


def _named(story: Story) -> None:
    grant = story.case(A, FILTERS).grants.order_by("pk").first()
    if grant is not None:
        by = story.cast["steward"]
        access.suspend_dataset(dataset=grant.dataset, by=by, reason=NAMED)


def _lift(story: Story, who: str, reason: str) -> None:
    for suspension in AccessSuspension.objects.live():
        access.lift_suspension(suspension=suspension, by=story.cast[who], reason=reason)
