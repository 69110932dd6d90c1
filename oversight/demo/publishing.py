"""Two contested passages: one lies with a mediator, one went to the board and came back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from oversight.demo import scenes
from publications import services as publications
from publications.models import Objection

if TYPE_CHECKING:
    from oversight.demo.story import Story

ITEMS: Final = "The two that fell are not those with the highest scores."


def plan(story: Story) -> None:
    """Name the mediator of one passage; bring the other before the board, which overrules it."""
    at = story.stage.at
    at(-11, partial(_mediate, story, "empty"))
    at(-98, partial(_object, story))
    at(-97, partial(_contest, story))
    at(-96, partial(_mediate, story, "contamination"))
    at(-95, partial(_propose, story))
    at(-94, partial(_decline, story))
    at(-92, lambda: scenes.decide(story.cast, _objection(story, "contamination"), "deny"))
    at(-5, partial(_save, story))


def _objection(story: Story, name: str) -> Objection:
    rows = Objection.objects.select_related("publication__fellowship__fellow")
    return rows.get(publication=story.works[name])


def _object(story: Story) -> None:
    scenes.object_to(
        story.cast,
        story.works["contamination"],
        ITEMS,
        ground="unreleased_product_specifics",
        harm="Readers could tell which of the six models is not announced.",
        ask="redact",
        public_summary="One sentence that ranks the models is left out.",
    )


def _contest(story: Story) -> None:
    objection = _objection(story, "contamination")
    publications.contest_objection(
        objection=objection,
        by=objection.publication.fellowship.fellow,
        reason="All six models are public, and the abstract says so.",
    )


def _mediate(story: Story, name: str) -> None:
    publications.name_mediator(
        objection=_objection(story, name),
        mediator=story.cast["legal-reviewer"],
        by=story.cast["manager"],
    )


def _propose(story: Story) -> None:
    publications.propose(
        objection=_objection(story, "contamination"),
        proposal="keep",
        reasons="The sentence names no model, and each of the six is on sale.",
        by=story.cast["legal-reviewer"],
    )


def _decline(story: Story) -> None:
    publications.answer_proposal(
        objection=_objection(story, "contamination"),
        takes=False,
        by=story.cast["policy-reviewer"],
        reason="One of them was renamed last month; its old name still stands in the appendix.",
    )


def _save(story: Story) -> None:
    said: dict[str, Any] = {
        "use": "harm",
        "title": "Bypass before its fix",
        "text": "A reproducible bypass of a live control before its fix.",
    }
    publications.save_wording(
        program=story.works["drift"].program, by=story.cast["policy-reviewer"], **said
    )
