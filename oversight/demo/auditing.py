"""The auditor's quarter: a scope kept, a sample in strata, each control tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fellowship.kernel.time import now
from oversight import drawing, services
from oversight.audit import sample, search
from oversight.audit.controls import TESTS
from oversight.audit.populations import POPULATIONS
from oversight.models import Sample

if TYPE_CHECKING:
    from oversight.demo.story import Story

PROGRAM = "assistants"
SEED = "2026-q4"
WHY = "Quarterly test: was each dossier opened before the vote?"


def plan(story: Story) -> None:
    """Asked for and drawn three days ago, drawn again and tested the day before today."""
    story.stage.at(-3.2, lambda: _draw(story))
    story.stage.at(-0.2, lambda: _test(story))


def _draw(story: Story) -> None:
    program, auditor = story.cast.programs[PROGRAM], story.cast["auditor"]
    services.save_scope(
        program=program,
        name="Votes and conditions",
        query="kind=governance.vote&kind=governance.condition",
        by=auditor,
    )
    _sample(story)


def _sample(story: Story) -> Sample:
    return drawing.draw(
        program=story.cast.programs[PROGRAM],
        population=POPULATIONS["votes"],
        from_at=story.stage.day(-300),
        to_at=story.stage.day(-4),
        size=20,
        seed=SEED,
        stratum="seat",
        allocation=sample.PROPORTIONAL,
        by=story.cast["auditor"],
        reason=WHY,
    )


def _test(story: Story) -> None:
    """The same sample comes out again; the trail and the targets leave something to list."""
    _sample(story)
    for test in TESTS.values():
        drawing.run(
            program=story.cast.programs[PROGRAM],
            test=test,
            from_at=story.stage.day(-200),
            to_at=now(),
            by=story.cast["auditor"],
        )
    search.index()
