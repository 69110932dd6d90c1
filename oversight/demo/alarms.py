"""Alarms in the story: a rota is kept, one night is dealt with to its review, one alarm is new."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from fellowship.kernel.time import now
from governance import services as governance
from governance.models import Escalation
from governance.states import EscalationKind, Harm, Severity

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
SINCE: Final = -44
NIGHT: Final = -20
MINUTES: Final = dt.timedelta(minutes=1)


def plan(story: Story) -> None:
    """Set the rota, then one night from the first page to the review, then an alarm just raised."""
    stage = story.stage
    stage.at(SINCE, partial(_rota, story))
    night = stage.day(NIGHT).replace(hour=1, minute=40)
    acts = ((0, _raised), (9, _taken), (31, _contained), (95, _verified), (420, _prevented))
    for minutes, act in acts:
        stage.at_instant(night + minutes * MINUTES, partial(act, story))
    stage.at(NIGHT + 2.3, partial(_closed, story))
    stage.at(-3, partial(_away, story))
    stage.at_instant(stage.today - 4 * MINUTES, partial(_just_now, story))


def _rota(story: Story) -> None:
    """Two people take weekly turns from Monday to Monday; the manager is called after them."""
    cast, today = story.cast, now()
    monday = (today - dt.timedelta(days=today.weekday())).replace(hour=8, minute=0)
    lines = (
        ("Security on-call", [cast["oncall-two"], cast["oncall"]], 7),
        ("Programme", [cast["manager"], cast["chair"]], 14),
    )
    for program in cast.programs.values():
        for line, (name, members, every) in enumerate(lines, start=1):
            governance.set_rota(
                program=program,
                name=name,
                line=line,
                members=members,
                starts_at=monday,
                every_days=every,
                by=cast["manager"],
            )


def _raised(story: Story) -> None:
    case = story.case(A, 2)
    governance.raise_escalation(
        kind=EscalationKind.DATA_LEAK,
        severity=Severity.CRITICAL,
        summary="The shared scratch bucket lists to anyone with the link. Three of my transcripts "
        "lie in it, with tool output that names a customer.",
        subject=case,
        fellow=case.fellow,
        by=case.fellow,
    )


def _leak(story: Story) -> Escalation:
    rows = Escalation.objects.about(story.case(A, 2))
    found: Escalation = rows.get(kind=EscalationKind.DATA_LEAK)
    return found


def _taken(story: Story) -> None:
    governance.acknowledge(
        escalation=_leak(story), by=story.cast["oncall"], text="I have it. Closing the bucket now."
    )


def _contained(story: Story) -> None:
    governance.contain(
        escalation=_leak(story),
        by=story.cast["oncall"],
        actions=["findings.call_product_owner"],
        text="The bucket is private again; the three objects are moved to the project volume.",
    )
    governance.note_harm(escalation=_leak(story), harm=Harm.CYBERSECURITY, by=story.cast["oncall"])


def _verified(story: Story) -> None:
    governance.verify(
        escalation=_leak(story),
        by=story.cast["oncall-two"],
        text="Tried without a session from outside: refused. The access log shows no reader but "
        "the fellow.",
    )
    governance.inform(
        escalation=_leak(story),
        by=story.cast["oncall"],
        text="Nobody else read the transcripts. Your work goes on; use the project volume.",
    )


def _prevented(story: Story) -> None:
    governance.prevent(
        escalation=_leak(story),
        by=story.cast["oncall"],
        text="New buckets are private by policy, and a nightly check lists those that are not. "
        "Nkechi Balogun, by the end of the month.",
    )


def _closed(story: Story) -> None:
    """The chair says why no authority is told, and on-call closes it."""
    leak = _leak(story)
    governance.lift_duty(
        duty=leak.duties.get(),
        because="No weights, no model and no third party were touched: the log shows one reader.",
        by=story.cast["chair"],
    )
    governance.close(
        escalation=leak,
        by=story.cast["oncall"],
        review="### Cause\n\nThe scratch bucket was made by a script that predates the policy.\n\n"
        "### Effect\n\nThree transcripts were readable by link for nine days. Nobody read them.",
        none_found="The model did what it should; the fault lay in our own storage.",
    )


def _away(story: Story) -> None:
    """One is away next week; the other takes the turn, and today stands in for her."""
    cast, today = story.cast, story.stage.today
    program = story.case(A, 0).program
    governance.be_away(
        program=program,
        user=cast["oncall-two"],
        starts_at=today + dt.timedelta(days=5),
        ends_at=today + dt.timedelta(days=9),
        note="On leave; reachable for questions by mail",
        by=cast["oncall-two"],
    )
    governance.stand_in(
        program=program,
        user=cast["oncall"],
        starts_at=today - dt.timedelta(hours=20),
        ends_at=today + dt.timedelta(days=2),
        reason="Nkechi teaches the security training",
        by=cast["oncall-two"],
    )


def _just_now(story: Story) -> None:
    """What whoever signs in as on-call is paged for."""
    case = story.case(A, 0)
    governance.raise_escalation(
        kind=EscalationKind.SENSITIVE_DATA,
        severity=Severity.CRITICAL,
        summary="Row 48 of the sampled conversations holds what looks like a working card number, "
        "with name and expiry. I have stopped and closed the notebook.",
        subject=case,
        by=case.fellow,
    )
