"""Clocks that a person holds: they go with the record they run on."""

from __future__ import annotations

from django.db.models import Q

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say

holdings.register(
    "clocks.clock",
    "holder_user",
    label=say("Time that ran for them"),
    role=roles.MANAGER,
    realm="realm_id",
    open=Q(ended_at=None),
    order=90,
)
