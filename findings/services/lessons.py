"""Lessons from findings: proposed, taken into the next call's topics, or set aside."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.time import now
from fellowship.programs.models import Call, Program
from fellowship.programs.services import edit_call
from findings import policy
from findings.models import Lesson
from findings.states import LESSON_MOVES, LessonState


@journal.verb("findings.propose_lesson")
def propose_lesson(
    *, program: Program, topic: str, why: str, by: User, technique: str = ""
) -> Lesson:
    """Propose a topic for the next call. One that waits already is returned as it is."""
    program = Program.objects.locked().get(pk=program.pk)
    topic, why = topic.strip(), why.strip()
    there = Lesson.objects.waiting().filter(program=program, topic=topic).first()
    if there is not None:
        return unchanged(there, policy.may_propose_lesson(program, by))
    refuse(policy.may_propose_lesson(program, by))
    refuse(policy.topic_said(topic, why))
    lesson = Lesson.objects.create(
        program=program, topic=topic, why=why, technique=technique, proposed_by=by
    )
    journal.record(subject=lesson, change={"topic": topic, "technique": technique})
    return lesson


@journal.verb("findings.take_lesson")
def take_lesson(*, lesson: Lesson, call: Call, by: User) -> Lesson:
    """Write the lesson into a call that is not published yet, as a line of its topics."""
    lesson = _locked(lesson)
    if lesson.state == LessonState.TAKEN and lesson.call_id == call.pk:
        return unchanged(lesson, policy.may_take_lesson(lesson, call, by))
    call = Call.objects.locked().select_related("program").get(pk=call.pk)
    refuse(policy.may_take_lesson(lesson, call, by))
    edit_call(call=call, by=by, topics=f"{call.topics.rstrip()}\n\n- {lesson.topic}\n")
    lesson.call = call
    _settle(lesson, "take", by)
    journal.record(subject=lesson, change={"state": lesson.state, "call": call.ref})
    return lesson


@journal.verb("findings.set_lesson_aside")
def set_lesson_aside(*, lesson: Lesson, by: User, reason: str) -> Lesson:
    """Set a lesson aside, with the reason."""
    lesson = _locked(lesson)
    if lesson.state == LessonState.SET_ASIDE:
        return unchanged(lesson, policy.may_set_aside(lesson, by, reason))
    refuse(policy.may_set_aside(lesson, by, reason))
    _settle(lesson, "set_aside", by)
    journal.record(subject=lesson, change={"state": lesson.state})
    return lesson


def _locked(lesson: Lesson) -> Lesson:
    return Lesson.objects.locked().select_related("program").get(pk=lesson.pk)


def _settle(lesson: Lesson, verb: str, by: User) -> None:
    lesson.state = LESSON_MOVES.target(lesson.state, verb)
    lesson.settled_at, lesson.settled_by = now(), by
    lesson.save()
