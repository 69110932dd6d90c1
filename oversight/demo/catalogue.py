"""The catalogue of the story: datasets, and how two people came to their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from access import classifying
from access import services as access
from access.models import Classification, Dataset
from access.states import ClassificationState
from oversight.demo.cast import Cast
from oversight.demo.content.research import DATASETS, FIELDS, UNCLASSIFIED

if TYPE_CHECKING:
    from oversight.demo.story import Story

ORDER = ("sensitivity", "identifiability", "business_impact", "reidentification_risk")
SETTLED = (
    "The traces show how calls fail on staging. The one pattern that worked in production was "
    "closed in March, so it is known in outline and no more."
)


def register(cast: Cast) -> dict[str, Dataset]:
    """The datasets of the assistants' programme, each classified by two people."""
    made: dict[str, Dataset] = {}
    for row in DATASETS:
        parent = made.get(row.get("parent", ""))
        made[row["slug"]] = _classify(cast, _register(cast, row, parent), row)
    return made


def plan(story: Story) -> None:
    """Late in the year a dataset waits for the second person's answers."""
    story.stage.at(-6, lambda: _wait(story))


def _wait(story: Story) -> None:
    cast = story.cast
    dataset = _register(cast, UNCLASSIFIED, None)
    opened = access.open_classification(
        dataset=dataset, by=cast["steward"], reason="Asked for by two fellows of the autumn call."
    )
    access.send_answers(
        classification=opened,
        answers=_answers(opened, UNCLASSIFIED["scores"]),
        remarks="I listened to forty of them. Two named a town.",
        by=cast["steward"],
    )


def _register(cast: Cast, row: dict[str, Any], parent: Dataset | None) -> Dataset:
    return access.register_dataset(
        program=cast.programs["assistants"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        variant=row.get("variant", "raw"),
        parent=parent,
        fields=row.get("fields", FIELDS),
        row_filters=row.get("row_filters", ()),
        duo=row.get("duo", ()),
        licence=row.get("licence", ""),
        version=row.get("version", ""),
        steward=cast["steward"],
        owner=cast["product-owner"],
        by=cast["steward"],
    )


def _classify(cast: Cast, dataset: Dataset, row: dict[str, Any]) -> Dataset:
    """Both answer; where the story has them differ, the manager settles it."""
    opened = access.open_classification(dataset=dataset, by=cast["steward"])
    answers = _answers(opened, row["scores"])
    access.send_answers(classification=opened, answers=answers, by=cast["steward"])
    other = {**answers, **row.get("oncall", {})}
    opened = access.send_answers(classification=opened, answers=other, by=cast["oncall"])
    if opened.state == ClassificationState.DIFFER:
        access.settle_classification(
            classification=opened,
            answers={key: answers[key] for key in row["oncall"]},
            because=dict.fromkeys(row["oncall"], SETTLED),
            by=cast["manager"],
        )
    return Dataset.objects.get(pk=dataset.pk)


def _answers(opened: Classification, scores: tuple[int, ...]) -> dict[str, int]:
    """Answers that give the four scores: to each question the gravest that is no graver."""
    wanted = dict(zip(ORDER, scores, strict=True))
    return {
        question.key: max(
            answer.score
            for answer in question.answers
            if answer.score <= wanted[question.dimension]
        )
        for question in classifying.standard(opened).questions
    }
