"""Who may do what about data, and why not. Each function returns None or a Refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Final

from access import handling
from access.models import AccessRequest, Agreement, Dataset, DeletionCertificate, Grant
from access.states import REQUEST_MOVES, TIERS, Operation
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holds_anywhere, recused
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.policy.common import text_given
from scoping.models import Fellowship
from scoping.queries import is_active, signed_scope
from scoping.recusals import fellowships as closed_cases

SEPARATION: Final = "separation of duties"
INGESTERS: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER, roles.ADMINISTRATOR)
DECISION_READERS: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER, roles.AUDITOR)


def _steward(program: Program | int, by: Actor) -> Refusal | None:
    if isinstance(by, System) or has_role(by, program, roles.STEWARD):
        return None
    return Refusal("wrong_role", "Only a data steward of the programme may do this.")


def reason_given(reason: str, question: str) -> Refusal | None:
    """Why a judgement without its reason is refused."""
    return text_given(reason, "reason", question)


def may_catalogue(program: Program | int, by: Actor) -> Refusal | None:
    """Why `by` may not add or change datasets."""
    return _steward(program, by)


def may_request(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not ask for data for the fellowship at all."""
    return first(
        None
        if by in (fellowship.fellow, fellowship.mentor)
        else Refusal("not_yours", "Data is requested by the fellow or the mentor of the case."),
        None
        if signed_scope(fellowship)
        else Refusal(
            "no_signed_scope",
            "The scope of work is not signed by both sides yet; data follows from it.",
            rule="scope of work",
        ),
        None
        if is_active(fellowship) and fellowship.is_under_way()
        else Refusal("not_active", "The fellowship is not under way."),
    )


def may_ask_for(fellowship: Fellowship, dataset: Dataset) -> Refusal | None:
    """Why this dataset is out of the question for the case, before anything else is asked."""
    return first(
        in_catalogue(dataset),
        _scope_covers(fellowship, dataset, ()),
        _not_asked_twice(fellowship, dataset),
    )


def request_fits(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    rule: RuleVersion,
    operations: Collection[str],
    fields: Collection[str],
    starts_on: dt.date,
    ends_on: dt.date,
) -> Refusal | None:
    """The first reason why what is asked for could never be granted."""
    return first(
        *request_problems(
            fellowship=fellowship,
            dataset=dataset,
            rule=rule,
            operations=operations,
            fields=fields,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )


def request_problems(
    *,
    fellowship: Fellowship,
    dataset: Dataset,
    rule: RuleVersion,
    operations: Collection[str],
    fields: Collection[str],
    starts_on: dt.date | None,
    ends_on: dt.date | None,
) -> list[Refusal]:
    """Every reason why what is asked for could never be granted, each at the field it concerns.

    Days that are not known yet are not judged.
    """
    days = (
        _dates_fit(fellowship, dataset, rule, starts_on, ends_on) if starts_on and ends_on else None
    )
    reasons = (
        in_catalogue(dataset),
        _scope_covers(fellowship, dataset, operations),
        _handling_allows(rule, dataset, operations),
        _fields_exist(dataset, fields),
        days,
        _not_asked_twice(fellowship, dataset),
    )
    return [reason for reason in reasons if reason]


def in_catalogue(dataset: Dataset) -> Refusal | None:
    """Why nobody may ask for the dataset: it is retired, or two people have not classified it."""
    if dataset.retired_at is not None:
        return Refusal("retired", f"{dataset} is out of the catalogue.")
    if dataset.classification_id is None:
        return Refusal(
            "not_classified",
            f"{dataset} is not classified yet: two people answer the questions about it first. "
            "Until then it is held as the most closed tier.",
            rule="data classification",
        )
    return None


def _scope_covers(
    fellowship: Fellowship, dataset: Dataset, operations: Collection[str]
) -> Refusal | None:
    scope = signed_scope(fellowship)
    if scope is None:
        return Refusal("no_signed_scope", "The scope of work is not signed yet.")
    rule = f"scope of work v{scope.number}"
    if not {dataset.ref, dataset.slug, dataset.name} & set(scope.datasets):
        reason = f"The signed scope of work does not name {dataset.name}; amend it first."
        return Refusal("outside_scope", reason, rule=rule)
    if TIERS.index(dataset.tier) > TIERS.index(scope.max_tier):
        reason = f"{dataset.name} lies above the highest tier of the signed scope of work."
        return Refusal("outside_scope", reason, rule=rule)
    outside = [str(Operation(o).label) for o in operations if o not in scope.operations]
    if outside:
        reason = f"The signed scope of work does not allow: {', '.join(outside)}."
        return Refusal("outside_scope", reason, rule=rule, field="operations")
    return None


def _handling_allows(
    rule: RuleVersion, dataset: Dataset, operations: Collection[str]
) -> Refusal | None:
    if not operations:
        return Refusal("no_operation", "Choose at least one operation.", field="operations")
    table = handling.table(rule, dataset.tier)
    never = [str(Operation(o).label) for o in operations if table[o] == handling.NO]
    if never:
        reason = f"Data of this tier is never handled so: {', '.join(never)}."
        return Refusal("handling_forbids", reason, rule=str(rule), field="operations")
    return None


def _fields_exist(dataset: Dataset, fields: Collection[str]) -> Refusal | None:
    unknown = sorted(set(fields) - set(dataset.field_names))
    if unknown:
        reason = f"{dataset.name} has no field {', '.join(unknown)}."
        return Refusal("unknown_field", reason, field="fields_wanted")
    if dataset.fields and not fields:
        return Refusal("no_fields", "Choose the fields you need.", field="fields_wanted")
    return None


def _dates_fit(
    fellowship: Fellowship, dataset: Dataset, rule: RuleVersion, start: dt.date, end: dt.date
) -> Refusal | None:
    if end < start:
        return Refusal(
            "ends_before_start", "The end must not come before the start.", field="ends_on"
        )
    if end < fellowship.program.calendar().local(now()).date():
        return Refusal("in_the_past", "The end lies in the past.", field="ends_on")
    if end > fellowship.ends_on:
        reason = f"The fellowship ends on {fellowship.ends_on:%-d %B %Y}; access ends with it."
        return Refusal("after_the_fellowship", reason, field="ends_on")
    last = handling.longest_end(rule, dataset.tier, start)
    if end > last:
        window = handling.tier_of(rule, dataset.tier).longest_grant
        reason = f"Data of this tier is granted for at most {window}: until {last:%-d %B %Y}."
        return Refusal("too_long", reason, rule=str(rule), field="ends_on")
    return None


def _not_asked_twice(fellowship: Fellowship, dataset: Dataset) -> Refusal | None:
    pending = (
        AccessRequest.objects.filter(
            fellowship=fellowship, dataset=dataset, person=fellowship.fellow
        )
        .exclude(state__in=("granted", "refused", "withdrawn"))
        .first()
    )
    if pending is None:
        return None
    return Refusal("already_asked", f"{pending.ref} asks for this dataset and is still open.")


def may_check(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not record the steward's check: another person than whoever asks."""
    return first(
        _steward(request.program_id, by),
        _nobody_of(request, by, "checks"),
        REQUEST_MOVES.refusal(request.state, "check"),
    )


def may_refer(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why the request may not go to the board."""
    board = handling.tier_of(request.handling, request.dataset.tier).board
    return first(
        _steward_or_manager(request, by),
        _nobody_of(request, by, "refers"),
        REQUEST_MOVES.refusal(request.state, "refer"),
        None
        if board
        else Refusal(
            "no_board_needed",
            "Data of this tier is approved by the programme manager, not by the board.",
            rule=str(request.handling),
        ),
    )


def may_approve(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not approve alone: the board's tiers, and whoever checked already."""
    board = handling.tier_of(request.handling, request.dataset.tier).board
    return first(
        _manager(request.program_id, by),
        _nobody_of(request, by, "approves"),
        Refusal(
            "board_decides",
            "Data of this tier is opened by the board alone.",
            rule=str(request.handling),
        )
        if board
        else None,
        REQUEST_MOVES.refusal(request.state, "approve"),
        Refusal("separation", "Whoever checked the request does not approve it.", rule=SEPARATION)
        if by == request.checked_by
        else None,
    )


def may_refuse(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not refuse: once with the board, only the board decides."""
    return first(
        _steward_or_manager(request, by),
        _nobody_of(request, by, "refuses"),
        Refusal("board_decides", "The board has it now.", rule=str(request.handling))
        if request.state == "with_board"
        else REQUEST_MOVES.refusal(request.state, "refuse"),
    )


def may_withdraw(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not take the request back."""
    return first(
        None
        if by in (request.person, request.requested_by)
        else Refusal("not_yours", "A request is withdrawn by whoever made it."),
        REQUEST_MOVES.refusal(request.state, "withdraw"),
    )


def may_accept(agreement: Agreement, by: Actor) -> Refusal | None:
    """Why `by` may not accept: only the named person can, and once."""
    return first(
        None
        if by == agreement.person
        else Refusal("not_yours", f"This agreement is accepted by {agreement.person} alone."),
        REQUEST_MOVES.refusal(agreement.request.state, "accept"),
    )


def may_revoke(grant: Grant, by: Actor) -> Refusal | None:
    """Why `by` may not revoke the grant."""
    return first(
        None
        if has_role(by, grant.program_id, roles.STEWARD, roles.ONCALL, roles.MANAGER)
        or by == grant.person
        else Refusal(
            "wrong_role",
            "A grant is revoked by the steward, the on-call or the manager, or given back.",
        ),
        None
        if grant.ends_at > now()
        else Refusal("ended", f"{grant.ref} has ended already.", clause=grant.ref),
    )


def may_confirm_deletion(fellowship: Fellowship, dataset: Dataset, by: Actor) -> Refusal | None:
    """Why `by` may not certify the deletion: the fellow does, of what was granted."""
    return first(
        None
        if by == fellowship.fellow
        else Refusal("not_yours", "Deletion is confirmed by the fellow who held the data."),
        None
        if Grant.objects.filter(fellowship=fellowship, dataset=dataset).exists()
        else Refusal("never_granted", f"{dataset} was never granted in this fellowship."),
    )


def may_verify_deletion(certificate: DeletionCertificate, by: Actor) -> Refusal | None:
    """Why `by` may not verify: a steward, and another person than who deleted."""
    return first(
        _steward(certificate.program_id, by),
        Refusal("separation", "Nobody verifies their own deletion.", rule=SEPARATION)
        if by == certificate.performed_by
        else None,
    )


def may_ingest(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not put events on the programme's trail."""
    if isinstance(by, System) or has_role(by, program, *INGESTERS):
        return None
    return Refusal("wrong_role", "Events are reported by the programme's systems and its staff.")


def may_name_identities(program: Program | int, by: Actor) -> Refusal | None:
    """Why `by` may not say whom a source's names mean."""
    return _steward(program, by)


def identity_fits(program: Program, source: str, identity: str, person: User) -> Refusal | None:
    """Why a name of a source cannot mean this person."""
    here = Fellowship.objects.filter(program=program, fellow=person).exists()
    return first(
        None if source else Refusal("source", "Name the source.", field="source"),
        None if identity else Refusal("identity", "Name the identity.", field="identity"),
        None
        if here or has_role(person, program, *roles.ROLES)
        else Refusal("not_here", "This person has no part in the programme.", field="person"),
    )


def may_ask(program_id: int, person: Any, by: Any) -> Refusal | None:
    """Why `by` may not ask what `person` may do."""
    if by == person or has_role(by, program_id, *DECISION_READERS):
        return None
    return Refusal(
        "not_allowed",
        "You may ask about yourself. Others are asked about by the programme's staff.",
    )


def may_ask_despite(program_id: int, person: Any, by: Any) -> Refusal | None:
    """Why who declared a conflict about a case of `person` in the programme may not ask."""
    closed = Fellowship.objects.filter(
        pk__in=closed_cases(by.pk), program_id=program_id, fellow_id=person.pk
    )
    if not closed.exists():
        return None
    return Refusal("separation_conflict", "You declared a conflict of interest here.")


def may_ask_about_others(by: Any) -> bool:
    """Whether the person may ask about others in any programme."""
    return holds_anywhere(by, *DECISION_READERS)


def _manager(program_id: int, by: Actor) -> Refusal | None:
    if has_role(by, program_id, roles.MANAGER):
        return None
    return Refusal("wrong_role", "Only a programme manager may do this.")


def _steward_or_manager(request: AccessRequest, by: Actor) -> Refusal | None:
    if has_role(by, request.program_id, roles.STEWARD, roles.MANAGER):
        return None
    return Refusal("wrong_role", "Only the data steward or a programme manager may do this.")


def _nobody_of(request: AccessRequest, by: Actor, does: str) -> Refusal | None:
    """Neither whoever asks, nor the mentor of the case, nor a person in conflict judges it."""
    if by in (request.person, request.requested_by, request.fellowship.mentor):
        return Refusal("separation", f"Nobody {does} a request of their own case.", rule=SEPARATION)
    if recused(by, request) or recused(by, request.fellowship):
        return Refusal("separation_conflict", "You declared a conflict of interest here.")
    return None
