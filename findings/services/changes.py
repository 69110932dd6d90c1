"""Change requests: asked of the receiving team, followed in its tracker, never acted on by itself.

Each goes out as a signed message to the systems that take it; the tracker says by the API how it
goes. What it says is kept, whatever it changes. “Done” asks a person to record the deployment.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from fellowship.accounts.models import Actor, User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.links import absolute
from fellowship.notices.models import Endpoint
from fellowship.notices.services import notify, queue, supersede
from findings import policy
from findings.change_states import (
    CHANGE_MOVES,
    CHANGE_VERBS,
    ChangeState,
    Reception,
)
from findings.models import ChangeReport, ChangeRequest, Control, Finding
from findings.services.common import lock

KIND: Final = "findings.change_request"
TOLD: Final = (ChangeState.DONE, ChangeState.REJECTED)


@journal.verb("findings.request_change")
def request_change(
    *,
    finding: Finding,
    title: str,
    by: User,
    control: Control | None = None,
    description: str = "",
    tracker_url: str = "",
    tracker_key: str = "",
) -> ChangeRequest:
    """Ask the receiving team for a change, for the finding or for one of its controls.

    One stands at a time for each: asked twice, the one that stands is returned.
    """
    finding = lock(finding)
    standing = ChangeRequest.objects.standing().filter(finding=finding, control=control)
    there: ChangeRequest | None = standing.first()
    if there is not None:
        return unchanged(there, policy.may_convert(finding, by))
    refuse(policy.may_convert(finding, by))
    refuse(policy.about_the_finding(finding, control))
    change = ChangeRequest.objects.create(
        finding=finding,
        control=control,
        program_id=finding.program_id,
        ref=next_reference("CR"),
        title=title,
        description=description,
        tracker_url=tracker_url,
        tracker_key=tracker_key,
        requested_by=by,
        requested_at=now(),
    )
    journal.record(
        subject=change,
        change={"finding": finding.ref, "control": control.ref if control else ""},
    )
    _send(change, "requested")
    return change


@journal.verb("findings.report_change")
def report_change(
    *,
    change_request: ChangeRequest,
    state: str,
    by: User,
    at: dt.datetime | None = None,
    report_id: str = "",
    note: str = "",
) -> ChangeReport:
    """Take what a tracker says. A report known by its id does its work once.

    The latest by the tracker's own time counts: an older one, or one after the withdrawal, is kept
    and changes nothing. Without a time it is so now; without an id it is a report of its own.
    """
    change = _lock(change_request)
    at, report_id = at or now(), report_id or str(uuid.uuid4())
    refuse(policy.may_report_change(change, by))
    refuse(policy.reports(state, at))
    if there := change.reports.filter(report_id=report_id).first():
        refuse(policy.repeats(there, state, at, note))
        return there
    before = change.state
    reception = _reception(change, state, at)
    if reception in (Reception.APPLIED, Reception.SAME):
        if reception == Reception.APPLIED:
            change.state = CHANGE_MOVES.target(before, CHANGE_VERBS[ChangeState(state)])
        change.stated_at = at
        change.save()
    report = ChangeReport.objects.create(
        change_request=change,
        report_id=report_id,
        state=state,
        note=note,
        at=at,
        received_at=now(),
        received_by=by,
        reception=reception,
    )
    journal.record(
        subject=change,
        change={
            "state": journal.moved(before, change.state),
            "reported": state,
            "at": at,
            "report": report_id,
            "reception": reception,
        },
    )
    if reception == Reception.APPLIED and state in TOLD:
        _prompt(change, note, by)
    return report


def _reception(change: ChangeRequest, state: str, at: dt.datetime) -> Reception:
    if change.state == ChangeState.WITHDRAWN:
        return Reception.WITHDRAWN
    if change.stated_at is not None and at < change.stated_at:
        return Reception.LATE
    return Reception.SAME if change.state == state else Reception.APPLIED


@journal.verb("findings.withdraw_change")
def withdraw_change(*, change_request: ChangeRequest, by: Actor, reason: str) -> ChangeRequest:
    """Ask for the change no longer, with the reason. One withdrawn stays so."""
    change = _lock(change_request)
    if change.state == ChangeState.WITHDRAWN:
        return unchanged(change, policy.may_withdraw_change(change, by))
    refuse(policy.may_withdraw_change(change, by))
    refuse(policy.says_why(reason))
    before = change.state
    change.state = CHANGE_MOVES.target(change.state, "withdraw")
    change.withdrawn_at = now()
    change.withdrawn_by = by if isinstance(by, User) else change.requested_by
    change.save()
    journal.record(subject=change, change={"state": journal.moved(before, change.state)})
    _send(change, "withdrawn", reason)
    return change


@journal.verb("findings.link_tracker")
def link_tracker(
    *, change_request: ChangeRequest, tracker_url: str, tracker_key: str = "", by: Actor
) -> ChangeRequest:
    """Say where the receiving team follows it. The same again changes nothing."""
    change = _lock(change_request)
    refuse(policy.may_link(change, by))
    if (change.tracker_url, change.tracker_key) == (tracker_url, tracker_key):
        return change
    change.tracker_url, change.tracker_key = tracker_url, tracker_key
    change.save()
    journal.record(subject=change, change={"url": tracker_url, "key": tracker_key})
    return change


def message(change: ChangeRequest, event: str, reason: str = "") -> dict[str, Any]:
    """What the message to trackers says: no claim and no evidence, which stay behind the link."""
    finding = change.finding
    return {
        "event": event,
        "reason": reason,
        "change_request": {
            "ref": change.ref,
            "title": change.title,
            "description": change.description,
            "state": change.state,
            "url": absolute(change.get_absolute_url()),
            "report_to": absolute(f"/api/v1/change-requests/{change.ref}/report/"),
            "tracker_url": change.tracker_url,
            "tracker_key": change.tracker_key,
        },
        "finding": {
            "ref": finding.ref,
            "severity": finding.severity,
            "due_at": finding.due_at.isoformat() if finding.due_at else None,
            "url": absolute(finding.get_absolute_url()),
        },
        "control": change.control.ref if change.control else None,
    }


def _send(change: ChangeRequest, event: str, reason: str = "") -> None:
    """Queue it for every system of the programme that takes such messages, in place of what waits.

    One that is off keeps its messages until it is on again.
    """
    supersede(kind=KIND, subject=change)
    data = message(change, event, reason)
    for endpoint in Endpoint.objects.filter(realm_id=change.program_id).order_by("pk"):
        if KIND in endpoint.kinds:
            queue(endpoint=endpoint, kind=KIND, data=data, subject=change)


def _prompt(change: ChangeRequest, note: str, by: User) -> None:
    finding, control = change.finding, change.control
    owners = {finding.product_owner, control.owner if control else None} - {None}
    if change.state == ChangeState.DONE:
        what = control.ref if control else say("the control")
        title = say(
            "{ref} is done: record {what} as deployed once it is live", ref=change.ref, what=what
        )
    else:
        title = say("{ref} was rejected by the receiving team", ref=change.ref)
    notify(
        kind="findings.change",
        to=[person for person in owners if person],
        subject_obj=change,
        realm=change.program.realm,
        title=title,
        body=note,
        url=change.get_absolute_url(),
    )


def _lock(change: ChangeRequest) -> ChangeRequest:
    rows = ChangeRequest.objects.locked().select_related(
        "program__realm",
        "requested_by",
        "control__owner",
        "finding__fellowship__fellow",
        "finding__product_owner",
    )
    found: ChangeRequest = rows.get(pk=change.pk)
    return found
