"""Mentors at work: hours given, a verdict waited for, a handover, a blocker cleared, what came."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from django.core.files.base import ContentFile

from fellowship.kernel.time import now
from scoping import services as scoping
from scoping.states import MilestoneState

if TYPE_CHECKING:
    from oversight.demo.story import Story
    from scoping.models import Milestone

SPRING: Final = "assistants-2026-a"
MENTORED: Final = (
    (-211, 2, "First call: what counts as a refusal, and which sessions to leave out."),
    (-196, 4, "The sampling is sound. We agreed to drop the shortest sessions."),
    (-166, 5, "Two long calls on how to count a refusal; the coding rules are fixed now."),
    (-135, 3, "On plan; I read the first half of the coded turns."),
    (
        -105,
        4,
        "The drift holds on the second half. She reports it rather than waits for the paper.",
    ),
    (-74, 2, "A short month: I was away for two weeks."),
    (-43, 4, "The limit of 35 turns is live. We planned how its effect is told in the paper."),
)
WRITTEN: Final = (
    (-212, "The protocol is registered. The first sixty requests are chosen and fixed."),
    (-195, "Access works. A dry run over ten sessions; the shortest ones say nothing."),
    (-165, "The coding rules are written; I code every tenth session twice to try them."),
    (-134, "Half of the turns are coded. A second coder is found for the rest."),
    (-104, "Coding done. The drop shows in both halves; I will report it this week."),
    (-73, "The session limit ships next. I began the text while the product team measures."),
    (-42, "The limit holds at turn 40. The second coder starts on the replication."),
    (-12, "The measurements are written up, with the table of agreement. The paper is next."),
)
OTHERS: Final = (
    (
        ("assistants-2026-a", 7),
        (
            (-104, "fellow", "Nine formats tried; six carry an instruction past the reader."),
            (-103, "mentor", "Good pace. She tries the two formats that product asked for next."),
            (-74, "fellow", "All twelve formats are in the attack set, with a control for each."),
            (-73, "mentor", "We dropped two doubles, and agreed what counts as success."),
            (-43, "fellow", "The traces came late in the month; the counts begin next week."),
            (-42, "mentor", "Access took longer than planned. The dates still hold."),
            (-13, "fellow", "24 places counted. The hidden ones are written up for security."),
        ),
    ),
    (
        ("evaluations-2026", 3),
        (
            (-86, "fellow", "Eleven of fifteen interviews held; two more teams agreed to talk."),
            (-85, "mentor", "Questions are the right ones. I named three people to ask."),
            (-57, "fellow", "The last interviews were moved to the end of the month."),
            (
                -56,
                "mentor",
                "He writes carefully and slowly; we talked about the date in November.",
            ),
        ),
    ),
)
HANDOVER: Final = (
    "The session identifiers are clean since March; the reconnect logs are not, and the steward "
    "knows. Promised: a second reader for the replication by the end of the quarter. The fellow "
    "writes best after a call, so call first."
)
RATERS: Final = (
    "pair,coder_a,coder_b\n1,refuses,refuses\n2,refuses,complies\n3,complies,complies\n"
    "4,refuses,refuses\n5,partial,partial\n"
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    for day, hours, notes in MENTORED:
        at(day, partial(_mentor_writes, story, hours, notes))
    for which, lines in OTHERS:
        for day, author, notes in lines:
            at(day, partial(_month, story, which, author, notes))
    for day, notes in WRITTEN:
        at(day, partial(story.check_in, SPRING, 0, notes))
    at(-90, partial(_hand_over, story))
    at(-14, partial(_clear, story))
    at(-55, partial(_review, story))
    at(-9, partial(_deliver, story))
    at(-30, partial(_contribute, story))
    at(-27, partial(_confirm, story))
    at(-13, partial(_propose, story))
    at(-3, partial(_offer, story))


def _mentor_writes(story: Story, hours: int, notes: str) -> None:
    case = story.case(SPRING, 0)
    scoping.check_in(fellowship=case, by=story.cast["mentor"], notes=notes, hours=hours)


def _month(story: Story, which: tuple[str, int], author: str, notes: str) -> None:
    case = story.case(*which)
    by = case.fellow if author == "fellow" else case.mentor
    scoping.check_in(fellowship=case, by=by or case.fellow, notes=notes, hours=3)


def _hand_over(story: Story) -> None:
    """Another mentor follows, and finds what they must know."""
    case = story.case(SPRING, 2)
    other = next(
        person
        for person in (story.cast["mentor"], story.cast["mentor-two"])
        if person != case.mentor
    )
    scoping.assign_mentor(
        fellowship=case, mentor=other, hours=3, handover=HANDOVER, by=story.cast["manager"]
    )


def _clear(story: Story) -> None:
    """The second reader is found: what blocked the work is cleared, and how is written down."""
    case = story.case(SPRING, 5)
    blocked = case.check_ins.blocking().first()
    if blocked is not None:
        scoping.clear_blocker(
            check_in=blocked,
            by=blocked.owner or story.cast["manager"],
            reason="A colleague of the Lagos office reads Hausa from Monday on.",
        )


def _review(story: Story) -> None:
    """The midway review: the work goes on, with changes."""
    case = story.case(SPRING, 0)
    planned = case.milestones.filter(state=MilestoneState.PLANNED, kind="checkpoint")
    found: Milestone | None = planned.first()
    if found is None:
        return
    scoping.deliver_milestone(
        milestone=found,
        evidence="Slides of the review: what was found in two cohorts of sessions, what is left.",
        by=case.fellow,
    )
    scoping.accept_milestone(
        milestone=found,
        by=case.mentor or story.cast["manager"],
        outcome="changes",
        reason="Report the interval with every rate, and leave the shortest sessions out of the "
        "main result. Everything else goes on as planned.",
    )


def _deliver(story: Story) -> None:
    """Measurements with their table of raters; the verdict is overdue by two days."""
    case = story.case(SPRING, 0)
    planned = case.milestones.filter(state=MilestoneState.PLANNED)
    found: Milestone | None = planned.exclude(kind="checkpoint").first()
    if found is None:
        return
    scoping.attach_evidence(
        milestone=found,
        file=ContentFile(RATERS.encode(), name="agreement-of-two-coders.csv"),
        by=case.fellow,
    )
    scoping.deliver_milestone(
        milestone=found,
        evidence="Refusal rates at turn 1 and turn 40 over 60 requests, coded twice; the table of "
        "agreement is attached. The drop is 22 points, 95 % interval 13 to 31.",
        evidence_url="https://git.example.org/nwosu/refusal-drift/releases/measurements-1",
        by=case.fellow,
    )


def _contribute(story: Story) -> None:
    """What others can run, and a talk."""
    case = story.case(SPRING, 8)
    today = now().date()
    made = (
        (
            "tool",
            "errorbars: intervals for paired evaluations",
            "https://git.example.org/errorbars",
            "Apache-2.0",
            20,
        ),
        (
            "benchmark",
            "Five public evaluations with their intervals",
            "10.5555/example.errorbars.2026",
            "CC-BY-4.0",
            9,
        ),
        (
            "talk",
            "Error bars for everyone, in twenty minutes",
            "https://video.example.org/eb",
            "",
            2,
        ),
    )
    for kind, title, link, licence, days in made:
        scoping.add_contribution(
            fellowship=case,
            kind=kind,
            title=title,
            link=link,
            licence=licence,
            on=today - dt.timedelta(days=days),
            people=str(case.fellow),
            by=case.fellow,
        )


def _confirm(story: Story) -> None:
    """The manager looked at two of the three; the talk is still to be watched."""
    for row in story.case(SPRING, 8).contributions.exclude(kind="talk"):
        scoping.confirm_contribution(contribution=row, by=story.cast["manager"])


def _propose(story: Story) -> None:
    scoping.propose_talent_step(
        fellowship=story.case(SPRING, 0),
        step="extended_collaborator",
        expectations="A second scope of work of four months on whether the session limit holds in "
        "other languages. The same mentor, four hours a month. It ends with that scope; a post is "
        "not discussed in it.",
        by=story.cast["manager"],
    )


def _offer(story: Story) -> None:
    """The sponsor decides; the fellow has still to answer."""
    step = story.case(SPRING, 0).talent_steps.get()
    scoping.decide_talent_step(
        step=step,
        agree=True,
        by=story.cast["sponsor"],
        reason="The first limit came of this work within two months, and it holds.",
    )
