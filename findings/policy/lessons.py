"""Who proposes a topic for the next call, and who takes it in; and why not."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.programs import policy as programs
from fellowship.programs.models import Call, Program
from findings.models import Lesson
from findings.policy.findings import says_why
from findings.states import LESSON_MOVES

PROPOSERS: Final = (roles.PRODUCT_OWNER, roles.MANAGER, roles.CHAIR, roles.SPONSOR)
TOPIC_MAX: Final = 250
WHY_MAX: Final = 2_000


def may_propose_lesson(program: Program, by: Actor) -> Refusal | None:
    """Why `by` does not propose a topic."""
    if has_role(by, program.pk, *PROPOSERS):
        return None
    return Refusal(
        "wrong_role",
        say("Product owners, the programme’s managers, the chair and the sponsor propose topics."),
    )


def topic_said(topic: str, why: str) -> Refusal | None:
    """Why a topic is refused as it is written: one line that the public will read, and its why."""
    if not topic.strip():
        return Refusal("no_topic", say("Write the topic in one line."), field="topic")
    if len(topic) > TOPIC_MAX or "\n" in topic:
        said = say("One line of at most {TOPIC_MAX} characters.", TOPIC_MAX=TOPIC_MAX)
        return Refusal("too_long", said, field="topic")
    if not why.strip():
        return Refusal("no_reason", say("Say what it comes from."), field="why")
    if len(why) > WHY_MAX:
        return Refusal(
            "too_long", say("Write at most {WHY_MAX:,} characters.", WHY_MAX=WHY_MAX), field="why"
        )
    return None


def may_take_lesson(lesson: Lesson, call: Call, by: Actor) -> Refusal | None:
    """Why the lesson does not become a topic of the call: it is written in by who edits that."""
    if call.program_id != lesson.program_id:
        return Refusal("not_yours", say("There is no such call in this programme."))
    return first(programs.may_edit(call, by), LESSON_MOVES.refusal(lesson.state, "take"))


def may_set_aside(lesson: Lesson, by: Actor, reason: str) -> Refusal | None:
    """Why the lesson is not set aside: managers do, with a reason."""
    return first(
        programs.may_manage(lesson.program, by),
        LESSON_MOVES.refusal(lesson.state, "set_aside"),
        says_why(reason),
    )
