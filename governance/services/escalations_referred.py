"""Putting an escalation before the board: may it be closed?"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from governance.models import Escalation, Matter
from governance.policy import escalations as policy
from governance.services.board import refer
from governance.services.escalations import keep_findings

ESCALATION_MATTER = "governance.escalation"


@journal.verb("governance.refer_escalation")
def refer_escalation(
    *,
    escalation: Escalation,
    by: User,
    review: str,
    findings: Sequence[Model] = (),
    none_found: str = "",
) -> Matter:
    """Ask the board whether an escalation may be closed with this review and these findings.

    One before the board already gives the matter it has.
    """
    escalation = Escalation.objects.locked().select_related("program").get(pk=escalation.pk)
    live = Matter.objects.live().filter(kind=ESCALATION_MATTER, subject_id=escalation.pk).first()
    if live:
        return unchanged(live, policy.may_close(escalation, by, review, findings, none_found))
    refuse(policy.may_close(escalation, by, review, findings, none_found))
    keep_findings(escalation, findings, none_found, by)
    escalation.review = review.strip()
    escalation.save()
    journal.record(subject=escalation, change={"review": True})
    return refer(kind=ESCALATION_MATTER, subject=escalation, program=escalation.program, by=by)
