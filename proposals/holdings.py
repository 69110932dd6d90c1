"""What reviewers of the panel hold: reviews they have not sent."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say

holdings.register(
    "proposals.assignment",
    "reviewer",
    label=say("Reviews of proposals to write"),
    role=roles.MANAGER,
    open=Q(ended_at=None, review=None),
    by_hand=True,
)
