"""What a decision makes: agreement and grant; accepting the one, revoking the other."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from access import agreement as wording
from access import fitting, handling, policy
from access.models import AccessRequest, Agreement, Grant
from access.services import waiting
from access.states import REQUEST_MOVES
from fellowship.accounts.models import Actor, User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.models import Decision
from scoping.queries import signed_scope
from scoping.services import enter_stage
from scoping.states import FellowshipState


def make(*, request: AccessRequest, by: Actor) -> Grant:
    """Agreement and grant of a request just decided; inside the deciding verb, which it records."""
    scope = signed_scope(request.fellowship)
    if scope is None:
        refuse(Refusal("no_signed_scope", say("The scope of work is not signed any more.")))
    assert scope is not None  # noqa: S101 - refused above
    refuse(fitting.person_is_of_the_case(request.fellowship, request.person))
    request.state = REQUEST_MOVES.target(request.state, "approve")
    request.save()
    waiting.stop(request, by)
    text = wording.text(request, scope)
    agreement = Agreement.objects.create(
        ref=next_reference("AGR"),
        request=request,
        person=request.person,
        text=text,
        text_hash=wording.text_hash(text),
    )
    zone = ZoneInfo(request.fellowship.program.zone)
    grant = Grant.objects.create(
        ref=next_reference("GRA"),
        request=request,
        agreement=agreement,
        fellowship=request.fellowship,
        person=request.person,
        dataset=request.dataset,
        operations=request.operations,
        fields=request.fields,
        row_filters=request.row_filters,
        purpose=request.purpose,
        excepted=request.excepted,
        longest_at=_midnight(_longest(request) + dt.timedelta(days=1), zone)
        if fitting.LONGEST in request.excepted
        else None,
        handling=request.handling,
        starts_at=_midnight(request.starts_on, zone),
        ends_at=_midnight(request.ends_on + dt.timedelta(days=1), zone),
        decision=request.decision,
        approved_by=request.decided_by,
    )
    tell_decided(request)
    journal.record(
        subject=grant,
        realm_id=request.program_id,
        change={
            "request": request.ref,
            "dataset": request.dataset.ref,
            "operations": joined(", ", grant.operations),
            "fields": joined(", ", grant.fields) or "all",
            "from": grant.starts_at,
            "until": grant.ends_at,
            "agreement": agreement.text_hash,
        },
    )
    return grant


def _longest(request: AccessRequest) -> dt.date:
    return handling.longest_end(request.handling, request.dataset.tier, request.starts_on)


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)


def tell_decided(request: AccessRequest) -> None:
    """Tell the fellow and whoever asked how it was decided."""
    notify(
        kind="access.decided",
        to={request.person, request.requested_by},
        subject_obj=request,
        title=say(
            "{ref}, {subject}: {state}",
            ref=request.ref,
            subject=request.dataset,
            state=request.get_state_display().lower(),
        ),
        body=request.decided_because,
        url=request.get_absolute_url(),
    )


@journal.verb("access.grant_by_board")
def grant_by_board(*, request: AccessRequest, decision: Decision, by: Actor) -> Grant:
    """The grant exists because the board voted: part of recording the decision."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    request.decided_at, request.decision = now(), decision
    request.decided_because = decision.letter
    return make(request=request, by=by)


@journal.verb("access.refuse_by_board")
def refuse_by_board(*, request: AccessRequest, decision: Decision, by: Actor) -> AccessRequest:
    """The board denied it."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    request.state = REQUEST_MOVES.target(request.state, "refuse")
    request.decided_at, request.decision = now(), decision
    request.decided_because = decision.letter
    request.save()
    waiting.stop(request, by)
    tell_decided(request)
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.return_from_board")
def return_from_board(*, request: AccessRequest, by: Actor, reason: str = "") -> AccessRequest:
    """The board deferred it, or the matter was taken back: it rests with us, checked."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state != "with_board":
        return request
    request.state = REQUEST_MOVES.target(request.state, "return")
    request.save()
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.reconsider")
def reconsider(*, request: AccessRequest, by: Actor, reason: str = "") -> AccessRequest:
    """A request the board refused is with it again, after an independent review."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "with_board":
        return request
    request.state = REQUEST_MOVES.target(request.state, "reconsider")
    request.decided_at = request.decision = None
    request.decided_because = ""
    request.save()
    waiting.start(request, by)
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.accept_agreement")
def accept_agreement(
    *, agreement: Agreement, by: User, text_hash: str, reason: str = ""
) -> Agreement:
    """The named person accepts exactly the text whose hash they send; then access can open.

    The first acceptance of a case moves it to research. One already accepted stays as it is.
    """
    agreement = Agreement.objects.locked().get(pk=agreement.pk)
    request = AccessRequest.objects.locked().get(pk=agreement.request_id)
    if agreement.accepted_by == by:
        return agreement
    refuse(policy.may_accept(agreement, by))
    if text_hash != agreement.text_hash:
        refuse(Refusal("other_text", say("This is not the text as it stands. Read it again.")))
    agreement.accepted_at, agreement.accepted_by = now(), by
    agreement.save()
    request.state = REQUEST_MOVES.target(request.state, "accept")
    request.save()
    notify(
        kind="access.accepted",
        to=[request.dataset.steward],
        subject_obj=request,
        title=say("{ref} for {dataset} is accepted", ref=agreement.ref, dataset=request.dataset),
        url=request.get_absolute_url(),
    )
    journal.record(
        subject=agreement,
        realm_id=request.program_id,
        change={"request": request.ref, "text_hash": text_hash},
    )
    enter_stage(
        fellowship=request.fellowship,
        stage=FellowshipState.RESEARCH,
        by=journal.System("first grant"),
        reason=say("{ref} is accepted: data may be used.", ref=agreement.ref),
    )
    return agreement


@journal.verb("access.revoke")
def revoke_grant(*, grant: Grant, by: User, reason: str) -> Grant:
    """End a grant now; what it allowed is denied from this instant. One revoked stays as it is."""
    grant = Grant.objects.locked().get(pk=grant.pk)
    if grant.revoked_at is not None:
        return unchanged(grant, policy.may_revoke(grant, by))
    refuse(policy.may_revoke(grant, by))
    refuse(policy.reason_given(reason, say("Say why access ends now.")))
    return end(grant=grant, by=by, reason=reason)


@journal.verb("access.end_with_person")
def end_with_its_person(*, grant: Grant, by: User, reason: str) -> Grant:
    """End a grant because its person is of the case no more. One revoked stays as it is."""
    grant = Grant.objects.locked().get(pk=grant.pk)
    if grant.revoked_at is not None:
        return grant
    return end(grant=grant, by=by, reason=reason)


def end(*, grant: Grant, by: User, reason: str) -> Grant:
    """End a locked grant at this instant; inside the verb that may, which it records."""
    grant.revoked_at, grant.revoked_by, grant.revoked_because = now(), by, reason
    grant.save()
    notify(
        kind="access.revoked",
        to={grant.person, grant.dataset.steward},
        subject_obj=grant,
        title=say("{ref}, {dataset}: access is revoked", ref=grant.ref, dataset=grant.dataset),
        body=reason,
        url=grant.get_absolute_url(),
        urgent=True,
    )
    journal.record(subject=grant, change={"revoked_at": grant.revoked_at})
    return grant
