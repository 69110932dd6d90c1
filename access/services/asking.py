"""Asking for data: anew, after it was sent back, as a renewal, or beyond what a rule allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from access import fitting, policy, usage
from access.fitting import Asked
from access.models import AccessRequest, Dataset, Grant
from access.services import waiting
from access.states import EXPOSURE, REQUEST_MOVES, Operation
from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing, Refusal, first, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.notices.services import notify
from governance.models import ExceptionRecord
from governance.rules import pinned
from governance.services import request_exception
from governance.states import ExceptionKind, RuleKind
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Excepting:
    """What the board is asked to except: who answers, until when, and what makes up for it."""

    owner: User
    rationale: str
    risk: str
    compensating_measure: str
    measure_test: str
    expires_at: dt.datetime


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
    row_filters: Sequence[str] = (),
    lesser: Mapping[str, str] | None = None,
    person: User | None = None,
    excepting: Excepting | None = None,
    reason: str = "",
) -> AccessRequest:
    """Ask for data for the fellow of a case, or for one of its collaborators (`person`).

    `lesser` says for each lesser variant, by its reference, why it does not serve. With `excepting`
    the board is asked to except what the rules refuse; nothing is decided before it did. Raises
    Missing for a dataset of another programme, Refused with its field for what could never be
    granted.
    """
    fellowship = Fellowship.objects.locked().get(pk=fellowship.pk)
    refuse(policy.may_request(fellowship, by))
    asked = Asked(
        fellowship=fellowship,
        dataset=dataset,
        person=person or fellowship.fellow,
        rule=pinned(fellowship, RuleKind.DATA_HANDLING),
        operations=operations,
        fields=fields,
        row_filters=row_filters,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    words = {"purpose": purpose, "why_less_would_not_do": why_less_would_not_do}
    return _made(asked, by, lesser or {}, words, excepting)


@journal.verb("access.renew")
def renew_grant(
    *,
    grant: Grant,
    operations: Sequence[str],
    purpose: str,
    why_less_would_not_do: str,
    ends_on: dt.date,
    by: User,
    fields: Sequence[str] = (),
    row_filters: Sequence[str] = (),
    lesser: Mapping[str, str] | None = None,
    why_unused_is_kept: str = "",
    excepting: Excepting | None = None,
    reason: str = "",
) -> AccessRequest:
    """Ask for what follows on a grant, from the day after its last: a new decision, on the use.

    What was granted and never used is left out, or `why_unused_is_kept` says why not. A grant whose
    renewal is asked for already gives that request again.
    """
    fellowship = Fellowship.objects.locked().get(pk=grant.fellowship_id)
    grant = Grant.objects.locked().select_related("dataset", "person", "request").get(pk=grant.pk)
    grant.fellowship = fellowship
    if there := policy.renewal_of(grant):
        return unchanged(there, policy.may_renew(grant, by))
    refuse(policy.may_renew(grant, by))
    unused = usage.unused(grant, operations, fields)
    if unused and not why_unused_is_kept.strip():
        said = say(
            "Never used so far: {unused}. Leave it out, or say why it is kept.",
            unused=joined(", ", unused),
        )
        refuse(Refusal("unused_kept", said, field="why_unused_is_kept"))
    asked = Asked(
        fellowship=fellowship,
        dataset=grant.dataset,
        person=grant.person,
        rule=pinned(fellowship, RuleKind.DATA_HANDLING),
        operations=operations,
        fields=fields,
        row_filters=row_filters,
        starts_on=fitting.first_day_after(grant),
        ends_on=ends_on,
        renews=grant,
    )
    words = {
        "purpose": purpose,
        "why_less_would_not_do": why_less_would_not_do,
        "why_unused_is_kept": why_unused_is_kept.strip() if unused else "",
        "earlier": grant.request.earlier + 1 if grant.request.renews_id else 0,
    }
    return _made(asked, by, lesser or {}, words, excepting)


@journal.verb("access.revise")
def revise_request(
    *,
    request: AccessRequest,
    operations: Sequence[str],
    purpose: str,
    why_less_would_not_do: str,
    starts_on: dt.date,
    ends_on: dt.date,
    by: User,
    fields: Sequence[str] = (),
    row_filters: Sequence[str] = (),
    lesser: Mapping[str, str] | None = None,
    reason: str = "",
) -> AccessRequest:
    """Change a request that was sent back, and send it to the steward again.

    What it said before stays in its history. One for which an exception is asked can be narrowed
    alone: the board decides on what it saw.
    """
    fellowship = Fellowship.objects.locked().get(pk=request.fellowship_id)
    request = (
        AccessRequest.objects.locked()
        .select_related("dataset__steward", "person", "renews", "handling")
        .get(pk=request.pk)
    )
    request.fellowship = fellowship
    refuse(policy.may_revise(request, by))
    asked = Asked(
        fellowship=fellowship,
        dataset=request.dataset,
        person=request.person,
        rule=request.handling,
        operations=operations,
        fields=fields,
        row_filters=row_filters,
        starts_on=starts_on,
        ends_on=ends_on,
        renews=request.renews,
        instead_of=request,
    )
    if request.excepted:
        refuse(_no_wider(request, asked))
    excepted = _judged(asked, excepting=bool(request.excepted))
    values = _values(asked, lesser or {}) | {
        "purpose": purpose,
        "why_less_would_not_do": why_less_would_not_do,
        "excepted": excepted,
    }
    changed = {name: value for name, value in values.items() if getattr(request, name) != value}
    change = {name: journal.moved(getattr(request, name), value) for name, value in changed.items()}
    for name, value in changed.items():
        setattr(request, name, value)
    request.state = REQUEST_MOVES.target(request.state, "revise")
    request.checked_at = request.checked_by = None
    request.steward_check, request.checklist = "", []
    request.save()
    waiting.start(request, by)
    _tell_steward(request, say("{ref} was changed and is with you again", ref=request.ref))
    journal.record(subject=request, change={"state": request.state, **change})
    return request


def _made(
    asked: Asked,
    by: User,
    lesser: Mapping[str, str],
    words: Mapping[str, Any],
    excepting: Excepting | None,
) -> AccessRequest:
    """The request of a verb that asks, with the exception it needs; the verb records it last."""
    if asked.dataset.program_id != asked.fellowship.program_id:
        raise Missing
    excepted = _judged(asked, excepting=excepting is not None)
    request = AccessRequest.objects.create(
        ref=next_reference("REQ"),
        fellowship=asked.fellowship,
        dataset=asked.dataset,
        person=asked.person,
        requested_by=by,
        handling=asked.rule,
        renews=asked.renews,
        excepted=excepted,
        **_values(asked, lesser),
        **words,
    )
    waiting.start(request, by)
    title = say("{dataset} is asked for in {ref}", dataset=asked.dataset, ref=asked.fellowship.ref)
    _tell_steward(request, say("{title} again", title=title) if asked.renews else title)
    if excepting is not None:
        _ask_for_exception(request, excepting, by)
    journal.record(
        subject=request,
        change={
            "dataset": asked.dataset.ref,
            "person": asked.person.pk,
            "operations": joined(", ", request.operations),
            "fields": joined(", ", request.fields) or "all",
            "row_filters": joined(", ", request.row_filters) or "all",
            "from": request.starts_on,
            "until": request.ends_on,
            "rule": str(asked.rule),
            **({"renews": asked.renews.ref} if asked.renews else {}),
            **({"excepted": joined(", ", excepted)} if excepted else {}),
        },
    )
    return request


def _judged(asked: Asked, *, excepting: bool) -> list[str]:
    """Refuse what could never be granted; the codes of what only an exception would open."""
    unknown = [o for o in asked.operations if o not in Operation.values]
    if unknown:
        refuse(Refusal("unknown_operation", say("Choose from the list."), field="operations"))
    found = fitting.problems(asked)
    refuse(first(*(p for p in found if not (excepting and p.code in fitting.EXCEPTABLE))))
    if excepting and not found:
        said = say("The rules allow what you ask for: no exception is needed.")
        refuse(Refusal("no_exception_needed", said))
    return sorted({problem.code for problem in found})


def _no_wider(request: AccessRequest, asked: Asked) -> Refusal | None:
    """The exception asked for covers what the board sees: that can be narrowed, not widened."""
    wider = (
        set(asked.operations) - set(request.operations)
        or policy.wider(request.fields, asked.fields)
        or policy.wider(request.row_filters, asked.row_filters)
        or (asked.ends_on and asked.ends_on > request.ends_on)
    )
    if not wider:
        return None
    said = say("An exception is asked for this request: it can be narrowed, not widened. Ask anew.")
    return Refusal("wider_than_excepted", said)


def _values(asked: Asked, lesser: Mapping[str, str]) -> dict[str, Any]:
    dataset = asked.dataset
    return {
        "operations": [o for o in Operation.values if o in asked.operations],
        "fields": [name for name in dataset.field_names if name in asked.fields],
        "row_filters": [key for key in dataset.row_filter_keys if key in asked.row_filters],
        "starts_on": asked.starts_on,
        "ends_on": asked.ends_on,
        "lesser": _lesser(dataset, lesser),
    }


def _ask_for_exception(request: AccessRequest, asked: Excepting, by: User) -> ExceptionRecord:
    return request_exception(
        program=request.fellowship.program,
        kind=ExceptionKind.TEMPORARY_ACCESS,
        subject=request,
        title=say(
            "{dataset} for {person}, beyond the rules",
            dataset=request.dataset,
            person=request.person,
        ),
        owner=asked.owner,
        rationale=asked.rationale,
        risk=asked.risk,
        compensating_measure=asked.compensating_measure,
        measure_test=asked.measure_test,
        expires_at=asked.expires_at,
        by=by,
    )


def _tell_steward(request: AccessRequest, title: str) -> None:
    notify(
        kind="access.requested",
        to=[request.dataset.steward],
        subject_obj=request,
        title=title,
        body=say("Check whether less would serve."),
        url=request.get_absolute_url(),
    )


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
                    say("Say why {name} does not serve.", name=variant.name),
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
