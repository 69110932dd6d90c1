"""What happens by itself: an overdue finding is told to its owner and the sponsor."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.notices.services import notify
from findings.models import Finding
from findings.services import DUE_CLOCK

describe(DUE_CLOCK, label="Answer to a finding")


@on_breach(DUE_CLOCK)
def tell_overdue(clock: Clock, at: dt.datetime) -> None:
    """Tell the owner, or every product owner where there is none, and the sponsor."""
    finding = Finding.objects.select_related("program__realm", "product_owner").get(
        pk=clock.subject_id
    )
    owners = (
        [finding.product_owner]
        if finding.product_owner
        else list(holders(finding.program_id, roles.PRODUCT_OWNER))
    )
    notify(
        kind="findings.overdue",
        to=[*owners, *holders(finding.program_id, roles.SPONSOR)],
        subject_obj=finding,
        realm=finding.program.realm,
        title=f"{finding.ref} is overdue: {finding.title}",
        url=finding.get_absolute_url(),
        urgent=True,
        dedupe=f"overdue:{finding.pk}:{clock.pk}",
    )
