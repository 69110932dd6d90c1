"""What the board reads of proposals: which verbs decide something, and who is held to rules."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts.models import User
from governance import cases
from governance.decision_log import Act, register
from governance.states import RuleKind
from proposals.models import Proposal
from proposals.states import DECIDED, ProposalState

register(
    Act.DELEGATED,
    "proposals.close_discussion",
    "proposals.set_suggestion_aside",
    rule=RuleKind.REVIEW_RUBRIC,
)
register(Act.AUTOMATED, "proposals.revision_over", rule=RuleKind.REVIEW_RUBRIC)


def _running() -> Q:
    return ~Q(state__in=(*DECIDED, ProposalState.WITHDRAWN))


def _applicant(proposal: Proposal) -> User:
    return proposal.applicant


cases.register("proposals.proposal", running=_running, party=_applicant)
