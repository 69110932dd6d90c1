"""What a new version of the classification standard would have done to datasets classified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models

from access.models import Classification
from access.states import ClassificationState, Tier
from fellowship.programs.models import Program
from governance.rules import Difference, whatif
from governance.states import RuleKind

MOST = 200
NOT_ASKED = "To be asked again: the questions differ"


@whatif(RuleKind.DATA_CLASSIFICATION)
def tiers(program: Program, before: Any, after: Any) -> Iterator[Difference]:
    """Datasets whose settled answers would lead to another tier, or no longer answer all."""
    held = Classification.objects.filter(
        dataset__program=program, dataset__retired_at=None, state=ClassificationState.SETTLED
    )
    latest = held.filter(dataset__classification_id=models.F("pk"))
    for one in latest.select_related("dataset").order_by("dataset__name")[:MOST]:
        said = _tier(after, one.settled)
        if said != Tier(one.tier).label:
            yield Difference(
                case=f"{one.dataset.ref} {one.dataset}",
                url=one.dataset.get_absolute_url(),
                before=str(Tier(one.tier).label),
                after=said,
            )


def _tier(after: Any, answers: dict[str, int]) -> str:
    fits = all(
        answers.get(question.key) in [answer.score for answer in question.answers]
        for question in after.questions
    )
    return str(Tier(after.tier(after.scores(answers))).label) if fits else NOT_ASKED
