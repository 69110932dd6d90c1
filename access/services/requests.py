"""From asking to a decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from access import policy
from access.models import AccessRequest, Dataset, Grant
from access.services import grants
from access.states import EXPOSURE, REQUEST_MOVES, Operation
from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing, Refusal, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.rules import pinned
from governance.services import refer
from governance.states import RuleKind
from scoping.models import Fellowship


@journal.verb("access.request")
def request_access(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    operations: Sequence[str],
    purpose: str,
    why_less_would_not_do: str,
    starts_on: dt.date,
    ends_on: dt.date,
    by: User,
    fields: Sequence[str] = (),
    lesser: Mapping[str, str] | None = None,
    reason: str = "",
) -> AccessRequest:
    """Ask for data on behalf of the case's fellow.

    `lesser` says for each lesser variant, by its reference, why it does not serve. Raises Missing
    for a dataset of another programme, Refused with its field for what could never be granted.
    """
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(policy.may_request(fellowship, by))
    if dataset.program_id != fellowship.program_id:
        raise Missing
    unknown = [o for o in operations if o not in Operation.values]
    if unknown:
        refuse(Refusal("unknown_operation", "Choose from the list.", field="operations"))
    rule = pinned(fellowship, RuleKind.DATA_HANDLING)
    refuse(
        policy.request_fits(
            fellowship=fellowship,
            dataset=dataset,
            rule=rule,
            operations=operations,
            fields=fields,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )
    request = AccessRequest.objects.create(
        ref=next_reference("REQ"),
        fellowship=fellowship,
        dataset=dataset,
        person=fellowship.fellow,
        requested_by=by,
        operations=[o for o in Operation.values if o in operations],
        fields=[name for name in dataset.field_names if name in fields],
        purpose=purpose,
        why_less_would_not_do=why_less_would_not_do,
        lesser=_lesser(dataset, lesser or {}),
        starts_on=starts_on,
        ends_on=ends_on,
        handling=rule,
    )
    notify(
        kind="access.requested",
        to=[dataset.steward],
        subject_obj=request,
        title=f"{dataset} is asked for in {fellowship.ref}",
        body="Check whether less would serve.",
        url=request.get_absolute_url(),
    )
    journal.record(
        subject=request,
        change={
            "dataset": dataset.ref,
            "operations": ", ".join(request.operations),
            "fields": ", ".join(request.fields) or "all",
            "from": starts_on,
            "until": ends_on,
            "rule": str(rule),
        },
    )
    return request


def lesser_variants(dataset: Dataset) -> list[Dataset]:
    """Variants of the same data that show less than this one, the least first."""
    family = Dataset.objects.family_of(dataset).exclude(pk=dataset.pk).least_first()
    return [d for d in family if EXPOSURE[d.variant] < EXPOSURE[dataset.variant]]


def _lesser(dataset: Dataset, said: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = []
    for variant in lesser_variants(dataset):
        why = said.get(variant.ref, "").strip()
        if not why:
            refuse(
                Refusal(
                    "less_not_considered",
                    f"Say why {variant.name} does not serve.",
                    field=f"lesser_{variant.pk}",
                )
            )
        rows.append(
            {
                "ref": variant.ref,
                "name": variant.name,
                "variant": variant.get_variant_display(),
                "why": why,
            }
        )
    return rows


@journal.verb("access.check")
def check_request(*, request: AccessRequest, by: User, reason: str) -> AccessRequest:
    """The steward's check that nothing less serves. One already checked stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "checked" and request.checked_by == by:
        return request
    refuse(policy.may_check(request, by))
    refuse(policy.reason_given(reason, "Say what you found: would less serve?"))
    request.state = REQUEST_MOVES.target(request.state, "check")
    request.checked_at, request.checked_by, request.steward_check = now(), by, reason
    request.save()
    notify(
        kind="access.checked",
        to=holders(request.program_id, roles.MANAGER),
        subject_obj=request,
        title=f"{request.ref}: the steward's check is done",
        url=request.get_absolute_url(),
    )
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.refer")
def refer_request(*, request: AccessRequest, by: User, reason: str = "") -> AccessRequest:
    """Refer a checked request to the board. One already with the board stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "with_board":
        return request
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
    refuse(policy.reason_given(reason, "Say why this is the least that serves."))
    request.decided_at, request.decided_by, request.decided_because = now(), by, reason
    return grants.make(request=request)


@journal.verb("access.refuse")
def refuse_request(*, request: AccessRequest, by: User, reason: str) -> AccessRequest:
    """Refuse, with the reason the fellow reads. One already refused stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "refused":
        return request
    refuse(policy.may_refuse(request, by))
    refuse(policy.reason_given(reason, "Say what would have to be different."))
    request.state = REQUEST_MOVES.target(request.state, "refuse")
    request.decided_at, request.decided_by, request.decided_because = now(), by, reason
    request.save()
    grants.tell_decided(request)
    journal.record(subject=request, change={"state": request.state})
    return request


@journal.verb("access.withdraw")
def withdraw_request(*, request: AccessRequest, by: User, reason: str = "") -> AccessRequest:
    """Take a request back before access opens. One already withdrawn stays as it is."""
    request = AccessRequest.objects.locked().get(pk=request.pk)
    if request.state == "withdrawn":
        return request
    refuse(policy.may_withdraw(request, by))
    request.state = REQUEST_MOVES.target(request.state, "withdraw")
    request.save()
    journal.record(subject=request, change={"state": request.state})
    return request
