"""What people hold of the oversight: recommendations of cohort reviews to carry out."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say

holdings.register(
    "oversight.recommendation",
    "owner",
    label=say("Recommendations to carry out"),
    role=roles.MANAGER,
    open=Q(settled_at=None),
)
