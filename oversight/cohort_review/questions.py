"""What fellows and mentors are asked after a cohort, and what their answers say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Final

from fellowship.kernel.saying import say
from oversight.models import CohortSurvey, SurveyAnswer
from oversight.states import FEWEST, SCALE, SurveySide

QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    SurveySide.FELLOW: {
        "rules": say("I knew beforehand which rules applied to my work."),
        "access": say("I got the data and the systems I needed in time."),
        "mentor": say("My mentor gave the time that was promised."),
        "reviews": say("Reviews of my work were fair and came when they should."),
        "publication": say("I could publish what I found."),
        "heard": say("What I found was taken up by those who could act on it."),
        "again": say("I would take part again."),
    },
    SurveySide.MENTOR: {
        "selection": say("The panel chose the right fellow for this work."),
        "time": say("I had the time to mentor that I had promised."),
        "clarity": say("I knew what I may decide and whom to ask for the rest."),
        "access": say("The fellow got data and systems in time."),
        "use": say("What was found is useful to our products."),
        "again": say("I would mentor again."),
    },
}
"""By side and key. Keys stay: answers of earlier cohorts are compared by them."""
POINTS: Final = frozenset(point for point, _ in SCALE)
REMARKS: Final = 100
"""Remarks shown at most."""


@dataclass(frozen=True, slots=True)
class Told:
    """One question: how many gave each point, 1 to 5, and their mean."""

    text: str
    counts: tuple[int, ...]
    mean: float


@dataclass(frozen=True, slots=True)
class Side:
    """What one side said. Below the fewest answers `told` and `remarks` are empty."""

    label: str
    asked: int
    answered: int
    told: tuple[Told, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def shown(self) -> bool:
        """Whether enough answered for anything of it to be shown."""
        return bool(self.told)

    @property
    def why_not(self) -> str:
        """Why nothing is shown."""
        return say(
            "Fewer than {FEWEST} answered: nothing of it is shown, so that nobody is known by it.",
            FEWEST=FEWEST,
        )


def sides(survey: CohortSurvey) -> list[Side]:
    """What each side said, in two queries. To be asked only once the survey is closed."""
    asked: Counter[str] = Counter(survey.invitations.values_list("side", flat=True))
    rows = list(SurveyAnswer.objects.filter(survey=survey))
    return [_side(side, asked[side], [r for r in rows if r.side == side]) for side in SurveySide]


def _side(side: SurveySide, asked: int, rows: list[SurveyAnswer]) -> Side:
    if len(rows) < FEWEST:
        return Side(str(side.label), asked, len(rows))
    told = tuple(
        _told(text, [row.answers[key] for row in rows if key in row.answers])
        for key, text in QUESTIONS[side].items()
    )
    # By their random keys, which say nothing of who wrote first.
    remarks = tuple(row.remark for row in sorted(rows, key=lambda r: r.id.hex) if row.remark)
    return Side(str(side.label), asked, len(rows), told, remarks[:REMARKS])


def _told(text: str, given: list[int]) -> Told:
    counts = Counter(given)
    return Told(text, tuple(counts[p] for p, _ in SCALE), mean(given) if given else 0.0)


def stated(rows: Iterable[SurveyAnswer]) -> list[dict[str, object]]:
    """All answers as they are hashed when a survey closes, in the order of their keys."""
    return [
        {"id": str(row.id), "side": row.side, "answers": row.answers, "remark": row.remark}
        for row in sorted(rows, key=lambda row: row.id.hex)
    ]
