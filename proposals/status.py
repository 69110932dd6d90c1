"""Where a case is: who holds it, days with us and with you, what silence means, what comes next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from fellowship.clocks import queries as clocks
from fellowship.clocks.models import Clock
from fellowship.kernel.saying import joined, say, say_n
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from governance.models import Condition, Matter
from governance.services.telling import FOR_PARTIES
from governance.standing import acts_on, open_conditions, told
from governance.states import LIVE_MATTER, ConditionState
from proposals import policy, standing
from proposals.models import Proposal
from proposals.services.case import KIND
from proposals.services.drafting import DECISION_CLOCK
from proposals.states import REVISION_CLOCK, ProposalState

S = ProposalState
NOTHING = say("nothing needed from you")


@dataclass(frozen=True, slots=True)
class Status:
    """The banner of a case, as `{% banner %}` takes it."""

    headline: str
    tone: str = "wait"
    by: dt.datetime | None = None
    detail: str = ""
    silence: str = ""
    url: str = ""
    label: str = ""


def of(proposal: Proposal, user: Any) -> Status:
    """The banner for this person."""
    mine = user == proposal.applicant
    if proposal.state == S.DRAFT:
        return _draft(proposal)
    if proposal.state == S.WITHDRAWN or proposal.decided_at:
        return _decided(proposal, user)
    if proposal.state == S.WITH_BOARD:
        return _with_board(proposal, user)
    if proposal.revision_asked_at:
        return _revision(proposal, mine)
    revises = mine and policy.may_revise(proposal, user) is None and proposal.drafts.exists()
    return _revising(proposal) if revises else _with_us(proposal, mine)


def live_matter(proposal: Proposal) -> Matter | None:
    """The matter before the board now."""
    return Matter.objects.filter(kind=KIND, subject_id=proposal.pk, state__in=LIVE_MATTER).first()


def _draft(proposal: Proposal) -> Status:
    return Status(
        say("With you: finish and submit your proposal"),
        tone="you",
        by=proposal.call.closes_at,
        silence=say("A draft that is not submitted by then is kept, and not considered."),
    )


def _with_us(proposal: Proposal, mine: bool) -> Status:
    who = say("the panel") if proposal.state == S.IN_REVIEW else say("the programme manager")
    clock = clocks.latest(proposal, DECISION_CLOCK)
    tail = f", {NOTHING}" if mine else ""
    return Status(
        say(
            "With {who}{day}{tail}",
            who=who,
            day=_day(clock, proposal.program.calendar()),
            tail=tail,
        ),
        detail=say("Reviewers score it alone, then the board decides."),
        silence=clock.said_silence if clock else "",
    )


def _with_board(proposal: Proposal, user: Any) -> Status:
    matter = live_matter(proposal)
    mine = user == proposal.applicant
    shown = matter and not mine and Matter.objects.visible_to(user).filter(pk=matter.pk).exists()
    calendar = proposal.program.calendar()
    days = _span(calendar, matter.referred_at, matter.due_at) if matter and matter.due_at else ""
    return Status(
        say("With the board{days}{more}", days=days, more=f", {NOTHING}" if mine else ""),
        detail=say("It votes until {local:%-d %B %Y}.", local=calendar.last_day(matter.due_at))
        if matter and matter.due_at
        else say("The vote is not open yet."),
        silence=FOR_PARTIES,
        url=matter.get_absolute_url() if matter and shown else "",
        label=say("In the board room") if shown else "",
    )


def _revising(proposal: Proposal) -> Status:
    return Status(
        say("With you: send or discard your revision"),
        tone="you",
        by=proposal.call.closes_at,
        silence=policy.unsent_revision(proposal),
        url=reverse("proposals:edit", args=[proposal.ref]),
        label=say("Go on with the revision"),
    )


def _revision(proposal: Proposal, mine: bool) -> Status:
    clock = clocks.latest(proposal, REVISION_CLOCK)
    return Status(
        say("With you: the board asked for a revision")
        if mine
        else say("With the applicant: the board asked for a revision"),
        tone="you" if mine else "wait",
        by=clock.due_at if clock else None,
        detail=say("Version {version} counts until a new one is sent.", version=proposal.version),
        silence=clock.said_silence if clock else "",
        url=reverse("proposals:letter", args=[proposal.ref]),
        label=say("Read what the board asked"),
    )


def _decided(proposal: Proposal, user: Any) -> Status:
    if proposal.state == S.WITHDRAWN:
        return Status(say("Withdrawn by the applicant"), detail=say("The case is closed."))
    letter = reverse("proposals:letter", args=[proposal.ref])
    if proposal.state == S.ACCEPTED:
        held = open_conditions(proposal)
        if held:
            return _conditional(held, user, letter)
        return Status(say("Accepted"), tone="good", url=letter, label=say("Read the letter"))
    review = standing.review_of(proposal)
    return Status(
        say("Not accepted; an independent review is under way") if review else say("Not accepted"),
        by=review.due_at if review else None,
        detail=say("The letter gives the reasons and how to reply.")
        if user == proposal.applicant
        else "",
        url=letter,
        label=say("Read the letter"),
    )


def _conditional(held: Sequence[Condition], user: Any, letter: str) -> Status:
    """Accepted, with conditions open: the first due says who acts by when."""
    first, others = held[0], len(held) - 1
    who, met = acts_on(first), first.state == ConditionState.MET
    yours = user == who
    head = {
        (True, True): say("Accepted, with a condition that you verify"),
        (True, False): say("Accepted, with a condition that you meet"),
        (False, True): say("Accepted, with a condition that {who} verifies", who=who),
        (False, False): say("Accepted, with a condition that {who} meets", who=who),
    }
    more = say_n(others, "{n} more condition is open.", "{n} more conditions are open.")
    return Status(
        head[yours, met],
        tone="you" if yours else "wait",
        by=first.due_at,
        detail=joined(" ", (told(first), *([more] if others else []))),
        silence=first.consequence,
        url=first.get_absolute_url() if yours else letter,
        label=say("To the condition") if yours else say("Read the letter"),
    )


def _day(clock: Clock | None, calendar: WorkCalendar) -> str:
    return _span(calendar, clock.starts_at, clock.due_at) if clock else ""


def _span(calendar: WorkCalendar, start: dt.datetime, due: dt.datetime) -> str:
    """“, day 6 of 20” in working days; the day of the start is day 0 and shown as day 1."""
    gone = max(calendar.working_days_between(start, now()), 1)
    return say(
        ", day {gone} of {working_days_between}",
        gone=gone,
        working_days_between=calendar.working_days_between(start, due),
    )
