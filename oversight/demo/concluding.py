"""How a case and a cohort end: reviews, a laptop that came back, a survey, what the next call does.

One case is closed with all of it. The spring cohort was asked halfway: enough fellows answered for
their answers to be shown, and too few mentors.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.accounts.models import User
from fellowship.programs.models import Cohort
from findings import services as findings
from oversight import services
from oversight.cohort_review.questions import QUESTIONS
from oversight.models import CohortSurvey, Recommendation

if TYPE_CHECKING:
    from oversight.demo.story import Story

SPRING: Final = "assistants-2026-a"


@dataclass(frozen=True, slots=True)
class Ending:
    """What one case closed with; `day` is when its texts were written, before it closed."""

    case: tuple[str, int]
    day: float
    summary: str
    fellow: str
    mentor: str
    no_step: str
    held: tuple[tuple[str, str, str], ...]


ENDINGS: Final = (
    Ending(
        ("evaluations-2026", 0),
        -18,
        "On paraphrases of 500 public items two of six models lose more than ten points, and the "
        "intervals of the other four hold zero. No finding about a product was made. Left open: "
        "items that were translated before they were learnt.",
        "The protocol was agreed in the first week and never changed under my hands. Access was no "
        "issue, since all data is public. The policy review took two weeks longer than I was told; "
        "say so in the call, and nobody plans around it.",
        "A bounded question, answered. We met every second week, and the hours promised were "
        "enough. Next time I would name a second reader for the replication from the start.",
        "Back to a post at the university; both sides said so at the midway review.",
        (
            ("property", "Laptop MS-4471", "At the desk, wiped the same day."),
            ("account", "Chat of the evaluation team", "Closed by the team’s owner."),
        ),
    ),
    Ending(
        (SPRING, 8),
        -70,
        "After about ten confirmations a day people stop noticing a changed recipient; the curve "
        "has its intervals, from 80 volunteers. Three things are open to others: a tool, a "
        "benchmark and a talk. Nothing of it is a finding about a product.",
        "The rule of no counts under ten cost me one table and was right. I knew at each step who "
        "had my work. I wish the second dataset had been granted with the first.",
        "Careful work that ended early because its question was answered. The team that repeats "
        "the comparison has all it needs.",
        "The question was answered early; no further scope was proposed by either side.",
        (("property", "Key card 2207", "Returned by post."),),
    ),
)
POINTS: Final = (
    ({"rules": 5, "access": 2, "mentor": 5, "reviews": 4, "publication": 4, "heard": 5}, 5),
    ({"rules": 4, "access": 2, "mentor": 4, "reviews": 3, "publication": 2, "heard": 4}, 4),
    ({"rules": 5, "access": 3, "mentor": 3, "reviews": 4, "publication": 4, "heard": 3}, 4),
    ({"rules": 4, "access": 1, "mentor": 4, "reviews": 4, "publication": 5, "heard": 4}, 5),
    ({"rules": 5, "access": 3, "mentor": 5, "reviews": 2, "publication": 3, "heard": 5}, 4),
    ({"rules": 3, "access": 2, "mentor": 4, "reviews": 4, "publication": 4, "heard": 2}, 3),
)
REMARKS: Final = {
    1: "Five weeks from the board’s yes to the first row of data is too long for a six-month stay.",
    3: "The checklist of grounds before the first draft saved me a whole round of review.",
}
TASKS: Final = (
    (
        "manager",
        "steward",
        "Have grants of the lower tiers ready on the first day of the fellowship",
        "Fellows gave “data and systems in time” 2.2 of 5, the lowest of all questions; no case "
        "waited longer than one in the stage “Access”.",
        38,
    ),
    (
        "sponsor",
        "manager",
        "Name in the call how many days each review takes",
        "The review of a closed case and answers of the survey call its length a surprise.",
        21,
    ),
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    for ending in ENDINGS:
        at(-150, partial(_hand_out, story, ending))
        at(ending.day, partial(_write, story, ending))
        at(ending.day + 1, partial(_give_back, story, ending))
        at(ending.day + 2, partial(_without_a_step, story, ending))
    at(-14, partial(_ask, story))
    for place in range(len(POINTS)):
        at(-13 + place, partial(_answer, story, place))
    at(-12.5, partial(_mentor_answers, story))
    at(-2.2, partial(_recommend, story))
    at(-1.2, partial(_done, story))


def _hand_out(story: Story, ending: Ending) -> None:
    case, steward = story.case(*ending.case), story.cast["steward"]
    for kind, what, _ in ending.held:
        services.list_handback(fellowship=case, kind=kind, what=what, by=steward)


def _write(story: Story, ending: Ending) -> None:
    case = story.case(*ending.case)
    if not case.artifacts.exists():
        findings.register_artifact(
            fellowship=case,
            name="Tables of the report, with the scripts that make them",
            sha256="5c" * 32,
            sources=[],
            by=case.fellow,
        )
    texts = (
        ("summary", ending.summary, case.fellow),
        ("fellow_review", ending.fellow, case.fellow),
        ("mentor_review", ending.mentor, case.mentor),
    )
    for kind, text, author in texts:
        if author is not None:
            services.write_closing_text(fellowship=case, kind=kind, text=text, by=author)


def _give_back(story: Story, ending: Ending) -> None:
    how = {what: said for _, what, said in ending.held}
    for row in story.case(*ending.case).handbacks.all():
        services.settle_handback(handback=row, by=story.cast["steward"], reason=how[row.what])


def _without_a_step(story: Story, ending: Ending) -> None:
    services.except_obligation(
        fellowship=story.case(*ending.case),
        key="scoping.talent",
        by=story.cast["sponsor"],
        reason=ending.no_step,
    )


def _cohort(story: Story) -> Cohort:
    cohort = story.calls[SPRING].cohort
    assert cohort is not None  # noqa: S101 - the story opened it
    return cohort


def _ask(story: Story) -> None:
    services.open_survey(
        cohort=_cohort(story), closes_on=story.stage.day(-4).date(), by=story.cast["manager"]
    )


def _asked(story: Story, side: str) -> list[User]:
    survey = CohortSurvey.objects.get(cohort=_cohort(story))
    rows = survey.invitations.filter(side=side).select_related("person").order_by("id")
    return [row.person for row in rows]


def _answer(story: Story, place: int) -> None:
    points, again = POINTS[place]
    people = _asked(story, "fellow")
    if place < len(people):
        services.answer_survey(
            survey=CohortSurvey.objects.get(cohort=_cohort(story)),
            side="fellow",
            answers={**points, "again": again},
            remark=REMARKS.get(place, ""),
            by=people[place],
        )


def _mentor_answers(story: Story) -> None:
    for person in _asked(story, "mentor")[:1]:
        services.answer_survey(
            survey=CohortSurvey.objects.get(cohort=_cohort(story)),
            side="mentor",
            answers=dict.fromkeys(QUESTIONS["mentor"], 4),
            by=person,
        )


def _recommend(story: Story) -> None:
    for who, owner, text, why, days in TASKS:
        services.recommend(
            cohort=_cohort(story),
            text=text,
            why=why,
            owner=story.cast[owner],
            due_on=story.stage.day(days).date(),
            by=story.cast[who],
        )
    services.recommend(
        cohort=_cohort(story),
        text="Ask reviewers whether they were given enough time",
        why="The survey asks fellows and mentors alone.",
        owner=story.cast["manager"],
        due_on=story.stage.day(12).date() + dt.timedelta(days=2),
        by=story.cast["chair"],
    )


def _done(story: Story) -> None:
    row = Recommendation.objects.waiting().filter(made_by=story.cast["chair"]).first()
    if row is not None:
        services.settle_recommendation(
            recommendation=row,
            outcome="done",
            how="Five reviewers were asked by mail; all said two weeks are enough.",
            by=story.cast["manager"],
        )
