"""What reviewers and mediators of publications hold."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say
from publications.states import UNSETTLED, PublicationState

holdings.register(
    "publications.reviewerassignment",
    "reviewer",
    label=say("Publications to review"),
    role=roles.MANAGER,
    realm="publication__program_id",
    open=~Q(publication__state__in=(PublicationState.RELEASED, PublicationState.WITHDRAWN)),
    by_hand=True,
)
holdings.register(
    "publications.objection",
    "owner",
    label=say("Objections answered for"),
    role=roles.POLICY_REVIEWER,
    open=Q(state__in=UNSETTLED),
)
holdings.register(
    "publications.mediation",
    "mediator",
    label=say("Mediations to lead"),
    role=roles.MANAGER,
    realm="objection__program_id",
    open=Q(ended_at=None),
    by_hand=True,
)
