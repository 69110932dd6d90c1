"""Questions to the author, for which the window rests; and the work taken back by its author."""

from __future__ import annotations

from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from publications import policy, terms
from publications.models import Publication, Question
from publications.services.objections import end_with_the_work
from publications.services.windows import running, stop_advice, stop_window, with_window
from publications.services.works import tell
from publications.states import PUBLICATION_MOVES, PublicationState, ReviewTrack

QUESTION_CLOCK = "publications.question"


@journal.verb("publications.ask")
def ask_author(*, publication: Publication, track: str, question: str, by: User) -> Question:
    """Ask the author. On the policy track the window rests until the answer, or until its time.

    When the window ends if the author stays silent is known from here on, whoever runs or not.
    """
    publication = with_window(publication)
    same = publication.questions.filter(asked_by=by, question=question, ended_at=None).first()
    if same:
        return unchanged(same, policy.may_ask(publication, track, by))
    refuse(policy.may_ask(publication, track, by))
    if not question.strip():
        refuse(Refusal("no_question", say("Write the question."), field="question"))
    case, at, ref = publication.fellowship, now(), next_reference("QUE")
    window = terms.answer_window(case)
    pauses = (
        track == ReviewTrack.POLICY
        and publication.questions.filter(pauses=True).count() < policy.PAUSING
    )
    due_at = window.due(at, publication.program.calendar())
    if pauses:
        ground = say("{ref}: the author must answer a question", ref=ref)
        clock = clocks.pause(clock=running(publication), by=by, ground=ground)
        at = clock.paused_at or at
        due_at = window.due(at, publication.program.calendar())
        publication.window_ends_at = queries.after_pause(clock, at, due_at)
        publication.save()
    asked = Question.objects.create(
        publication=publication,
        program_id=publication.program_id,
        ref=ref,
        track=track,
        question=question,
        asked_by=by,
        asked_at=at,
        due_at=due_at,
        pauses=pauses,
    )
    clocks.start(
        kind=QUESTION_CLOCK,
        subject=asked,
        realm=publication.program.realm,
        window=window,
        by=by,
        holder="you",
        holder_user=case.fellow,
        silence=say("The review goes on without an answer."),
        rule=str(terms.policy_of(case)),
        at=at,
    )
    tell(
        publication,
        [case.fellow],
        say("{ref}: a question about {ref2}", ref=asked.ref, ref2=publication.ref),
        body=question,
    )
    journal.record(subject=asked, change={"track": track, "pauses": pauses})
    return asked


@journal.verb("publications.reply")
def answer_question(*, question: Question, answer: str, by: User) -> Question:
    """The author answers; the window runs on from this instant."""
    question = _locked(question)
    if question.ended_at is not None and question.answer == answer:
        return unchanged(question, policy.may_reply(question, by))
    refuse(policy.may_reply(question, by))
    if not answer.strip():
        refuse(Refusal("no_answer", say("Write the answer."), field="answer"))
    question.answer, question.ended_at = answer, max(now(), question.asked_at)
    question.save()
    clocks.stop_open(subject=question, kinds=[QUESTION_CLOCK], by=by, reason=say("Answered"))
    _run_on(question, by)
    tell(
        question.publication,
        [question.asked_by],
        say("{ref}: the author answered", ref=question.ref),
        body=answer,
    )
    journal.record(subject=question, change={"answered": True})
    return question


@journal.verb("publications.question_lapsed")
def question_lapsed(*, question: Question, by: Actor) -> Question:
    """The time to answer passed: the window has run on since then, however late this is told."""
    question = _locked(question)
    if question.ended_at is not None:
        return question
    question.ended_at = question.due_at
    question.save()
    _run_on(question, by)
    journal.record(subject=question, change={"answered": False})
    return question


@journal.verb("publications.withdraw")
def withdraw_publication(*, publication: Publication, by: Actor, reason: str = "") -> Publication:
    """Take the work back."""
    publication = with_window(publication)
    if publication.state == PublicationState.WITHDRAWN:
        return unchanged(publication, policy.may_edit(publication, by))
    refuse(policy.may_edit(publication, by))
    publication.state = PUBLICATION_MOVES.target(publication.state, "withdraw")
    publication.save()
    stop_window(publication, by)
    stop_advice(publication, by)
    end_questions(publication, by)
    end_with_the_work(publication, by)
    journal.record(subject=publication, change={"state": publication.state})
    return publication


def end_questions(publication: Publication, by: Actor) -> None:
    """Nobody waits for answers any more."""
    for question in publication.questions.filter(ended_at=None):
        question.ended_at = now()
        question.save()
        clocks.stop_open(subject=question, kinds=[QUESTION_CLOCK], by=by, reason=say("Withdrawn"))
        journal.record(subject=question, change={"answered": False})


def _run_on(question: Question, by: Actor) -> None:
    """Let the window run on from when the question ended."""
    work = question.publication
    if not question.pauses or work.state != PublicationState.IN_REVIEW:
        return
    clock = clocks.resume(clock=running(work), by=by, at=question.ended_at)
    work.window_ends_at = clock.due_at
    work.save()


def _locked(question: Question) -> Question:
    """The question, locked after its clock, the window's clock and the work."""
    list(Clock.objects.about(question).open().locked().order_by("pk"))
    work = with_window(question.publication)
    found = Question.objects.locked().select_related("asked_by").get(pk=question.pk)
    found.publication = work
    return found
