"""The board looks at itself: a figure beyond its limit is on the agenda, and the chair answers."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

from fellowship.kernel.time import now
from oversight.health.states import HealthFigure
from oversight.models import HealthBreach
from oversight.services import answer_breach

if TYPE_CHECKING:
    from oversight.demo.story import Story

ANSWER = (
    "We looked at each clock. Most are verdicts on milestones that came a day or two late in "
    "August, when both mentors were away. Mentors now name who stands in for them; the manager "
    "looks at the calendar every Monday."
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    story.stage.at(-9, partial(_answer, story))


def _answer(story: Story) -> None:
    program = story.cast.programs["assistants"]
    open_now = HealthBreach.objects.open().filter(program=program)
    breach = open_now.filter(figure=HealthFigure.PROMISES).first()
    if breach is None:  # what others tell decides whether the figure is beyond its limit
        return
    until = (now() + dt.timedelta(days=60)).date()
    answer_breach(breach=breach, by=story.cast["chair"], answer=ANSWER, look_again_on=until)
