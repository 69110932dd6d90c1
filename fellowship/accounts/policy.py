"""Who may grant and end roles, declare conflicts, and make tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from fellowship.accounts import duties, roles
from fellowship.accounts.models import Actor, Conflict, Realm, RoleAssignment, User
from fellowship.accounts.queries import has_role
from fellowship.accounts.scopes import ONE_SOURCE, SCOPES, is_known
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first

RULE = "separation of duties"


def may_grant_role(
    *,
    user: User,
    realm: Realm,
    role: str,
    seat: str,
    ends_at: dt.datetime | None,
    starts_at: dt.datetime,
    by: Actor,
) -> Refusal | None:
    """Why `by` may not grant `role` in `realm` to `user`."""
    return first(
        _administers(by, realm),
        None
        if by != user
        else Refusal("own_role", "Nobody grants a role to themselves.", rule=RULE),
        None
        if role in roles.ROLES
        else Refusal("unknown_role", f"There is no role “{role}”.", field="role"),
        _seat(role, seat),
        None
        if ends_at is None or ends_at > starts_at
        else Refusal("ends_before_start", "The end must come after the start.", field="ends_at"),
        None
        if user.is_active
        else Refusal("inactive", "This person's account is not active.", field="user"),
        _apart(user, realm, role),
    )


def may_end_role(assignment: RoleAssignment, by: Actor) -> Refusal | None:
    """Why `by` may not end the assignment. Whoever holds a role may lay it down."""
    if by == assignment.user:
        return None
    return _administers(by, assignment.realm)


def may_declare(*, user: User, kind: str, statement: str, by: Actor) -> Refusal | None:
    """Why the declaration is refused: it is made in person and says what the interest is."""
    return first(
        None
        if by == user or isinstance(by, System)
        else Refusal("not_yours", "A conflict is declared by the person who has it.", rule=RULE),
        None
        if kind in Conflict.Kind.values
        else Refusal("unknown_kind", "Choose one of the listed kinds.", field="kind"),
        None
        if kind == Conflict.Kind.NONE or statement.strip()
        else Refusal("no_statement", "Say in a sentence what the interest is.", field="statement"),
    )


def may_declare_again(conflict: Conflict, kind: str) -> Refusal | None:
    """Why a conflict is not taken back by its own person: others decide that it counts no more."""
    if kind != Conflict.Kind.NONE or conflict.kind == Conflict.Kind.NONE:
        return None
    return Refusal(
        "conflict_stands",
        "A conflict you declared stands. If it was declared in error, ask the programme’s manager "
        "or chair to have it set aside.",
        rule=RULE,
    )


def may_create_token(*, user: User, scopes: Collection[str], by: Actor) -> Refusal | None:
    """Why the token is not made: it is its own person's, and for something the API knows."""
    known = ", ".join((*SCOPES, ONE_SOURCE))
    unknown = ", ".join(f"“{scope}”" for scope in sorted(set(scopes)) if not is_known(scope))
    return first(
        None
        if by == user or isinstance(by, System)
        else Refusal("not_yours", "A token is made by its own person."),
        None if scopes else Refusal("no_scope", f"Say what it may do: {known}.", field="scopes"),
        Refusal("unknown_scope", f"There is no scope {unknown}. There are {known}.", field="scopes")
        if unknown
        else None,
    )


def _apart(user: User, realm: Realm, role: str) -> Refusal | None:
    """Nobody judges cases in a programme where they have one: see `duties`."""
    if role in duties.WHY and (party := duties.party_of(user, realm)):
        label = roles.ROLES[role].label.lower()
        return Refusal(
            "separation",
            f"{user} {party}, and cannot be {label} there until it is: {duties.WHY[role]}.",
            rule=RULE,
            field="role",
        )
    if role not in duties.PARTIES:
        return None
    # Read anew: what a user object has cached may have ended meanwhile.
    live = RoleAssignment.objects.live().filter(user=user, realm=realm, role__in=duties.WHY)
    held = list(live.values_list("role", flat=True)[:1])
    if held:
        label = roles.ROLES[held[0]].label.lower()
        return Refusal(
            "separation",
            f"{user} is {label} in {realm.name}, and cannot be {roles.ROLES[role].label.lower()} "
            f"there: {duties.WHY[held[0]]}. End that role first.",
            rule=RULE,
            field="role",
        )
    return None


def _administers(by: Actor, realm: Realm) -> Refusal | None:
    if isinstance(by, System) or has_role(by, realm, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role",
        f"Only an administrator of {realm.name} grants and ends roles.",
        rule=RULE,
    )


def _seat(role: str, seat: str) -> Refusal | None:
    if role == roles.BOARD_MEMBER and seat not in roles.Seat.values:
        return Refusal("no_seat", "A board member holds one of the five seats.", field="seat")
    if role != roles.BOARD_MEMBER and seat:
        return Refusal("seat_without_board", "Only board members hold a seat.", field="seat")
    return None
