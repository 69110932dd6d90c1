"""What happens by itself: silence releases or escalates; an unanswered objection is accepted.

Why it is so: docs/adr/0006-silence-releases.md.
"""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import RuleActor
from publications import terms
from publications.models import DisclosureStep, Objection, Publication
from publications.services import (
    ANSWER_CLOCK,
    DISCLOSURE_CLOCK,
    WINDOW_CLOCK,
    accept_objection,
    escalate_silence,
    record_disclosed,
    release,
)
from publications.states import ObjectionState, ReleasedBy

describe(WINDOW_CLOCK, label="Review of a publication")
describe(DISCLOSURE_CLOCK, label="A withheld passage becomes public", appointment=True)
describe(ANSWER_CLOCK, label="Answer to an objection")


@on_breach(WINDOW_CLOCK, ends=True)
def window_over(clock: Clock, at: dt.datetime) -> None:
    """Record the release at the instant the window ended, however late this runs."""
    publication = Publication.objects.select_related("fellowship").get(pk=clock.subject_id)
    by = RuleActor(str(terms.policy_of(publication.fellowship)))
    if publication.silence_releases:
        release(publication=publication, by=by, kind=ReleasedBy.SILENCE, at=clock.due_at)
    else:
        escalate_silence(publication=publication, by=by)


@on_breach(DISCLOSURE_CLOCK, ends=True)
def passage_out(clock: Clock, at: dt.datetime) -> None:
    """Record that a withheld passage is public since its date, and tell who waits for it."""
    step = DisclosureStep.objects.select_related("publication__fellowship").get(pk=clock.subject_id)
    by = RuleActor(str(terms.policy_of(step.publication.fellowship)))
    record_disclosed(step=step, by=by, at=clock.due_at)


@on_breach(ANSWER_CLOCK, ends=True)
def answer_over(clock: Clock, at: dt.datetime) -> None:
    """Treat the passage as the objection asks when the author did not answer in time."""
    objection = Objection.objects.select_related("publication__fellowship").get(pk=clock.subject_id)
    if objection.state == ObjectionState.OPEN:
        by = RuleActor(str(terms.policy_of(objection.publication.fellowship)))
        accept_objection(objection=objection, by=by, reason="The time to answer passed.")
