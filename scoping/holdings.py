"""What mentors and others hold of a fellowship under way."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say
from scoping.states import FellowshipState, MilestoneState

holdings.register(
    "scoping.fellowship",
    "mentor",
    label=say("Fellows accompanied"),
    role=roles.MENTOR,
    open=~Q(state=FellowshipState.CLOSED),
    by_hand=True,
)
holdings.register(
    "scoping.milestone",
    "reviewer",
    label=say("Milestones to judge"),
    role=roles.MENTOR,
    realm="fellowship__program_id",
    open=Q(state__in=(MilestoneState.PLANNED, MilestoneState.DELIVERED)),
)
holdings.register(
    "scoping.checkin",
    "owner",
    label=say("Blockers to clear"),
    role=roles.MANAGER,
    realm="fellowship__program_id",
    open=Q(cleared_at=None) & ~Q(blockers=""),
)
