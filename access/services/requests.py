"""From the steward's check to a decision, sent back or taken back on the way."""

from __future__ import annotations

from collections.abc import Mapping

from access import checks, policy
from access.checks import Answer
from access.models import AccessRequest, Grant
from access.services import grants, waiting
from access.states import REQUEST_MOVES
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.models import Matter
from governance.services import refer, withdraw_matter
from governance.states import LIVE_MATTER

LEFT = journal.System("access.collaborators")


@journal.verb("access.check")
def check_request(
    *, request: AccessRequest, answers: Mapping[str, Answer], by: User, reason: str
) -> AccessRequest:
    """The steward's check that nothing less serves: every question answered, and every one by yes.

    One already checked by the same person stays as it is.
    """
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "checked" and request.checked_by == by:
        return request
    refuse(policy.may_check(request, by))
    refuse(checks.complete(request.dataset, answers))
    refuse(policy.reason_given(reason, say("Say what you found: would less serve?")))
    request.state = REQUEST_MOVES.target(request.state, "check")
    request.checked_at, request.checked_by, request.steward_check = now(), by, reason
    request.checklist = checks.kept(request.dataset, answers)
    request.save()
    waiting.check_done(request, by)
    notify(
        kind="access.checked",
        to=holders(request.program_id, roles.MANAGER),
        subject_obj=request,
        title=say("{ref}: the steward's check is done", ref=request.ref),
        url=request.get_absolute_url(),
    )
    journal.record(
        subject=request,
        change={"state": request.state, "answers": [row["key"] for row in request.checklist]},
    )
    return request


@journal.verb("access.send_back")
def send_back_request(
    *,
    request: AccessRequest,
    by: User,
    reason: str,
    answers: Mapping[str, Answer] | None = None,
) -> AccessRequest:
    """Send a request back with a word on what is to change; nothing of it is lost.

    `answers` of the check made so far go with it. One already sent back stays as it is.
    """
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "changes":
        return unchanged(request, policy.may_send_back(request, by))
    answers = answers or {}
    refuse(policy.may_send_back(request, by))
    refuse(checks.explained(request.dataset, answers))
    refuse(policy.reason_given(reason, say("Say what is to be changed.")))
    request.state = REQUEST_MOVES.target(request.state, "send_back")
    request.sent_back_at, request.sent_back_by, request.sent_back_because = now(), by, reason
    request.checked_at = request.checked_by = None
    request.steward_check, request.checklist = "", checks.kept(request.dataset, answers)
    request.save()
    waiting.stop(request, by)
    notify(
        kind="access.sent_back",
        to={request.person, request.requested_by},
        subject_obj=request,
        title=say(
            "{ref}, {dataset}: change it and send it again",
            ref=request.ref,
            dataset=request.dataset,
        ),
        body=reason,
        url=request.get_absolute_url(),
    )
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.refer")
def refer_request(*, request: AccessRequest, by: User, reason: str = "") -> AccessRequest:
    """Refer a checked request to the board. One already with the board stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "with_board":
        return unchanged(request, policy.may_refer(request, by))
    refuse(policy.may_refer(request, by))
    request.state = REQUEST_MOVES.target(request.state, "refer")
    request.save()
    journal.record(subject=request, change={"state": request.state})
    refer(
        kind="access.request",
        subject=request,
        program=request.fellowship.program,
        by=by,
        reason=reason,
    )
    return request


@journal.verb("access.approve")
def approve_request(*, request: AccessRequest, by: User, reason: str) -> Grant:
    """The manager's approval below the board's tiers; makes agreement and grant with it.

    A request already approved by the same person gives the same grant again.
    """
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.decided_by == by and request.grants.exists():
        return request.grant
    refuse(policy.may_approve(request, by))
    refuse(policy.reason_given(reason, say("Say why this is the least that serves.")))
    request.decided_at, request.decided_by, request.decided_because = now(), by, reason
    return grants.make(request=request, by=by)


@journal.verb("access.refuse")
def refuse_request(*, request: AccessRequest, by: User, reason: str) -> AccessRequest:
    """Refuse, with the reason the fellow reads. One already refused stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "refused":
        return unchanged(request, policy.may_refuse(request, by))
    refuse(policy.may_refuse(request, by))
    refuse(policy.reason_given(reason, say("Say what would have to be different.")))
    request.state = REQUEST_MOVES.target(request.state, "refuse")
    request.decided_at, request.decided_by, request.decided_because = now(), by, reason
    request.save()
    waiting.stop(request, by)
    grants.tell_decided(request)
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.withdraw")
def withdraw_request(*, request: AccessRequest, by: User, reason: str = "") -> AccessRequest:
    """Take a request back before access opens. One already withdrawn stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "withdrawn":
        return unchanged(request, policy.may_withdraw(request, by))
    refuse(policy.may_withdraw(request, by))
    request.state = REQUEST_MOVES.target(request.state, "withdraw")
    request.save()
    waiting.stop(request, by)
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.take_back")
def take_back(*, request: AccessRequest, by: User, reason: str) -> AccessRequest:
    """Take a request back whose person is of the case no more, from the board too.

    The matter first, as a decision locks it. One that waits no longer stays as it is.
    """
    open_matter = Matter.objects.filter(
        kind="access.request", subject_id=request.pk, state__in=LIVE_MATTER
    ).first()
    if open_matter is not None:
        withdraw_matter(matter=open_matter, by=LEFT, reason=reason)
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if REQUEST_MOVES.refusal(request.state, "withdraw"):
        return request
    request.state = REQUEST_MOVES.target(request.state, "withdraw")
    request.save()
    waiting.stop(request, by)
    journal.record(subject=request, change={"state": request.state})
    return request
