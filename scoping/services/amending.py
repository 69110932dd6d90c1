"""Changes of what is signed, asked for by either side and routed by what they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from governance.models import Matter
from governance.services import withdraw_matter
from scoping import document, policy, routes
from scoping.models import Fellowship, ScopeOfWork
from scoping.queries import pending_scope, signed_scope
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    locked,
    managers,
    stop_clocks,
    tell,
)
from scoping.services.versions import copied, put_in_force_at_once, write
from scoping.states import SCOPE_MOVES, Route, ScopeState, Side

AMENDMENT: Final = "scoping.amendment"
WAY: Final = journal.System("scope of work narrowed")


@journal.verb("scoping.amend")
def amend(
    *,
    fellowship: Fellowship,
    changes: Mapping[str, Any],
    by: User,
    reason: str,
    over: int | None = None,
) -> ScopeOfWork:
    """Ask for a new version: the one in force with `changes` (clause keys to values).

    Where they only allow less, it is in force when this returns, and the other side is told; a
    version on its way gives way. Anything else becomes a draft, which both sides sign. `over` is
    the number of the version the changes were written over: where another is in force by now they
    are refused. Sent twice, it is asked for once.
    """
    reviewed = _matter_under_way(fellowship)
    case = locked(fellowship)
    refuse(policy.may_amend(case, by))
    signed = signed_scope(case)
    base = signed or case.scopes.order_by("-number").first()
    if base is None:
        refuse(Refusal("no_scope", say("There is no scope of work to change yet.")))
        raise AssertionError  # pragma: no cover
    base.fellowship = case
    pending = pending_scope(case)
    scope = copied(base, case, by, reason)
    write(scope, changes)
    if again := _asked_before(scope, base, pending, changes):
        return again
    refuse(policy.still_over(base, over))
    if signed and document.values(scope) == document.values(signed):
        refuse(Refusal("no_change", say("The new version would say the same as the signed one.")))
    routed = policy.route_of(scope)
    if routed.at_once:
        _give_way(pending, reviewed, scope)
        put_in_force_at_once(scope, routed, by)
        _rebase(pending, base, scope)
    else:
        refuse(policy.one_at_a_time(case, pending))
        scope.save()
        others = managers(case) if scope.proposed_side == Side.FELLOW else [case.fellow]
        tell(
            case,
            "amendment",
            others,
            say("version {number} is proposed", number=scope.number),
            body=reason,
        )
    change = {"version": scope.number, "amends": base.number, "route": routed.route}
    journal.record(subject=scope, change=change | {"state": scope.state})
    return scope


def preview(
    fellowship: Fellowship, changes: Mapping[str, Any], by: User, over: int | None = None
) -> routes.Routed:
    """The route `changes` would take, clause by clause, without asking for them.

    Raises Refused as `amend` does.
    """
    refuse(policy.may_amend(fellowship, by))
    base = signed_scope(fellowship) or fellowship.scopes.order_by("-number").first()
    if base is None:
        refuse(Refusal("no_scope", say("There is no scope of work to change yet.")))
        raise AssertionError  # pragma: no cover
    base.fellowship = fellowship
    refuse(policy.still_over(base, over))
    scope = copied(base, fellowship, by, "")
    write(scope, changes)
    if base.state == ScopeState.SIGNED and document.values(scope) == document.values(base):
        refuse(Refusal("no_change", say("The new version would say the same as the signed one.")))
    routed = policy.route_of(scope)
    if not routed.at_once:
        refuse(policy.one_at_a_time(fellowship, pending_scope(fellowship)))
    return routed


@journal.verb("scoping.rebase_scope")
def rebase_scope(
    *, scope: ScopeOfWork, old: ScopeOfWork, new: ScopeOfWork, by: Actor, reason: str = ""
) -> ScopeOfWork:
    """Let a draft written over `old` say its own changes over `new`, which allows less.

    What `new` took away it takes away from the draft too. A draft left with nothing is withdrawn.
    """
    document.write(scope, routes.rebased(scope, old, new))
    document.clip(scope)
    scope.amends, scope.text_hash = new, ""
    nothing = document.values(scope) == document.values(new)
    if nothing:
        scope.state = SCOPE_MOVES.target(scope.state, "withdraw")
    scope.save()
    case = scope.fellowship
    what = (
        say("is withdrawn: it changed nothing else") if nothing else say("was written anew over it")
    )
    body = say(
        "Version {number} allows less and is in force. Read the draft before it is offered.",
        number=new.number,
    )
    title = say("the draft of version {number} {what}", number=scope.number, what=what)
    tell(case, "rebased", [case.fellow, *managers(case)], title, body=body)
    journal.record(subject=scope, change={"amends": new.number, "state": scope.state})
    return scope


@journal.verb("scoping.set_aside")
def set_aside(*, scope: ScopeOfWork, by: Actor, reason: str) -> ScopeOfWork:
    """Withdraw an offer because what it was written over allows less now."""
    scope.state = SCOPE_MOVES.target(scope.state, "withdraw")
    scope.save()
    case = scope.fellowship
    stop_clocks(case, by, SIGNATURE, COUNTERSIGNATURE, reason="withdrawn")
    people = [case.fellow, *managers(case)]
    tell(
        case,
        "withdrawn",
        people,
        say("version {number} was withdrawn", number=scope.number),
        body=reason,
    )
    journal.record(subject=scope, change={"state": scope.state})
    return scope


def _give_way(pending: ScopeOfWork | None, reviewed: Matter | None, new: ScopeOfWork) -> None:
    """Make room for `new`: an offer is set aside, a matter is taken back and leaves a draft."""
    if pending is None or pending.state == ScopeState.DRAFT:
        return
    pending.fellowship = new.fellowship
    reason = say(
        "Version {number} allows less and is in force, and this version was written over "
        "the one before. Propose it anew where it is still wanted.",
        number=new.number,
    )
    if pending.state == ScopeState.OFFERED:
        set_aside(scope=pending, by=WAY, reason=reason)
        return
    if reviewed is None or reviewed.subject_id != pending.pk:
        refuse(policy.MOVED)
        raise AssertionError  # pragma: no cover
    withdraw_matter(matter=reviewed, by=WAY, reason=reason)
    pending.refresh_from_db()
    pending.fellowship = new.fellowship


def _rebase(pending: ScopeOfWork | None, old: ScopeOfWork, new: ScopeOfWork) -> None:
    if pending is not None and pending.state == ScopeState.DRAFT:
        pending.fellowship = new.fellowship
        rebase_scope(scope=pending, old=old, new=new, by=WAY)


def _matter_under_way(fellowship: Fellowship) -> Matter | None:
    """The board's matter about the version on its way, locked before the case as deciding does."""
    pending = pending_scope(fellowship)
    if pending is None or pending.state != ScopeState.WITH_BOARD:
        return None
    about = Matter.objects.locked().filter(kind=AMENDMENT, subject_id=pending.pk)
    return about.live().first()


def _asked_before(
    scope: ScopeOfWork,
    base: ScopeOfWork,
    pending: ScopeOfWork | None,
    changes: Mapping[str, Any],
) -> ScopeOfWork | None:
    """The version the same person made by the same words a moment ago, were this sent twice."""
    asked = (scope.proposed_by_id, scope.rationale)
    for made in (pending, base if base.route == Route.AT_ONCE else None):
        if made is None or (made.proposed_by_id, made.rationale) != asked:
            continue
        said = document.values(made)
        if all(
            said[key] == value for key, value in document.values(scope).items() if key in changes
        ):
            return made
    return None
