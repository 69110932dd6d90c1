"""Scopes that changed in the story: one allowed less at once, one allowed more by the board."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from oversight.demo import scenes
from scoping import services as scoping
from scoping.models import ScopeOfWork
from scoping.queries import signed_scope
from scoping.states import Operation

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
FILTERS: Final = 5
DOCUMENTS: Final = 7
LESS: Final = (
    "All 600 items are annotated. From here on I only query the labels, so nothing needs to be "
    "copied into notebooks any more."
)
MORE: Final = (
    "The table of 24 places is done, and the counts behind it are what others need to check it. I "
    "would like to download outputs by the release desk; the sessions stay where they are."
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-26, partial(_allow_less, story))
    at(-24, partial(_ask_for_more, story))
    at(-22, partial(_board_decides, story))
    at(-20, partial(_both_sign, story))


def _amend(story: Story, index: int, operations: list[str], reason: str) -> ScopeOfWork:
    case = story.case(A, index)
    changes: dict[str, Any] = {"operations": operations}
    return scoping.amend(fellowship=case, changes=changes, by=case.fellow, reason=reason)


def _allowed(story: Story, index: int) -> list[str]:
    scope = signed_scope(story.case(A, index))
    return list(scope.operations) if scope else []


def _allow_less(story: Story) -> None:
    """The fellow gives back what is not needed: in force with the request."""
    kept = [op for op in _allowed(story, FILTERS) if op != Operation.NOTEBOOK]
    _amend(story, FILTERS, kept, LESS)


def _ask_for_more(story: Story) -> None:
    """The fellow asks, the manager puts it forward, and above this tier the board decides."""
    wanted = [*_allowed(story, DOCUMENTS), str(Operation.DOWNLOAD)]
    scope = _amend(story, DOCUMENTS, wanted, MORE)
    scoping.offer_scope(scope=scope, by=story.cast["manager"])


def _board_decides(story: Story) -> None:
    scenes.decide(story.cast, story.case(A, DOCUMENTS).scopes.get(state="with_board"))


def _both_sign(story: Story) -> None:
    case = story.case(A, DOCUMENTS)
    scope = case.scopes.get(state="offered")
    for person in (case.fellow, story.cast["chair"]):
        scoping.sign_scope(scope=scope, text_hash=scope.text_hash, by=person)
