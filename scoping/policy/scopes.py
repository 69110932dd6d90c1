"""Drafting, offering and signing scopes of work: who proposes does not approve."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from governance.rules import pinned
from governance.services import conditions_met
from scoping import document
from scoping.models import Fellowship, ScopeOfWork
from scoping.policy.coherence import handled
from scoping.policy.standing import SEPARATION, is_person, open_case, staff
from scoping.queries import signed_scope
from scoping.routes import Routed, route
from scoping.states import SCOPE_MOVES, ScopeState, Side

SIGNERS: Final = (roles.CHAIR, roles.SPONSOR)
"""Who signs for the company."""


def side_of(fellowship: Fellowship, by: Actor) -> str:
    """The side a person speaks for in this case."""
    return Side.FELLOW if getattr(by, "pk", None) == fellowship.fellow_id else Side.COMPANY


def may_edit(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    """Why `by` may not change the text: only a draft changes, by the side that drafts it."""
    return first(
        _drafts(scope, by),
        None
        if scope.state == ScopeState.DRAFT
        else Refusal(
            "not_a_draft",
            say("Only a draft changes. Propose an amendment to change what was offered or signed."),
            rule=say("versions of a scope of work"),
        ),
    )


def may_offer(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    """Why `by` may not put the version forward for signature."""
    case = scope.fellowship
    return first(
        staff(case, by, roles.MANAGER, what=say("offers a scope of work")),
        open_case(case),
        SCOPE_MOVES.refusal(scope.state, "offer"),
        _complete(scope),
        handled(scope),
    )


def may_withdraw(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    """Why `by` may not withdraw the version: the manager may, and the fellow for their side."""
    case = scope.fellowship
    allowed = (
        None
        if side_of(case, by) == Side.FELLOW
        else staff(case, by, roles.MANAGER, what=say("withdraws a scope of work"))
    )
    return first(allowed, SCOPE_MOVES.refusal(scope.state, "withdraw"))


def may_amend(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not ask for a change: either side may, whoever signs it."""
    allowed = (
        None
        if side_of(fellowship, by) == Side.FELLOW
        else staff(fellowship, by, roles.MANAGER, what=say("proposes a new version"))
    )
    return first(allowed, open_case(fellowship))


def may_sign(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    """Why `by` may not sign this version."""
    if not is_person(by):
        return Refusal("separation", say("A scope of work is signed by people."), rule=SEPARATION)
    case = scope.fellowship
    allowed = None if side_of(case, by) == Side.FELLOW else _signs_for_company(scope, by)
    return first(
        allowed,
        open_case(case),
        SCOPE_MOVES.refusal(scope.state, "sign"),
        _not_signed_by_side(scope, by),
        conditions_met(case.proposal),
        conditions_met(scope),
    )


def route_of(scope: ScopeOfWork) -> Routed:
    """Which way the version takes over the one in force, and why."""
    case = scope.fellowship
    return route(signed_scope(case.pk), scope, pinned(case, "data_handling").params.tiers)


def still_over(base: ScopeOfWork, over: int | None) -> Refusal | None:
    """Why a change written over version `over` does not apply: another is in force by now."""
    if over is None or over == base.number:
        return None
    return Refusal(
        "version_moved",
        say(
            "Version {number} is the latest by now; you wrote over version {over}. "
            "Compare the two, then send your change again.",
            number=base.number,
            over=over,
        ),
        rule=say("versions of a scope of work"),
    )


def one_at_a_time(fellowship: Fellowship, pending: ScopeOfWork | None) -> Refusal | None:
    """Why another version may not be proposed; what only allows less always may."""
    if pending is None:
        return None
    return Refusal(
        "version_pending",
        say(
            "Version {number} is on its way; it is signed or withdrawn first. Only a "
            "change that allows less does not wait.",
            number=pending.number,
        ),
        rule=say("versions of a scope of work"),
    )


MOVED: Final = Refusal(
    "version_moved",
    say(
        "Another version was put forward at the same moment. Read it, then send your change again."
    ),
    rule=say("versions of a scope of work"),
)


def _drafts(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    case = scope.fellowship
    if side_of(case, by) == Side.FELLOW:
        if scope.proposed_side == Side.FELLOW:
            return None
        return Refusal(
            "not_yours", say("The company drafts this version; propose an amendment instead.")
        )
    return staff(case, by, roles.MANAGER, what=say("drafts a scope of work"))


def _complete(scope: ScopeOfWork) -> Refusal | None:
    missing = document.missing(scope)
    if not missing:
        return None
    names = joined(", ", (clause.label.lower() for clause in missing))
    return Refusal(
        "incomplete", say("It says nothing yet on: {names}.", names=names), field=missing[0].key
    )


def _signs_for_company(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    case, person = scope.fellowship, getattr(by, "pk", None)
    if person == case.mentor_id:
        return Refusal(
            "separation", say("The mentor does not sign for the company."), rule=SEPARATION
        )
    if person in (scope.prepared_by_id, scope.proposed_by_id):
        return Refusal(
            "separation", say("Who puts a scope forward does not sign it."), rule=SEPARATION
        )
    return staff(case, by, *_approvers(scope), what=say("signs for the company"))


def _approvers(scope: ScopeOfWork) -> tuple[str, ...]:
    """Chair or sponsor at first; for a change, whom the signed version names."""
    current = scope.amends
    if current is None or current.state != ScopeState.SIGNED:
        return SIGNERS
    return (current.approver_role,)


def _not_signed_by_side(scope: ScopeOfWork, by: Actor) -> Refusal | None:
    side = side_of(scope.fellowship, by)
    if not any(signature.side == side for signature in scope.signatures.all()):
        return None
    return Refusal("signed", say("{label} has signed this version.", label=Side(side).label))
