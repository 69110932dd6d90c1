"""What people hold of data access, and their own access, which ends with them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from access.models import Grant
from access.services.grants import end_with_its_person
from access.states import ClassificationState
from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

holdings.register(
    "access.dataset",
    "steward",
    label=say("Datasets looked after"),
    role=roles.STEWARD,
    open=Q(retired_at=None),
)
holdings.register(
    "access.dataset",
    "owner",
    label=say("Datasets owned"),
    role=roles.PRODUCT_OWNER,
    open=Q(retired_at=None),
)
holdings.register(
    "access.targetsystem",
    "owner",
    label=say("Target systems answered for"),
    role=roles.STEWARD,
    open=Q(retired_at=None),
)
holdings.register(
    "access.classification",
    "settler",
    label=say("Classifications to settle"),
    role=roles.MANAGER,
    realm="dataset__program_id",
    open=Q(state=ClassificationState.DIFFER),
)


@holdings.ends
def end_grants(person: Any, by: Any, reason: str) -> None:
    """Every grant of somebody who leaves ends with them, accepted or not."""
    for grant in Grant.objects.filter(person=person, revoked_at=None, ends_at__gt=now()):
        end_with_its_person(grant=grant, by=by, reason=reason)
