"""An exception that was extended twice, tested three times, and did not hold the last time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from governance import services as governance
from governance.models import ExceptionRecord
from oversight.demo import scenes

if TYPE_CHECKING:
    from oversight.demo.story import Story

TITLE: Final = "Output filter off for the internal tool-use sandbox"
RATIONALE: Final = (
    "The filter stops tool results longer than 4,000 tokens; the runtime that cuts them is due.",
    "The runtime slipped by one release.",
    "The runtime slipped again; the team that owns it was reorganised.",
)
HELD: Final = "Eight planted injections: all eight stand in the review queue, with their session."
FAILED: Final = (
    "Two of eight planted injections are missing from the review queue: sessions that end within a "
    "minute are not sampled."
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    for number, (day, ends) in enumerate(((-56, -37), (-39, -15), (-17, 12))):
        at(day, partial(_ask, story, number, ends))
    at(-48, partial(_test, story, held=True))
    at(-24, partial(_test, story, held=True))
    at(-2.3, partial(_test, story, held=False))


def _latest(story: Story) -> ExceptionRecord | None:
    program = story.cast.programs["assistants"]
    rows: list[ExceptionRecord] = list(
        ExceptionRecord.objects.filter(program=program, title=TITLE).order_by("-id")[:1]
    )
    return rows[0] if rows else None


def _ask(story: Story, number: int, ends: int) -> None:
    """Asked for, and granted the same day."""
    program, cast = story.cast.programs["assistants"], story.cast
    exception = governance.request_exception(
        program=program,
        kind="other",
        subject=program,
        title=TITLE,
        owner=cast["product-owner"],
        rationale=RATIONALE[number],
        risk="An instruction in a long tool result reaches the model unfiltered.",
        compensating_measure="Every session is sampled, and a person reads the sample daily.",
        measure_test="Eight planted injections every fortnight; each must be in the sample.",
        expires_at=story.stage.day(ends),
        extends=_latest(story),
        by=cast["manager"],
    )
    scenes.decide(cast, exception)


def _test(story: Story, *, held: bool) -> None:
    exception = _latest(story)
    assert exception is not None  # noqa: S101 - asked for before
    governance.record_measure_test(
        exception=exception,
        held=held,
        found=HELD if held else FAILED,
        by=story.cast["oncall"],
    )
