"""What happens by itself: silence releases, settles, or takes a passage to the board.

Each handler records what the clock has decided already, at the instant it decided, however late it
runs. Why it is so: docs/adr/0006-silence-releases.md, docs/adr/0030-objections-by-a-ladder.md.
"""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import RuleActor
from fellowship.kernel.saying import say
from publications import services, terms
from publications.models import DisclosureStep, Objection, Publication, Question
from publications.states import ObjectionState, PublicationState, ReleasedBy

describe(services.WINDOW_CLOCK, label=say("Review of a publication"))
describe(
    services.DISCLOSURE_CLOCK, label=say("A withheld passage becomes public"), appointment=True
)
describe(services.ADVICE_CLOCK, label=say("Scientific advice on a publication"))
describe(services.ANSWER_CLOCK, label=say("Answer to an objection"))
describe(services.WORDING_CLOCK, label=say("Answer to other wording"))
describe(services.MEDIATION_CLOCK, label=say("Mediation of a contested passage"))
describe(services.PROPOSAL_CLOCK, label=say("Answer to a mediator’s proposal"))
describe(services.QUESTION_CLOCK, label=say("Answer to a reviewer’s question"))


@on_breach(services.WINDOW_CLOCK, ends=True)
def window_over(clock: Clock, at: dt.datetime) -> None:
    """Record the release at the instant the window ended, however late this runs."""
    publication = Publication.objects.select_related("fellowship").get(pk=clock.subject_id)
    if publication.state != PublicationState.IN_REVIEW:
        return
    by = _rule(publication)
    if publication.silence_releases:
        services.release(publication=publication, by=by, kind=ReleasedBy.SILENCE, at=clock.due_at)
    else:
        services.escalate_silence(publication=publication, by=by)


@on_breach(services.DISCLOSURE_CLOCK, ends=True)
def passage_out(clock: Clock, at: dt.datetime) -> None:
    """Record that a withheld passage is public since its date, and tell who waits for it."""
    step = DisclosureStep.objects.select_related("publication__fellowship").get(pk=clock.subject_id)
    services.record_disclosed(step=step, by=_rule(step.publication), at=clock.due_at)


@on_breach(services.ADVICE_CLOCK, ends=True)
def advice_over(clock: Clock, at: dt.datetime) -> None:
    """Nothing follows: what comes later is shown as late."""


@on_breach(services.ANSWER_CLOCK, ends=True)
def answer_over(clock: Clock, at: dt.datetime) -> None:
    """Treat the passage as the objection asks when the author did not answer in time."""
    objection = _objection(clock)
    if objection.state == ObjectionState.OPEN:
        services.accept_objection(
            objection=objection,
            by=_rule(objection.publication),
            reason=say("The time to answer passed."),
            at=clock.due_at,
        )


@on_breach(services.WORDING_CLOCK, ends=True)
def wording_over(clock: Clock, at: dt.datetime) -> None:
    """Let the author's wording stand when whoever objected said nothing to it."""
    objection = _objection(clock)
    if objection.state == ObjectionState.REWORDED:
        services.agree_wording(
            objection=objection,
            by=_rule(objection.publication),
            reason=say("Nothing was said to the wording in time."),
            at=clock.due_at,
        )


@on_breach(services.MEDIATION_CLOCK, ends=True)
def mediation_over(clock: Clock, at: dt.datetime) -> None:
    """Bring the passage before the board when no mediator proposed anything in time."""
    objection = _objection(clock)
    if objection.state == ObjectionState.CONTESTED:
        services.refer_dispute(
            objection=objection,
            by=_rule(objection.publication),
            reason=say("No proposal came in the time of the mediation."),
            at=clock.due_at,
        )


@on_breach(services.PROPOSAL_CLOCK, ends=True)
def proposal_over(clock: Clock, at: dt.datetime) -> None:
    """Do what the mediator proposed when no side declined it in time."""
    services.take_proposal(
        objection=(objection := _objection(clock)),
        by=_rule(objection.publication),
        at=clock.due_at,
        reason=say("Nobody declined the proposal in time."),
    )


@on_breach(services.QUESTION_CLOCK, ends=True)
def question_over(clock: Clock, at: dt.datetime) -> None:
    """Let the window run on from the end of the author's time to answer."""
    question = Question.objects.select_related("publication__fellowship").get(pk=clock.subject_id)
    services.question_lapsed(question=question, by=_rule(question.publication))


def _objection(clock: Clock) -> Objection:
    return Objection.objects.select_related("publication__fellowship").get(pk=clock.subject_id)


def _rule(publication: Publication) -> RuleActor:
    return RuleActor(str(terms.policy_of(publication.fellowship)))
