"""What time does here: offers lapse, late signatures and verdicts are told."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from fellowship.notices.services import notify
from scoping.models import CheckIn, Fellowship, Mentorship, Milestone, Training
from scoping.queries import offered_scope
from scoping.services import lapse_offer, rounds
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    VERDICT,
    managers,
    signers,
    tell,
)
from scoping.services.training import RENEWAL

SWEEP = System("clocks.sweep")

describe(SIGNATURE, label=say("Your signature under the scope of work"))
describe(COUNTERSIGNATURE, label=say("The company's signature under the scope of work"))
describe(VERDICT, label=say("Verdict on a milestone"), reminders=(1,))
describe(rounds.FELLOW, label=say("The fellow's check-in of the month"), reminders=(3,))
describe(rounds.MENTOR, label=say("The mentor's check-in of the month"), reminders=(3,))
describe(RENEWAL, label=say("Renewal of a training"), reminders=(30, 7, 1), appointment=True)


@on_breach(SIGNATURE, ends=True)
def signature_missed(clock: Clock, at: dt.datetime) -> None:
    """The fellow kept silent: the offer lapses."""
    case = Fellowship.objects.get(pk=clock.subject_id)
    if scope := offered_scope(case):
        lapse_offer(scope=scope, by=SWEEP, reason=say("the window for signing is over"))


@on_breach(COUNTERSIGNATURE)
def countersignature_late(clock: Clock, at: dt.datetime) -> None:
    """The company kept silent: those who sign, and the managers, are told; the offer stays open."""
    case = Fellowship.objects.get(pk=clock.subject_id)
    text = say("the company's signature is overdue; the fellow has signed")
    tell(case, "signature_overdue", [*signers(case), *managers(case)], text, urgent=True)


@on_breach(VERDICT)
def verdict_late(clock: Clock, at: dt.datetime) -> None:
    """A delivered milestone waits too long: the managers are told."""
    milestone = Milestone.objects.select_related("fellowship").get(pk=clock.subject_id)
    case = milestone.fellowship
    assert milestone.delivered_at is not None  # noqa: S101 - its clock runs from then
    text = say(
        "“{title}” waits for a verdict since {delivered_at:%-d %B %Y}",
        title=milestone.title,
        delivered_at=case.program.day(milestone.delivered_at),
    )
    tell(case, "verdict_overdue", managers(case), text, page="milestones")


@on_breach(rounds.FELLOW)
def fellow_silent(clock: Clock, at: dt.datetime) -> None:
    """The fellow wrote nothing in a month: both are told, and the present month is waited for."""
    _silent(clock, CheckIn.Author.FELLOW)


@on_breach(rounds.MENTOR)
def mentor_silent(clock: Clock, at: dt.datetime) -> None:
    """The mentor wrote nothing in a month: both are told, and the present month is waited for."""
    _silent(clock, CheckIn.Author.MENTOR)


def _silent(clock: Clock, author: str) -> None:
    mentorship = Mentorship.objects.select_related("mentor").get(pk=clock.subject_id)
    case = Fellowship.objects.select_related("program", "fellow").get(pk=mentorship.fellowship_id)
    mentorship.fellowship = case
    month = case.program.last_day(clock.due_at)
    people = [case.fellow, mentorship.mentor, *managers(case)]
    text = (
        say("no check-in of the fellow for {month:%B %Y}", month=month)
        if author == CheckIn.Author.FELLOW
        else say("no check-in of the mentor for {month:%B %Y}", month=month)
    )
    tell(case, "check_in_missing", people, text, page="check_ins")
    if mentorship.ends_at is None and rounds.wanted(case):
        rounds.wait_for(mentorship, author, rounds.month_of(case), SWEEP)


@on_breach(RENEWAL)
def training_expired(clock: Clock, at: dt.datetime) -> None:
    """A training has expired: the person and those who record trainings are told."""
    training = Training.objects.select_related("person", "realm").get(pk=clock.subject_id)
    people = {
        p.pk: p
        for p in (
            training.person,
            *holders(training.realm_id, roles.MANAGER, roles.STEWARD),
        )
    }
    notify(
        kind="scoping.training_expired",
        to=people.values(),
        title=say("Expired: {training}, {person}", training=training, person=training.person),
        body=say(
            "Access is closed until it is done again, or an exception covers the time between."
        ),
        subject_obj=training,
        realm=training.realm_id,
    )
