"""Where reviewers differ: a discussion is opened by their scores and closed with its outcome."""

from __future__ import annotations

from collections import defaultdict

from django.urls import reverse

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from proposals import policy, rubric
from proposals.models import Assignment, Calibration, Discussion, Proposal, Score
from proposals.services.drafting import tell_manager


def spread_of(proposal: Proposal) -> dict[str, tuple[int, int]]:
    """The lowest and the highest score of each criterion, over the reviews that count."""
    given: dict[str, list[int]] = defaultdict(list)
    counted = proposal.reviews.counted()
    rows = Score.objects.filter(review__in=counted, value__isnull=False).order_by()
    for criterion, value in rows.values_list("criterion", "value"):
        given[criterion].append(int(value or 0))
    return {criterion: (min(values), max(values)) for criterion, values in given.items()}


@journal.verb("proposals.open_discussion")
def note_spread(*, proposal: Proposal, by: User) -> Discussion | None:
    """Put the proposal on the discussion list where its reviewers differ by what the rubric says.

    Called when a review is in. One that was put there stays, open or closed.
    """
    there = Discussion.objects.filter(proposal=proposal).first()
    if there:
        return there
    wide = {
        criterion: list(ends)
        for criterion, ends in spread_of(proposal).items()
        if ends[1] - ends[0] >= rubric.of_call(proposal.call).discussed_from_range
    }
    if not wide:
        return None
    found = Discussion.objects.create(
        proposal=proposal, program_id=proposal.program_id, spread=wide
    )
    journal.record(subject=found, change={"spread": wide})
    tell_manager(
        by,
        proposal,
        kind="proposals.to_discuss",
        title=say("Reviewers of {ref} differ", ref=proposal.ref),
        body=say("It is on the list of what the panel discusses before it is decided."),
    )
    return found


@journal.verb("proposals.close_discussion")
def close_discussion(*, discussion: Discussion, outcome: str, by: User) -> Discussion:
    """Say what a discussion came to; one closed stays as it is. Scores do not change by it."""
    Proposal.objects.locked().get(pk=discussion.proposal_id)
    found = (
        Discussion.objects.locked()
        .select_related("proposal__applicant", "proposal__call")
        .get(pk=discussion.pk)
    )
    if found.closed_at is not None:
        return unchanged(found, policy.may_manage(found.proposal, by))
    refuse(policy.may_manage(found.proposal, by))
    if not outcome.strip():
        refuse(Refusal("no_outcome", say("Say what the discussion came to."), field="outcome"))
    found.closed_at, found.closed_by, found.outcome = now(), by, outcome.strip()
    found.save()
    journal.record(subject=found, change={"closed": True})
    return found


def tell_calibrated(proposal: Proposal) -> None:
    """Once all have scored a calibration proposal, tell them that they can compare."""
    standing = Assignment.objects.standing().filter(proposal=proposal)
    if not Calibration.objects.filter(proposal=proposal).exists():
        return
    if standing.filter(review=None).exists():
        return
    notify(
        kind="proposals.calibrated",
        to=User.objects.filter(pk__in=standing.values("reviewer_id")),
        subject_obj=proposal,
        realm=proposal.program_id,
        title=say("All have scored {ref}", ref=proposal.ref),
        body=say("Compare your scores with the others’ before you go on."),
        url=reverse("proposals:drift"),
        dedupe=f"proposals.calibrated:{proposal.pk}",
    )
