"""A proposal that all reviewers of a call score first, so that they start from one scale."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from proposals import policy
from proposals.models import Assignment, Calibration, Proposal
from proposals.services.panel import assign_reviewer


@journal.verb("proposals.calibrate")
def calibrate(*, proposal: Proposal, by: User) -> Calibration:
    """Have all reviewers of the programme score this proposal before any other of its call.

    Those who may not, by a conflict declared or as part of the team, are passed over. Marked
    twice, it is marked once.
    """
    proposal = Proposal.objects.locked().select_related("call", "applicant").get(pk=proposal.pk)
    there = Calibration.objects.filter(proposal=proposal).first()
    if there:
        return unchanged(there, policy.may_calibrate(proposal, by))
    refuse(policy.may_calibrate(proposal, by))
    made = Calibration.objects.create(proposal=proposal, call=proposal.call, marked_by=by)
    journal.record(subject=made, realm_id=proposal.program_id, change={"proposal": proposal.ref})
    asked = Assignment.objects.standing().filter(proposal=proposal).values("reviewer_id")
    for person in holders(proposal.program_id, roles.REVIEWER).exclude(pk__in=asked).order_by("pk"):
        if policy.may_serve(proposal, person) is None:
            assign_reviewer(
                proposal=proposal,
                reviewer=person,
                by=by,
                why=say("All reviewers of this call score this proposal first."),
            )
    return made
