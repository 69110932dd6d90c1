"""What findings taught: topics proposed for the next call, one of them written into its draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fellowship.programs.services import draft_call
from findings import services as findings
from findings.models import Lesson
from oversight.demo import office
from oversight.demo.content import programs as content

if TYPE_CHECKING:
    from oversight.demo.story import Story

PROGRAM = "assistants"
TAKEN = (
    "Why do refusals decay within one conversation, and what does a session limit only postpone?"
)
LESSONS = (
    (
        "product-owner",
        TAKEN,
        "The session limit lowered the rate, yet nobody knows what happens across sessions.",
        "AML.T0054",
    ),
    (
        "sponsor",
        "What would an operator have to see to notice a poisoned tool result in time?",
        "No finding about tool results has a detective control that was measured.",
        "AML.T0051",
    ),
)


def plan(story: Story) -> None:
    """Proposed a week ago; the next call is being written."""
    story.stage.at(-7, lambda: _propose(story))
    story.stage.at(-4, lambda: _write(story))


def _propose(story: Story) -> None:
    program = story.cast.programs[PROGRAM]
    for who, topic, why, technique in LESSONS:
        findings.propose_lesson(
            program=program, topic=topic, why=why, technique=technique, by=story.cast[who]
        )


def _write(story: Story) -> None:
    manager = story.cast["manager"]
    call = draft_call(
        program=story.cast.programs[PROGRAM],
        title="After the session: what lasts of a safeguard",
        summary="Work on safeguards that hold beyond one conversation, and on noticing when not.",
        topics="We look for questions that a control can answer within a year.",
        constraints=content.CONSTRAINTS,
        eligibility=content.ELIGIBILITY,
        publication_rules=content.PUBLICATION,
        opens_at=story.stage.day(25),
        closes_at=office.closing(story.stage.day(67)),
        places=5,
        by=manager,
    )
    lesson = Lesson.objects.waiting().get(topic=TAKEN)
    findings.take_lesson(lesson=lesson, call=call, by=manager)
