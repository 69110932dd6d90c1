"""Write, offer, sign and amend scopes of work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.services import refer
from scoping import document, generation, policy
from scoping.models import Fellowship, ScopeOfWork, Signature
from scoping.services.amending import AMENDMENT
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    locked,
    locked_scope,
    managers,
    signers,
    stop_clocks,
    tell,
    wait_for_company,
    wait_for_fellow,
)
from scoping.services.versions import (
    acting,
    next_number,
    pinned_policies,
    put_in_force,
    put_in_force_at_once,
    sign,
    write,
)
from scoping.states import SCOPE_MOVES, Route, ScopeState, Side


@journal.verb("scoping.draft_scope")
def draft_scope(*, fellowship: Fellowship, by: Actor, reason: str = "") -> ScopeOfWork:
    """Write a version from the accepted proposal and the narrowest of the templates it chose.

    A version already on its way is returned unchanged.
    """
    case = locked(fellowship)
    if pending := ScopeOfWork.objects.pending().filter(fellowship=case).first():
        return unchanged(pending, policy.may_amend(case, by))
    refuse(policy.may_amend(case, by))
    made = generation.draft(case)
    scope = ScopeOfWork(
        fellowship=case,
        number=next_number(case),
        proposed_by=acting(by),
        proposed_side=Side.COMPANY,
        rationale=reason,
        terms=made.terms,
        sources=made.sources,
        pins=pinned_policies(case),
        **made.columns,
    )
    scope.save()
    journal.record(subject=scope, change={"version": scope.number})
    return scope


@journal.verb("scoping.edit_scope")
def edit_scope(*, scope: ScopeOfWork, changes: Mapping[str, Any], by: User) -> ScopeOfWork:
    """Change clauses of a draft; `changes` maps clause keys to values. The same text: unchanged.

    Raises Refused, naming the clause, for a value that clause cannot hold.
    """
    scope = locked_scope(scope)
    refuse(policy.may_edit(scope, by))
    before = document.values(scope)
    write(scope, changes)
    changed = sorted(k for k, v in document.values(scope).items() if v != before[k])
    if not changed:
        return scope
    if isinstance(by, User) and by.pk != scope.fellowship.fellow_id:
        scope.prepared_by = by
    scope.save()
    journal.record(subject=scope, change={"clauses": changed})
    return scope


@journal.verb("scoping.offer_scope")
def offer_scope(*, scope: ScopeOfWork, by: User, reason: str = "") -> ScopeOfWork:
    """Put a draft forward: its text is fixed and hashed; the fellow is asked to sign, then we.

    Where it widens what is signed above a tier the board keeps to itself, it goes to the board
    instead; where it only allows less it is in force at once. One put forward already is returned
    unchanged.
    """
    scope = locked_scope(scope)
    if scope.state in (ScopeState.OFFERED, ScopeState.WITH_BOARD, ScopeState.SIGNED):
        return unchanged(scope, policy.may_offer(scope, by))
    refuse(policy.may_offer(scope, by))
    routed = policy.route_of(scope)
    scope.prepared_by = by
    if routed.at_once:
        put_in_force_at_once(scope, routed, by)
        journal.record(subject=scope, change={"text_hash": scope.text_hash, "state": scope.state})
        return scope
    scope.route = routed.route
    scope.pins = pinned_policies(scope.fellowship)
    scope.text_hash = document.text_hash(scope)
    if routed.route == Route.BOARD:
        return _to_board(scope, by, reason)
    _offer(scope, by, "offer")
    journal.record(subject=scope, change={"text_hash": scope.text_hash, "route": scope.route})
    return scope


@journal.verb("scoping.approve_scope")
def approve_scope(*, scope: ScopeOfWork, by: Actor, reason: str = "") -> ScopeOfWork:
    """Offer a version the board approved. Called by the board's decision; once."""
    scope = locked_scope(scope)
    if scope.state == ScopeState.OFFERED:
        return scope
    _offer(scope, by, "approve")
    journal.record(subject=scope, change={"text_hash": scope.text_hash})
    return scope


@journal.verb("scoping.deny_scope")
def deny_scope(*, scope: ScopeOfWork, by: Actor, reason: str = "") -> ScopeOfWork:
    """Withdraw a version the board denied: what was signed stays in force."""
    return _leave_board(
        scope, "deny", by, say("the board denied version {n}; what was signed stays")
    )


@journal.verb("scoping.return_scope")
def return_scope(*, scope: ScopeOfWork, by: Actor, reason: str = "") -> ScopeOfWork:
    """Make a version a draft again: the board deferred it, or the matter was taken back."""
    return _leave_board(scope, "return", by, say("version {n} came back from the board as a draft"))


@journal.verb("scoping.sign_scope")
def sign_scope(*, scope: ScopeOfWork, text_hash: str, by: User) -> Signature:
    """Sign the version whose text has `text_hash`, for the side the person stands on.

    The second signature puts the version in force, supersedes the one before, brings the milestones
    up to date and opens the access stage. A person who has signed gets the same signature back.
    Refused where the hash is not that of the text: someone was shown something else.
    """
    scope = locked_scope(scope)
    given = list(scope.signatures.all())
    if mine := next((s for s in given if s.person_id == by.pk), None):
        return mine
    refuse(policy.may_sign(scope, by))
    refuse(_same_text(scope, text_hash))
    case = scope.fellowship
    signature = sign(scope, by, text_hash)
    side = signature.side
    stop_clocks(case, by, SIGNATURE if side == Side.FELLOW else COUNTERSIGNATURE)
    if {s.side for s in given} | {side} == set(Side.values):
        put_in_force(scope, by)
        told = [case.fellow, case.mentor, *managers(case)]
        tell(
            case,
            "signed",
            told,
            say("version {number} is signed by both sides", number=scope.number),
        )
    elif side == Side.FELLOW:
        wait_for_company(case, by)
        tell(
            case,
            "to_sign",
            signers(case),
            say("version {number} waits for your signature", number=scope.number),
        )
    else:
        tell(
            case,
            "company_signed",
            [case.fellow],
            say("the company signed version {number}", number=scope.number),
        )
    change = {"side": side, "text_hash": text_hash, "state": scope.state}
    journal.record(subject=scope, change=change)
    return signature


@journal.verb("scoping.withdraw_scope")
def withdraw_scope(*, scope: ScopeOfWork, by: User, reason: str) -> ScopeOfWork:
    """Take a version back before both have signed. One withdrawn already is returned unchanged."""
    scope = locked_scope(scope)
    if scope.state == ScopeState.WITHDRAWN:
        return unchanged(scope, policy.may_withdraw(scope, by))
    refuse(policy.may_withdraw(scope, by))
    scope.state = SCOPE_MOVES.target(scope.state, "withdraw")
    scope.save()
    case = scope.fellowship
    stop_clocks(case, by, SIGNATURE, COUNTERSIGNATURE, reason="withdrawn")
    others = managers(case) if by.pk == case.fellow_id else [case.fellow]
    tell(
        case,
        "withdrawn",
        others,
        say("version {number} was withdrawn", number=scope.number),
        body=reason,
    )
    journal.record(subject=scope, change={"state": scope.state})
    return scope


@journal.verb("scoping.lapse_offer")
def lapse_offer(*, scope: ScopeOfWork, by: Actor, reason: str = "") -> ScopeOfWork:
    """End an offer the fellow left unanswered. Anything but an open offer is returned unchanged."""
    scope = locked_scope(scope)
    if scope.state != ScopeState.OFFERED:
        return scope
    scope.state = SCOPE_MOVES.target(scope.state, "lapse")
    scope.save()
    case = scope.fellowship
    tell(
        case,
        "lapsed",
        [case.fellow, *managers(case)],
        say("the offer of version {number} has lapsed", number=scope.number),
        body=say("Nobody is at fault by that alone. A new version can be offered at any time."),
    )
    journal.record(subject=scope, change={"state": scope.state})
    return scope


def _to_board(scope: ScopeOfWork, by: User, reason: str) -> ScopeOfWork:
    scope.state = SCOPE_MOVES.target(scope.state, "refer")
    scope.save()
    case = scope.fellowship
    refer(kind=AMENDMENT, subject=scope, program=case.program, by=by, reason=reason)
    tell(
        case,
        "with_board",
        [case.fellow],
        say("version {number} is with the board", number=scope.number),
    )
    journal.record(subject=scope, change={"text_hash": scope.text_hash, "state": scope.state})
    return scope


def _offer(scope: ScopeOfWork, by: Actor, verb: str) -> None:
    case = scope.fellowship
    scope.state = SCOPE_MOVES.target(scope.state, verb)
    scope.offered_at = now()
    scope.save()
    wait_for_fellow(case, by)
    text = say(
        "version {number} of the scope of work waits for your signature", number=scope.number
    )
    # The company's signers are told once: when the fellow has signed and their own clock starts.
    tell(case, "to_sign", [case.fellow], text)


def _leave_board(scope: ScopeOfWork, verb: str, by: Actor, text: str) -> ScopeOfWork:
    scope = locked_scope(scope)
    done = {move.target for move in SCOPE_MOVES.moves if move.verb == verb}
    if scope.state in done:
        return scope
    scope.state = SCOPE_MOVES.target(scope.state, verb)
    scope.text_hash, scope.route = "", ""
    scope.save()
    case = scope.fellowship
    tell(case, "from_board", [case.fellow, *managers(case)], text.format(n=scope.number))
    journal.record(subject=scope, change={"state": scope.state})
    return scope


def _same_text(scope: ScopeOfWork, text_hash: str) -> Refusal | None:
    if text_hash == scope.text_hash and document.is_intact(scope):
        return None
    return Refusal(
        "text_changed",
        say(
            "The text you were shown is not the text of this version. Read it again before signing."
        ),
        rule=say("signatures name the text they stand under"),
        field="text_hash",
    )
