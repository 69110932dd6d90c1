"""What product owners and control owners hold."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say
from findings.states import UNSETTLED, ControlState

holdings.register(
    "findings.finding",
    "product_owner",
    label=say("Findings owned"),
    role=roles.PRODUCT_OWNER,
    open=Q(state__in=UNSETTLED),
    order=10,
)
holdings.register(
    "findings.control",
    "owner",
    label=say("Controls owned"),
    role=roles.PRODUCT_OWNER,
    open=~Q(state=ControlState.WITHDRAWN),
)
holdings.register(
    "findings.acceptancetest",
    "owner",
    label=say("Acceptance tests to decide"),
    role=roles.PRODUCT_OWNER,
    open=Q(decided_at=None) & ~Q(state="withdrawn"),
)
