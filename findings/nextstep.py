"""What comes first about an accepted finding: the link of its chain to make next."""

from __future__ import annotations

from django.urls import reverse

from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import say
from fellowship.web.items import Link
from findings.chain import links
from findings.change_states import ChangeState
from findings.models import ChangeRequest, Control, Finding
from findings.states import ControlState, FindingState

_AT_CONTROL = {
    "baseline": say("Record the baseline"),
    "measurement": say("Measure it again"),
    "verdict": say("Go to the verdict"),
}
"""What is done on the page of its control, by the link that is missing."""


def shipped(finding: Finding, missing: str) -> ChangeRequest | None:
    """The change that is done though no control says how it is measured, of one `with_chain`."""
    if not _open(finding, missing) or _live(finding):
        return None
    done = (one for one in finding.change_requests.all() if one.state == ChangeState.DONE)
    return next(done, None)


def step_of(finding: Finding, missing: str, may_plan: Refusal | None) -> Link | None:
    """Where the next link after its disposition is made, for one who may plan controls.

    None for others, and where nothing is `missing`.
    """
    if may_plan or not _open(finding, missing):
        return None
    live = _live(finding)
    if not live:
        return Link(say("Plan a control"), reverse("findings:plan", args=[finding.ref]))
    ahead = next((name for name, there in links(finding) if name in _AT_CONTROL and not there), "")
    return Link(_AT_CONTROL[ahead], live[0].get_absolute_url()) if ahead else None


def _open(finding: Finding, missing: str) -> bool:
    return bool(missing) and finding.state == FindingState.ACCEPTED


def _live(finding: Finding) -> list[Control]:
    return [c for c in finding.controls.all() if c.state != ControlState.WITHDRAWN]
