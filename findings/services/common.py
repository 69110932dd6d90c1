"""What the verbs of findings and controls share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel.saying import dated, say
from fellowship.notices.services import notify
from findings.models import (
    Control,
    Finding,
)
from findings.services.segments import DUE_CLOCK, start_clock, stop_clock

__all__ = ["DUE_CLOCK", "judge", "lock", "lock_control", "start_clock", "stop_clock", "tell"]


def lock(finding: Finding) -> Finding:
    """The finding, locked, with what its verbs read."""
    rows = Finding.objects.locked().select_related("fellowship__fellow", "program")
    return rows.get(pk=finding.pk)


def lock_control(control: Control) -> Control:
    """The control, locked, with its finding."""
    rows = Control.objects.locked().select_related("finding__fellowship__fellow", "owner")
    return rows.with_metrics().get(pk=control.pk)


def judge(control: Control, by: User) -> None:
    """Keep the verdict with the control, read anew after a count or a change of its plan.

    Where it was verified and the reduction is no longer shown, those who rely on it are told.
    """
    fresh = Control.objects.with_metrics().get(pk=control.pk)
    comparison = fresh.comparison()
    verdict = str(comparison.verdict) if comparison else ""
    if verdict != fresh.verdict:
        held, fresh.verdict = not fresh.slipped, verdict
        fresh.save()
        if held and fresh.slipped:
            _tell_slipped(fresh, by)


def _tell_slipped(control: Control, by: User) -> None:
    finding = control.finding
    people = {control.owner, control.verified_by, finding.product_owner, finding.fellowship.fellow}
    tell(
        finding,
        [one for one in people if one is not None and one != by],
        say("{ref}: the reduction is no longer shown", ref=control.ref),
        body=say(
            "{control} was verified. What was counted since no longer shows that the risk fell. "
            "Its owner counts again, or withdraws it; then {ref} is open again.",
            control=control.title,
            ref=finding.ref,
        ),
        urgent=True,
    )


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


def date_of(finding: Finding, at: dt.datetime | None) -> str:
    """The day of an instant in the programme, as letters write it; empty for none."""
    return dated(finding.program.day(at)) if at else ""


def end_of(finding: Finding, at: dt.datetime | None) -> str:
    """The last day of what is due or ends then, as letters write it; empty for none."""
    return dated(finding.program.last_day(at)) if at else ""
