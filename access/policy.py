"""Who may do what about data, and why not. Each function returns None or a Refusal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import QuerySet

from access import fitting, handling
from access.models import AccessRequest, Agreement, Dataset, DeletionCertificate, Grant
from access.models.events import BATCH_MAX
from access.states import REQUEST_MOVES, RequestState
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role, holds_anywhere, recused
from fellowship.kernel.journal import System
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.exceptions import covered
from governance.policy.common import text_given
from governance.states import ExceptionKind
from scoping.models import Fellowship
from scoping.queries import is_active, signed_scope
from scoping.recusals import fellowships as closed_cases

SEPARATION: Final = say("separation of duties")
INGESTERS: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER, roles.ADMINISTRATOR)
DECISION_READERS: Final = (roles.STEWARD, roles.ONCALL, roles.MANAGER, roles.AUDITOR)


def _steward(program: Program | int, by: Actor) -> Refusal | None:
    if isinstance(by, System) or has_role(by, program, roles.STEWARD):
        return None
    return Refusal("wrong_role", say("Only a data steward of the programme may do this."))


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
        else Refusal(
            "not_yours", say("Data is requested by the fellow or the mentor of the case.")
        ),
        None
        if signed_scope(fellowship)
        else Refusal(
            "no_signed_scope",
            say("The scope of work is not signed by both sides yet; data follows from it."),
            rule=say("scope of work"),
        ),
        None
        if is_active(fellowship) and fellowship.is_under_way()
        else Refusal("not_active", say("The fellowship is not under way.")),
    )


def may_ask_for(fellowship: Fellowship, dataset: Dataset) -> Refusal | None:
    """Why this dataset is out of the question for the case, before anything else is asked."""
    return first(
        fitting.in_catalogue(dataset),
        fitting.scope_covers(fellowship, dataset, ()),
        fitting.asked_already(fellowship, dataset, fellowship.fellow),
    )


def may_check(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not record the steward's check: another person than whoever asks."""
    return first(
        _steward(request.program_id, by),
        _nobody_of(request, by, say("Nobody checks a request of their own case.")),
        REQUEST_MOVES.refusal(request.state, "check"),
    )


def may_send_back(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not send the request back for changes."""
    return first(
        _steward_or_manager(request, by),
        _nobody_of(request, by, say("Nobody sends back a request of their own case.")),
        REQUEST_MOVES.refusal(request.state, "send_back"),
    )


def may_revise(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not change a request that was sent back."""
    return first(
        None
        if by in (request.person, request.requested_by)
        else Refusal("not_yours", say("A request is changed by whoever made it.")),
        REQUEST_MOVES.refusal(request.state, "revise"),
    )


def exception_granted(request: AccessRequest) -> Refusal | None:
    """Why a request that the rules refuse is not decided before the board excepted it."""
    if not request.excepted or covered(request, ExceptionKind.TEMPORARY_ACCESS):
        return None
    return Refusal(
        "no_exception",
        say("The rules refuse part of this, and no exception for it is in force."),
        rule=str(request.handling),
    )


def may_refer(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why the request may not go to the board."""
    board = handling.tier_of(request.handling, request.dataset.tier).board
    return first(
        _steward_or_manager(request, by),
        _nobody_of(request, by, say("Nobody refers a request of their own case.")),
        REQUEST_MOVES.refusal(request.state, "refer"),
        exception_granted(request),
        None
        if board
        else Refusal(
            "no_board_needed",
            say("Data of this tier is approved by the programme manager, not by the board."),
            rule=str(request.handling),
        ),
    )


def may_approve(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not approve alone: the board's tiers, and whoever checked already."""
    board = handling.tier_of(request.handling, request.dataset.tier).board
    return first(
        _manager(request.program_id, by),
        _nobody_of(request, by, say("Nobody approves a request of their own case.")),
        Refusal(
            "board_decides",
            say("Data of this tier is opened by the board alone."),
            rule=str(request.handling),
        )
        if board
        else None,
        REQUEST_MOVES.refusal(request.state, "approve"),
        exception_granted(request),
        Refusal(
            "separation", say("Whoever checked the request does not approve it."), rule=SEPARATION
        )
        if by == request.checked_by
        else None,
    )


def may_refuse(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not refuse: once with the board, only the board decides."""
    return first(
        _steward_or_manager(request, by),
        _nobody_of(request, by, say("Nobody refuses a request of their own case.")),
        Refusal("board_decides", say("The board has it now."), rule=str(request.handling))
        if request.state == "with_board"
        else REQUEST_MOVES.refusal(request.state, "refuse"),
    )


def may_withdraw(request: AccessRequest, by: Actor) -> Refusal | None:
    """Why `by` may not take the request back."""
    return first(
        None
        if by in (request.person, request.requested_by)
        else Refusal("not_yours", say("A request is withdrawn by whoever made it.")),
        REQUEST_MOVES.refusal(request.state, "withdraw"),
    )


def may_accept(agreement: Agreement, by: Actor) -> Refusal | None:
    """Why `by` may not accept: only the named person can, and once."""
    return first(
        None
        if by == agreement.person
        else Refusal(
            "not_yours",
            say("This agreement is accepted by {person} alone.", person=agreement.person),
        ),
        REQUEST_MOVES.refusal(agreement.request.state, "accept"),
    )


def renewal_of(grant: Grant) -> AccessRequest | None:
    """The request by which the grant is renewed, or was, unless it came to nothing."""
    found = _renewals(grant.request_id)
    return found[0] if found else None


@read
def _renewals(request: int) -> QuerySet[AccessRequest]:
    asked = AccessRequest.objects.filter(renews__request_id=request)
    over = (RequestState.REFUSED, RequestState.WITHDRAWN)
    return asked.exclude(state__in=over).order_by("-pk")[:1]


def may_renew(grant: Grant, by: Actor) -> Refusal | None:
    """Why `by` may not ask for what would follow on the grant."""
    case = grant.fellowship
    return first(
        None
        if by in (grant.person, case.fellow, case.mentor)
        else Refusal(
            "not_yours", say("A grant is renewed at the wish of its person or the fellow.")
        ),
        in_force(grant),
        may_request(case, case.fellow),
    )


def in_force(grant: Grant) -> Refusal | None:
    """Why a grant is none that could be narrowed or renewed: revoked, over, or not accepted."""
    return first(
        Refusal("revoked", say("{ref} is revoked.", ref=grant.ref), clause=grant.ref)
        if grant.revoked_at is not None
        else None,
        Refusal("ended", say("{ref} has ended: ask anew.", ref=grant.ref), clause=grant.ref)
        if grant.ends_at <= now()
        else None,
        Refusal(
            "not_accepted", say("{ref} is not accepted.", ref=grant.agreement.ref), clause=grant.ref
        )
        if grant.agreement.accepted_at is None
        else None,
    )


def may_narrow(grant: Grant, by: Actor) -> Refusal | None:
    """Why `by` may not narrow the grant: its person, the fellow and the stewards may."""
    return first(
        None
        if by in (grant.person, grant.fellowship.fellow)
        or has_role(by, grant.program_id, roles.STEWARD)
        else Refusal(
            "wrong_role", say("A grant is narrowed by its person, the fellow or a steward.")
        ),
        in_force(grant),
    )


def wider(old: Collection[str], new: Collection[str]) -> bool:
    """Whether a list of fields or row filters allows more than another; none at all allows all."""
    if not old:
        return False
    return not new or bool(set(new) - set(old))


def may_revoke(grant: Grant, by: Actor) -> Refusal | None:
    """Why `by` may not revoke the grant."""
    return first(
        None
        if has_role(by, grant.program_id, roles.STEWARD, roles.ONCALL, roles.MANAGER)
        or by == grant.person
        else Refusal(
            "wrong_role",
            say("A grant is revoked by the steward, the on-call or the manager, or given back."),
        ),
        None
        if grant.ends_at > now()
        else Refusal("ended", say("{ref} has ended already.", ref=grant.ref), clause=grant.ref),
    )


def may_confirm_deletion(fellowship: Fellowship, dataset: Dataset, by: Actor) -> Refusal | None:
    """Why `by` may not certify the deletion: the fellow does, of what was granted."""
    return first(
        None
        if by == fellowship.fellow
        else Refusal("not_yours", say("Deletion is confirmed by the fellow who held the data.")),
        None
        if Grant.objects.filter(fellowship=fellowship, dataset=dataset).exists()
        else Refusal(
            "never_granted", say("{dataset} was never granted in this fellowship.", dataset=dataset)
        ),
    )


def may_verify_deletion(certificate: DeletionCertificate, by: Actor) -> Refusal | None:
    """Why `by` may not verify: a steward, and another person than who deleted."""
    return first(
        _steward(certificate.program_id, by),
        Refusal("separation", say("Nobody verifies their own deletion."), rule=SEPARATION)
        if by == certificate.performed_by
        else None,
    )


def may_ingest(program: Program, by: Actor) -> Refusal | None:
    """Why `by` may not put events on the programme's trail."""
    if isinstance(by, System) or has_role(by, program, *INGESTERS):
        return None
    return Refusal(
        "wrong_role", say("Events are reported by the programme's systems and its staff.")
    )


def batch_fits(events: int) -> Refusal | None:
    """Why so many events are not taken at once: a batch has no more places."""
    if events <= BATCH_MAX:
        return None
    said = say("Send at most {most} events at once, not {events}.", most=BATCH_MAX, events=events)
    return Refusal("too_many", said)


def may_name_identities(program: Program | int, by: Actor) -> Refusal | None:
    """Why `by` may not say whom a source's names mean."""
    return _steward(program, by)


def identity_fits(program: Program, source: str, identity: str, person: User) -> Refusal | None:
    """Why a name of a source cannot mean this person."""
    here = (
        Fellowship.objects.filter(program=program, fellow=person).exists()
        or Grant.objects.filter(fellowship__program=program, person=person).exists()
    )
    return first(
        None if source else Refusal("source", say("Name the source."), field="source"),
        None if identity else Refusal("identity", say("Name the identity."), field="identity"),
        None
        if here or has_role(person, program, *roles.ROLES)
        else Refusal("not_here", say("This person has no part in the programme."), field="person"),
    )


def may_ask(program_id: int, person: Any, by: Any) -> Refusal | None:
    """Why `by` may not ask what `person` may do."""
    if by == person or has_role(by, program_id, *DECISION_READERS):
        return None
    return Refusal(
        "not_allowed",
        say("You may ask about yourself. Others are asked about by the programme's staff."),
    )


def may_ask_despite(program_id: int, person: Any, by: Any) -> Refusal | None:
    """Why who declared a conflict about a case of `person` in the programme may not ask."""
    closed = Fellowship.objects.filter(
        pk__in=closed_cases(by.pk), program_id=program_id, fellow_id=person.pk
    )
    if not closed.exists():
        return None
    return Refusal("separation_conflict", say("You declared a conflict of interest here."))


def may_ask_about_others(by: Any) -> bool:
    """Whether the person may ask about others in any programme."""
    return holds_anywhere(by, *DECISION_READERS)


def _manager(program_id: int, by: Actor) -> Refusal | None:
    if has_role(by, program_id, roles.MANAGER):
        return None
    return Refusal("wrong_role", say("Only a programme manager may do this."))


def _steward_or_manager(request: AccessRequest, by: Actor) -> Refusal | None:
    if has_role(by, request.program_id, roles.STEWARD, roles.MANAGER):
        return None
    return Refusal("wrong_role", say("Only the data steward or a programme manager may do this."))


def _nobody_of(request: AccessRequest, by: Actor, said: str) -> Refusal | None:
    """Neither whoever asks, nor the mentor of the case, nor a person in conflict judges it."""
    case = request.fellowship
    if by in (request.person, request.requested_by, case.fellow, case.mentor):
        return Refusal("separation", said, rule=SEPARATION)
    if recused(by, request) or recused(by, request.fellowship):
        return Refusal("separation_conflict", say("You declared a conflict of interest here."))
    return None
