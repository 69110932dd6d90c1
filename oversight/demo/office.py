"""What the office did meanwhile: terms changed, a call extended, a gap and its exception."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment
from fellowship.accounts.services import end_role
from fellowship.programs.models import Call, OutputType
from fellowship.programs.services import extend_call, revise_terms
from governance import services as governance
from oversight.demo import scenes
from oversight.demo.cast import refresh

if TYPE_CHECKING:
    from oversight.demo.story import Story

EXTENDED, COMING = "assistants-2026-b", "evaluations-2027"


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-62, partial(_change_terms, story))
    at(-10, partial(_extend, story))
    at(-7, partial(_owners_leave, story))
    at(-4, partial(_cover, story))
    at(-3.4, partial(story.announce, COMING, 6, 62, (100, 280)))


def closing(day: dt.datetime) -> dt.datetime:
    """The last minute of the day before, wherever on Earth it ends last."""
    return day.replace(hour=11, minute=59, second=0, microsecond=0)


def _change_terms(story: Story) -> None:
    output = OutputType.objects.get(program=story.cast.programs["assistants"], key="policy-memo")
    revise_terms(
        term=output,
        version=1,
        by=story.cast["manager"],
        reason="Two memos were held up because legal read them only at the end.",
        reviews="Policy and legal",
        publication_timeline="Within the window for methods, read by legal in the first week",
    )


def _extend(story: Story) -> None:
    call = Call.objects.get(pk=story.calls[EXTENDED].pk)
    story.calls[EXTENDED] = extend_call(
        call=call,
        closes_at=closing(story.stage.day(9)),
        by=story.cast["manager"],
        reason="The session for questions had to be moved by a week; you get that week back.",
    )


def _owners_leave(story: Story) -> None:
    program = story.cast.programs["evaluations"]
    held = RoleAssignment.objects.live().filter(realm=program.realm, role=roles.PRODUCT_OWNER)
    for assignment in held:
        end_role(
            assignment=assignment,
            by=story.cast["admin"],
            reason="Both product owners went to the assistants' programme.",
        )
    refresh(story.cast)


def _cover(story: Story) -> None:
    exception = governance.request_exception(
        program=story.cast.programs["evaluations"],
        kind="launch_gap",
        subject=story.cast.programs["evaluations"],
        title="No product owner until the new one begins",
        owner=story.cast["manager"],
        rationale="The call should open in time for the academic year.",
        risk="A finding that comes in these weeks has nobody to take it.",
        compensating_measure="Findings go to the product owners of the assistants' programme.",
        measure_test="The manager looks at unassigned findings every Monday.",
        expires_at=story.stage.day(45),
        by=story.cast["manager"],
    )
    scenes.decide(story.cast, exception)
