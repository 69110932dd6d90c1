"""What drafting, offering and amending share: the next version, and putting one in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Max

from fellowship.accounts.models import Actor, User
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from governance.rules import pins
from scoping import document, policy
from scoping.models import Fellowship, ScopeOfWork, Signature
from scoping.policy.standing import holds
from scoping.routes import Routed
from scoping.sections import CLAUSES, ENFORCED
from scoping.services.cases import enter_stage
from scoping.services.common import (
    COUNTERSIGNATURE,
    SIGNATURE,
    managers,
    stop_clocks,
    tell,
)
from scoping.services.plan import follow_plan
from scoping.states import SCOPE_MOVES, FellowshipState, ScopeState, Side
from scoping.values import checked

MANAGER: Final = say("Programme manager")


def next_number(case: Fellowship) -> int:
    """The number after the last version."""
    last: int | None = case.scopes.aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def pinned_policies(case: Fellowship) -> list[dict[str, str]]:
    """The policy versions the case is held to, as the document names them."""
    return [{"name": str(rule), "hash": rule.text_hash} for _, rule in sorted(pins(case).items())]


def copied(base: ScopeOfWork, case: Fellowship, by: User, reason: str) -> ScopeOfWork:
    """The next version, saying what `base` says; not saved."""
    return ScopeOfWork(
        fellowship=case,
        number=next_number(case),
        amends=base,
        proposed_by=by,
        proposed_side=policy.side_of(case, by),
        rationale=reason,
        terms=dict(base.terms),
        pins=base.pins,
        sources=dict(base.sources),
        **{key: getattr(base, key) for key in ENFORCED},
    )


def write(scope: ScopeOfWork, changes: Mapping[str, Any]) -> None:
    """Put `changes` into the version, not saved. Raises Refused, naming the clause."""
    clean = {}
    for key, value in changes.items():
        if key not in CLAUSES:
            refuse(
                Refusal("unknown_clause", say("There is no clause “{key}”.", key=key), field=key)
            )
        clean[key] = checked(CLAUSES[key], value)
    document.write(scope, clean)
    refuse(policy.coherent(scope))


def sign(scope: ScopeOfWork, by: User, text_hash: str) -> Signature:
    """The person's signature under the version, for the side they stand on."""
    case = scope.fellowship
    side = policy.side_of(case, by)
    return Signature.objects.create(
        scope=scope,
        person=by,
        side=side,
        capacity=_capacity(case, by, side),
        text_hash=text_hash,
        at=now(),
    )


def put_in_force(scope: ScopeOfWork, by: User) -> None:
    """Supersede the version before, then let this one hold; in the second signature's transaction.

    One that only allows less comes here from the desk, signed by who asked for it alone.
    """
    case, at = scope.fellowship, now()
    for before in ScopeOfWork.objects.locked().filter(fellowship=case, state=ScopeState.SIGNED):
        before.state = SCOPE_MOVES.target(before.state, "supersede")
        before.superseded_at = at
        before.save()
    verb = "narrow" if scope.state == ScopeState.DRAFT else "sign"
    scope.state = SCOPE_MOVES.target(scope.state, verb)
    scope.signed_at = at
    scope.save()
    stop_clocks(case, by, SIGNATURE, COUNTERSIGNATURE, reason=say("signed by both sides"))
    follow_plan(scope)
    enter_stage(fellowship=case, stage=FellowshipState.ACCESS, by=by)


def put_in_force_at_once(scope: ScopeOfWork, routed: Routed, by: User) -> None:
    """Put a version in force that only allows less, and tell everyone who works by it."""
    case = scope.fellowship
    scope.pins = pinned_policies(case)
    scope.route = routed.route
    scope.text_hash = document.text_hash(scope)
    put_in_force(scope, by)
    sign(scope, by, scope.text_hash)
    tell(
        case,
        "narrowed",
        [case.fellow, case.mentor, *managers(case)],
        say("version {number} allows less and is in force", number=scope.number),
        body=joined(
            "\n", [scope.rationale, *(joined(": ", (c.cited, c.text)) for c in routed.changes)]
        ),
        urgent=True,
    )


def _capacity(case: Fellowship, by: User, side: str) -> str:
    if side == Side.FELLOW:
        return say("Fellow")
    signer = next((role.title() for role in policy.SIGNERS if holds(case, by, role)), "")
    return signer or MANAGER


def acting(by: Actor) -> User | None:
    """Who proposed, where a person did."""
    return by if isinstance(by, User) else None
