"""What other applications ask about proposals."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform

from fellowship.accounts.models import Realm, User
from fellowship.kernel.time import now
from proposals.models import Draft, Proposal
from proposals.states import ProposalState

UNDECIDED = (ProposalState.SUBMITTED, ProposalState.IN_REVIEW, ProposalState.WITH_BOARD)


def has_live_proposal(user: User, realm: Realm) -> bool:
    """Whether the person has a proposal undecided in the programme, or a draft still in time."""
    live = Q(state__in=UNDECIDED) | Q(state=ProposalState.DRAFT, call__closes_at__gt=now())
    return Proposal.objects.filter(live, applicant=user, program_id=realm.pk).exists()


def with_title(queryset: Any) -> Any:
    """With `drafted_title`, what a draft is called before a title was submitted."""
    drafted = Draft.objects.filter(proposal=OuterRef("pk"), section="question")
    title = drafted.annotate(t=KeyTextTransform("title", "answers")).values("t")[:1]
    return queryset.annotate(drafted_title=Subquery(title))
