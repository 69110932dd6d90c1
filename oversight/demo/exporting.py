"""What the auditor took away in the story: a closed case whole, while they did something else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from oversight import services
from oversight.export import making
from oversight.models import Closeout

if TYPE_CHECKING:
    from oversight.demo.story import Story

PROGRAM: Final = "assistants"


def plan(story: Story) -> None:
    """Two days ago, so that the file is there to be taken."""
    story.stage.at(-2.2, partial(_ask, story))


def _ask(story: Story) -> None:
    program = story.cast.programs[PROGRAM]
    closed = Closeout.objects.filter(fellowship__program=program).order_by("id").first()
    if closed is None:
        return
    extract = services.ask_export(
        program=program,
        scope={"reference": closed.fellowship.ref, "whole_case": True},
        file_format="jsonl",
        by=story.cast["auditor"],
    )
    making.make(extract, tell=True)
