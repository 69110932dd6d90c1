"""What the fellows hand in on time, and the one who does not: every milestone has its answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from oversight.demo.scenes import pick
from scoping import services as scoping
from scoping.models import Milestone
from scoping.states import CheckpointOutcome, MilestoneState

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
E: Final = "evaluations-2026"
ON_TIME: Final = {A: (1, 2, 3, 5, 7, 8), E: (0, 1, 3, 6)}
ENDED: Final = (A, 3)
LATE: Final = (E, 3, "Draft for comment")
WITHOUT: Final = (A, 5, "Harness running")
BEFORE: Final = 4
"""Days before it is due that a milestone is handed in; the verdict follows two days later."""

HANDED_IN: Final = {
    "Protocol": "Questions, measure, sample and the rule for stopping; registered before any run.",
    "Threat model": "Who attacks, with what access, and which three paths the study tries.",
    "Attack set": "Sixty attacks in four families, each with the answer that counts as success.",
    "Design": "The mechanism, what it must not slow down, and how it is measured.",
    "Prototype": "It runs against the test gateway; the log of the first hundred sessions.",
    "Sampling plan": "Strata, sizes, and what is done where a stratum holds fewer than ten.",
    "Audit tables": "The tables by stratum with their intervals; counts under ten left out.",
    "Harness running": "It runs from one command in the environment; a log of the first ten runs.",
    "Measurements": "Every rate with its interval and its count, and how the coders agreed.",
    "Measurement": "Every rate with its interval and its count, and how the coders agreed.",
    "Hand-over": "What the team that takes it on has to know, and the two things left undone.",
    "Report": "Twelve pages: what was asked, what was counted, what it does not show.",
    "Outline": "Six questions, whom each is for, and what would answer it.",
    "Draft for comment": "Sections 1 to 3; the recommendation is still to be written.",
    "Replication on a public model": "The same items on an open model; the drop is smaller.",
}
ACCEPTED: Final = (
    "As agreed, and well documented.",
    "Read twice; the numbers can be recomputed from what is attached.",
    "Clear about what was left out and why.",
)
MET: Final = "An hour with the mentor: what was found, what is left, what blocks. Notes are shared."
GOES_ON: Final = "The question still stands and the plan holds. The work goes on."
MISSING: Final = (
    "The recommendation is missing, and with it the reason for the memo. We talked it over at the "
    "check-in: send the whole draft by the end of the month."
)
NO_HARNESS: Final = (
    "The company's own harness gained the twelve languages in June; a second one would repeat it. "
    "Agreed with the fellow."
)


def plan(story: Story) -> None:
    """Put it on the stage, once every scope is signed."""
    story.stage.at(-219.5, partial(_pace, story, A))
    story.stage.at(-149, partial(_pace, story, E))
    story.stage.at(-32, partial(story.deliver, *ENDED, 9))


def _pace(story: Story, key: str) -> None:
    """Each milestone that was due by now has its day."""
    at, today = story.stage.at, story.stage.today.date()
    for index in ON_TIME[key]:
        for milestone in story.case(key, index).milestones.filter(due_on__lt=today):
            day = (milestone.due_on - today).days - BEFORE
            which = (key, index, milestone.title)
            if which == WITHOUT:
                at(day - 60, partial(_let_go, story, milestone.pk))
                continue
            at(day, partial(hand_in, milestone.pk))
            at(day + 2, partial(judge, story, milestone.pk, late=which == LATE))


def hand_in(pk: int) -> None:
    """The fellow delivers it, where it is still planned."""
    milestone = _in_state(pk, MilestoneState.PLANNED)
    if milestone is not None:
        scoping.deliver_milestone(
            milestone=milestone,
            evidence=HANDED_IN.get(milestone.title, MET),
            by=milestone.fellowship.fellow,
        )


def judge(story: Story, pk: int, *, late: bool = False) -> None:
    """The mentor accepts it, or returns what came late and unfinished."""
    milestone = _in_state(pk, MilestoneState.DELIVERED)
    if milestone is None:
        return
    by = milestone.fellowship.mentor or story.cast["manager"]
    if late:
        scoping.return_milestone(milestone=milestone, by=by, reason=MISSING)
        return
    checkpoint = milestone.kind == Milestone.Kind.CHECKPOINT
    scoping.accept_milestone(
        milestone=milestone,
        by=by,
        reason=GOES_ON if checkpoint else pick(str(pk), *ACCEPTED),
        outcome=str(CheckpointOutcome.CONTINUE) if checkpoint else "",
    )


def _let_go(story: Story, pk: int) -> None:
    milestone = _in_state(pk, MilestoneState.PLANNED)
    if milestone is not None:
        manager = story.cast["manager"]
        scoping.except_milestone(milestone=milestone, by=manager, reason=NO_HARNESS)


def _in_state(pk: int, state: str) -> Milestone | None:
    """The milestone, while it is in this state and its case has not ended."""
    rows = Milestone.objects.select_related("fellowship__fellow", "fellowship__mentor")
    return rows.filter(pk=pk, state=state, fellowship__ended_at=None).first()
