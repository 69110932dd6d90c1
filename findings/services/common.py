"""What the verbs of findings and controls share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import Actor
from fellowship.clocks import services as clocks
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from findings import terms
from findings.models import (
    Control,
    Finding,
)

DUE_CLOCK = "findings.due"


def lock(finding: Finding) -> Finding:
    """The finding, locked, with what its verbs read."""
    rows = Finding.objects.locked().select_related("fellowship__fellow", "program")
    return rows.get(pk=finding.pk)


def lock_control(control: Control) -> Control:
    """The control, locked, with its finding."""
    rows = Control.objects.locked().select_related("finding__fellowship__fellow", "owner")
    return rows.get(pk=control.pk)


def start_clock(
    finding: Finding, by: Actor, window: Window, due_at: dt.datetime | None = None
) -> None:
    """Start the finding’s clock, in place of the one that ran."""
    stop_clock(finding, by)
    clock = clocks.start(
        kind=DUE_CLOCK,
        subject=finding,
        realm=finding.program.realm,
        window=window,
        by=by,
        holder="us",
        holder_user=finding.product_owner,
        silence="It goes to the product owner, then to the sponsor.",
        rule=terms.rule_label(finding),
        due_at=due_at,
    )
    finding.due_at = clock.due_at
    finding.save()


def stop_clock(finding: Finding, by: Actor) -> None:
    """Stop the finding’s clock."""
    reason = f"{finding.ref} {finding.state}"
    clocks.stop_open(subject=finding, kinds=[DUE_CLOCK], by=by, reason=reason)


def tell(finding: Finding, to: Any, title: str, *, body: str = "", urgent: bool = False) -> None:
    """Tell people how a finding goes on."""
    notify(
        kind="findings.progress",
        to=to,
        subject_obj=finding,
        realm=finding.program.realm,
        title=title,
        body=body,
        url=finding.get_absolute_url(),
        urgent=urgent,
    )
