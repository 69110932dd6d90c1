"""Taking a control out of service: what was closed on it is open again."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from findings import policy
from findings.models import Control, Finding
from findings.services.closing import reopen_finding
from findings.services.common import lock, lock_control, tell
from findings.states import CONTROL_MOVES, ControlState


@journal.verb("findings.withdraw_control")
def withdraw_control(*, control: Control, by: User, reason: str) -> Control:
    """Withdraw a control. A finding that was closed on it is open again at once."""
    finding = lock(control.finding)
    control = lock_control(control)
    if control.state == ControlState.WITHDRAWN:
        return unchanged(control, policy.may_withdraw(control, by))
    refuse(policy.may_withdraw(control, by))
    refuse(policy.says_why(reason))
    control.state = CONTROL_MOVES.target(control.state, "withdraw")
    control.save()
    journal.record(subject=control, change={"state": control.state})
    if Finding.objects.filter(pk=finding.pk, closing_control=control).exists():
        said = say(
            "The control {ref} was withdrawn: {reason}", ref=control.ref, reason=reason.strip()
        )
        reopen_finding(finding=finding, by=by, reason=said)
    else:
        fellow = [finding.fellowship.fellow]
        tell(
            finding,
            fellow,
            say("A control for {ref} was withdrawn", ref=finding.ref),
            body=reason.strip(),
        )
    return control
