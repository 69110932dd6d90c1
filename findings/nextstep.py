"""What comes first about an accepted finding: the link of its chain to make next."""

from __future__ import annotations

from django.urls import reverse

from fellowship.kernel.refusals import Refusal
from fellowship.web.items import Link
from findings.change_states import ChangeState
from findings.models import ChangeRequest, Finding
from findings.states import ControlState, FindingState

_AT_CONTROL = {
    "baseline": "Record the baseline",
    "measurement": "Measure it again",
    "verdict": "Go to the verdict",
}
"""What is done on the page of its control, by the link that is missing."""


def shipped(finding: Finding, missing: str) -> ChangeRequest | None:
    """The change that is done though no control says how it is measured, of one `with_chain`."""
    if finding.state != FindingState.ACCEPTED or missing != "control":
        return None
    done = (one for one in finding.change_requests.all() if one.state == ChangeState.DONE)
    return next(done, None)


def step_of(finding: Finding, missing: str, may_plan: Refusal | None) -> Link | None:
    """Where the first missing link is made, for one who may plan controls; None for others."""
    if may_plan or finding.state != FindingState.ACCEPTED:
        return None
    if missing in _AT_CONTROL:
        live = [c for c in finding.controls.all() if c.state != ControlState.WITHDRAWN]
        return Link(_AT_CONTROL[missing], live[0].get_absolute_url()) if live else None
    if missing == "change request" and finding.controls.all():
        return Link("Ask for a change", reverse("findings:change_new", args=[finding.ref]))
    if missing in ("change request", "control"):
        return Link("Plan a control", reverse("findings:plan", args=[finding.ref]))
    return None
