"""What the passing of time means here: late reviews, slow cases, revisions that did not come."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders, recused_ids
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach, on_reminder, sweeper
from fellowship.kernel.saying import joined, say
from fellowship.notices.services import notify
from fellowship.programs.models import Call
from fellowship.programs.moments import Moment, on_moved
from proposals import services
from proposals.models import Assignment, Proposal, SuggestionRun
from proposals.services.drafting import DECISION_CLOCK, SERVICE
from proposals.services.panel import REVIEW_CLOCK
from proposals.states import REVISION_CLOCK, ProposalState, RunState

describe(REVIEW_CLOCK, label=say("Review"), reminders=(3, 1))
describe(DECISION_CLOCK, label=say("Recruit: from submission to decision"), reminders=(3,))
describe(REVISION_CLOCK, label=say("Revision the board asked for"))


@on_breach(REVIEW_CLOCK)
def review_late(clock: Clock, at: dt.datetime) -> None:
    """Tell the managers, who assign somebody else."""
    assignment = Assignment.objects.select_related("proposal", "reviewer").get(pk=clock.subject_id)
    _tell_managers(
        assignment.proposal,
        kind="proposals.review_late",
        title=say("A review of {ref} is late", ref=assignment.proposal.ref),
        body=say(
            "{reviewer} had until {due_at:%-d %B %Y}. Assign somebody else.",
            reviewer=assignment.reviewer,
            due_at=assignment.proposal.program.last_day(clock.due_at),
        ),
        dedupe=f"proposals.review_late:{clock.pk}",
    )


@on_breach(DECISION_CLOCK)
def case_late(clock: Clock, at: dt.datetime) -> None:
    """Tell the managers that the case has been with us for longer than the standard says."""
    proposal = Proposal.objects.get(pk=clock.subject_id)
    _tell_managers(
        proposal,
        kind="proposals.case_late",
        title=say("{ref} waits for longer than our standard", ref=proposal.ref),
        body=say(
            "It should have been decided by {due_at:%-d %B %Y}.",
            due_at=proposal.program.last_day(clock.due_at),
        ),
        dedupe=f"proposals.case_late:{clock.pk}",
    )


@on_breach(REVISION_CLOCK, ends=True)
def revision_not_sent(clock: Clock, at: dt.datetime) -> None:
    """The panel goes on with the text as it stands."""
    services.revision_over(Proposal.objects.get(pk=clock.subject_id), by=SERVICE)


@on_reminder(REVIEW_CLOCK)
def remind_reviewer(clock: Clock, days: int, at: dt.datetime) -> None:
    """Tell the reviewer how long is left."""
    assignment = Assignment.objects.select_related("proposal", "reviewer").get(pk=clock.subject_id)
    notify(
        kind="proposals.review_due",
        to=[assignment.reviewer],
        subject_obj=assignment,
        realm=clock.realm_id,
        title=say("Your review of {ref} is due soon", ref=assignment.proposal.ref),
        body=say(
            "It is due on {due_at:%-d %B %Y, %H:%M} UTC. {silence}",
            due_at=clock.due_at,
            silence=clock.if_silent,
        ),
        url=reverse("proposals:review", args=[assignment.pk]),
        dedupe=f"proposals.review_due:{clock.pk}:{days}:{clock.due_at:%Y%m%d}",
    )


@on_reminder(REVISION_CLOCK)
def remind_applicant(clock: Clock, days: int, at: dt.datetime) -> None:
    """Tell the applicant how long is left, and what silence means."""
    proposal = Proposal.objects.select_related("applicant").get(pk=clock.subject_id)
    notify(
        kind="proposals.revision_due",
        to=[proposal.applicant],
        subject_obj=proposal,
        title=say("The revision of {ref} is due soon", ref=proposal.ref),
        body=say(
            "It is due on {due_at:%-d %B %Y, %H:%M} UTC. {silence}",
            due_at=clock.due_at,
            silence=clock.if_silent,
        ),
        url=proposal.get_absolute_url(),
        dedupe=f"proposals.revision_due:{clock.pk}:{days}:{clock.due_at:%Y%m%d}",
    )


@on_reminder(DECISION_CLOCK)
def remind_managers(clock: Clock, days: int, at: dt.datetime) -> None:
    """Tell the managers how long is left of the standard."""
    proposal = Proposal.objects.get(pk=clock.subject_id)
    _tell_managers(
        proposal,
        kind="proposals.case_due",
        title=say("{ref} should be decided soon", ref=proposal.ref),
        body=say(
            "By our standard until {due_at:%-d %B %Y}.",
            due_at=proposal.program.last_day(clock.due_at),
        ),
        dedupe=f"proposals.case_due:{clock.pk}:{days}:{clock.due_at:%Y%m%d}",
    )


MOVED = {
    Moment.EXTENDED: (say("{ref} stays open longer"), say("“{call}” now closes on {end}.")),
    Moment.CLOSED: (
        say("{ref} was closed before its time"),
        say("“{call}” takes no more proposals. Your draft is kept."),
    ),
    Moment.REOPENED: (say("{ref} is open again"), say("“{call}” takes proposals until {end}.")),
}


@on_moved
def tell_drafters(call: Call, moment: Moment, reason: str) -> None:
    """Tell everyone with a draft for the call until when they have now, and why."""
    drafts = Proposal.objects.filter(call=call, state=ProposalState.DRAFT)
    title, body = MOVED[moment]
    end = say("{closes_at:%-d %B %Y at %H:%M} UTC", closes_at=call.closes_at)
    notify(
        kind="proposals.call_moved",
        to=User.objects.filter(pk__in=drafts.values("applicant_id")),
        subject_obj=call,
        title=say(title, ref=call.ref),
        body=joined(
            " ",
            (
                say(body, call=call, end=end),
                say("The reason given: {reason}", reason=reason),
            ),
        ),
        url=call.get_absolute_url(),
    )


@sweeper("proposals.suggestions")
def go_on_with_suggestions(at: dt.datetime) -> int:
    """Work out what is too large for a request; assign the next batch of what is carried out."""
    runs = SuggestionRun.objects.filter(state__in=(RunState.ASKED, RunState.ASSIGNING))
    for run in runs.order_by("pk"):
        if run.state == RunState.ASKED:
            services.work_out(run=run, by=SERVICE)
        else:
            services.assign_batch(run=run, by=SERVICE)
    return len(runs)


@sweeper("proposals.leniency")
def estimate_leniency(at: dt.datetime) -> int:
    """Estimate anew where reviews came in since."""
    return services.refresh_effects(at)


def _tell_managers(proposal: Proposal, *, kind: str, title: str, body: str, dedupe: str) -> None:
    recused = recused_ids(proposal)
    people = holders(proposal.program_id, roles.MANAGER).exclude(pk__in=recused)
    notify(
        kind=kind,
        to=people.exclude(pk=proposal.applicant_id),
        subject_obj=proposal,
        title=title,
        body=body,
        url=proposal.get_absolute_url(),
        dedupe=dedupe,
    )
