"""What time does after a decision: replies not made or not answered, reviews not ended."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import say
from fellowship.notices.services import notify
from governance.models import IndependentReview, Matter, Reply
from governance.recourse import ANSWER_CLOCK, REPLY_CLOCK, REQUEST_CLOCK, REVIEW_CLOCK
from governance.services.reviews import namers
from governance.services.telling import room

registry.describe(REPLY_CLOCK, label=say("Right of reply"), reminders=(3,))
registry.describe(REQUEST_CLOCK, label=say("Time to ask for a review"), reminders=(3,))
registry.describe(ANSWER_CLOCK, label=say("Answer to a reply"), reminders=(3, 1))
registry.describe(REVIEW_CLOCK, label=say("Independent review"), reminders=(7, 3, 1))


@registry.on_breach(REPLY_CLOCK, ends=True)
def reply_time_over(clock: Clock, at: dt.datetime) -> None:
    """The time to reply is over: who kept silent hears that the decision stands."""
    matter = Matter.objects.select_related("decision").get(pk=clock.subject_id)
    silent = matter.parties.exclude(user_id__in=matter.decision.replies.values("author_id"))
    notify(
        kind="governance.reply_over",
        to=[party.user for party in silent.select_related("user")],
        subject_obj=matter,
        realm=matter.program_id,
        title=say("The time to reply is over: {title}", title=matter.title),
        body=say("Nobody replied for you. The decision stands."),
        url=matter.get_absolute_url(),
    )


@registry.on_breach(REQUEST_CLOCK, ends=True)
def request_time_over(clock: Clock, at: dt.datetime) -> None:
    """The time to ask for a review is over: the decision stands, as the letter said."""


@registry.on_breach(ANSWER_CLOCK)
def reply_unanswered(clock: Clock, at: dt.datetime) -> None:
    """The chair has not answered in time: the sponsor, who reads the programme's record, hears."""
    reply = Reply.objects.select_related("decision__matter", "author").get(pk=clock.subject_id)
    matter = reply.decision.matter
    for to, url in (
        ([reply.author, *room(matter, roles.CHAIR, roles.MANAGER)], reply.get_absolute_url()),
        (room(matter, roles.SPONSOR), ""),
    ):
        notify(
            kind="governance.reply_late",
            to=to,
            subject_obj=reply,
            realm=matter.program_id,
            title=say("A reply waits for its answer: {title}", title=matter.title),
            body=say("The time to answer it is over. The chair owes the answer."),
            url=url,
            urgent=True,
        )


@registry.on_breach(REVIEW_CLOCK)
def review_late(clock: Clock, at: dt.datetime) -> None:
    """The review has not ended in time: whoever names reviewers, those named and the party hear."""
    review = IndependentReview.objects.select_related("decision__matter", "asked_by").get(
        pk=clock.subject_id
    )
    matter = review.decision.matter
    waiting = [seat.reviewer for seat in review.seats.waiting().select_related("reviewer")]
    people = {review.asked_by, *namers(review), *waiting}
    notify(
        kind="governance.review_late",
        to=people,
        subject_obj=review,
        realm=matter.program_id,
        title=say("The independent review is late: {title}", title=matter.title),
        body=say("It stays open: silence confirms no decision. Other people may be named."),
        url=review.get_absolute_url(),
        urgent=True,
    )
