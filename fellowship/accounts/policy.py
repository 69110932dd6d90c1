"""Who may grant and end roles, declare conflicts, and make tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.conf import settings

from fellowship.accounts import duties, holdings, roles
from fellowship.accounts.models import Actor, Conflict, HandOver, Realm, RoleAssignment, User
from fellowship.accounts.models.leaving import SETTLES
from fellowship.accounts.queries import has_role, roles_of
from fellowship.accounts.scopes import ONE_SOURCE, SCOPES, is_known
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say

RULE = say("separation of duties")


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
        else Refusal("separation_own", say("Nobody grants a role to themselves."), rule=RULE),
        None
        if role in roles.ROLES
        else Refusal("unknown_role", say("There is no role “{role}”.", role=role), field="role"),
        _seat(role, seat),
        None
        if ends_at is None or ends_at > starts_at
        else Refusal(
            "ends_before_start", say("The end must come after the start."), field="ends_at"
        ),
        None
        if user.is_active
        else Refusal("inactive", say("This person's account is not active."), field="user"),
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
        else Refusal(
            "not_yours", say("A conflict is declared by the person who has it."), rule=RULE
        ),
        None
        if kind in Conflict.Kind.values
        else Refusal("unknown_kind", say("Choose one of the listed kinds."), field="kind"),
        None
        if kind == Conflict.Kind.NONE or statement.strip()
        else Refusal(
            "no_statement", say("Say in a sentence what the interest is."), field="statement"
        ),
    )


def may_declare_again(conflict: Conflict, kind: str) -> Refusal | None:
    """Why a conflict is not taken back by its own person: others decide that it counts no more."""
    if kind != Conflict.Kind.NONE or conflict.kind == Conflict.Kind.NONE:
        return None
    return Refusal(
        "conflict_stands",
        say(
            "A conflict you declared stands. If it was declared in error, ask the "
            "programme’s manager or chair to have it set aside."
        ),
        rule=RULE,
    )


def may_create_token(*, user: User, scopes: Collection[str], by: Actor) -> Refusal | None:
    """Why the token is not made: it is its own person's, and for something the API knows."""
    known = joined(", ", (*SCOPES, ONE_SOURCE))
    unknown = joined(", ", (f"“{scope}”" for scope in sorted(set(scopes)) if not is_known(scope)))
    return first(
        None
        if by == user or isinstance(by, System)
        else Refusal("not_yours", say("A token is made by its own person.")),
        None
        if scopes
        else Refusal("no_scope", say("Say what it may do: {known}.", known=known), field="scopes"),
        Refusal(
            "unknown_scope",
            say("There is no scope {unknown}. There are {known}.", unknown=unknown, known=known),
            field="scopes",
        )
        if unknown
        else None,
    )


def may_reset_factors(user: User, by: User) -> Refusal | None:
    """Why `by` may not take the second factors of `user` away."""
    administered = RoleAssignment.objects.live().filter(
        user=by, role=roles.ADMINISTRATOR, realm__role_assignments__in=user.role_assignments.live()
    )
    return first(
        Refusal(
            "separation_own", say("Your own factors are taken away by another administrator."), RULE
        )
        if by == user
        else None,
        None
        if administered.exists()
        else Refusal(
            "wrong_role",
            say("Only an administrator of a programme in which the person holds a role does this."),
            rule=RULE,
        ),
    )


def may_end_account(user: User, by: User, *, by_directory: bool) -> Refusal | None:
    """Why `by` may not end or reopen the account of `user`.

    The company's directory speaks for all its people, by the token of an administrator.
    """
    administers = RoleAssignment.objects.live().filter(user=by, role=roles.ADMINISTRATOR)
    theirs = user.role_assignments.values("realm_id")
    return first(
        Refusal(
            "separation_own",
            say("Nobody ends their own account: another administrator does."),
            RULE,
        )
        if by == user
        else None,
        None
        if by.is_superuser
        or (by_directory and administers.exists())
        or administers.filter(realm_id__in=theirs).exists()
        else Refusal(
            "wrong_role",
            say("Only an administrator of a programme in which the person has a part does this."),
            rule=RULE,
        ),
    )


def may_use_directory(by: User) -> Refusal | None:
    """Why `by` does not lend their name to the company's directory."""
    administers = RoleAssignment.objects.live().filter(user=by, role=roles.ADMINISTRATOR)
    if by.is_superuser or administers.exists():
        return None
    return Refusal(
        "wrong_role", say("The directory speaks by the token of an administrator."), RULE
    )


def may_speak_for_directory(by: User, email: str) -> Refusal | None:
    """Why the directory says nothing of this address: it speaks for the company's people alone."""
    domains = settings.OIDC_DOMAINS
    return first(
        may_use_directory(by),
        None
        if not domains or email.rpartition("@")[2].lower() in domains
        else Refusal("elsewhere", say("This address lies outside the company’s domains.")),
    )


def may_settle(hand_over: HandOver, by: User, *, to: User | None, reason: str) -> Refusal | None:
    """Why `by` may not say who has what waits; it needs a person, or a word on how it was done."""
    holding = holdings.of_key(hand_over.holding)
    needs_person = holding is not None and not holding.by_hand
    return first(
        None
        if by == hand_over.to or has_role(by, hand_over.realm, *SETTLES)
        else Refusal("wrong_role", say("The manager, the chair or an administrator settles this.")),
        Refusal("no_holder", say("Name who has it now."), field="to")
        if needs_person and to is None
        else None,
        Refusal(
            "not_here",
            say("{to} holds no role in {name}.", to=to, name=hand_over.realm.name),
            field="to",
        )
        if to is not None and not roles_of(to, hand_over.realm) & set(roles.STAFF)
        else None,
        Refusal("no_reason", say("Say how it was settled."), field="reason")
        if not needs_person and not reason.strip()
        else None,
    )


def _apart(user: User, realm: Realm, role: str) -> Refusal | None:
    """Nobody judges cases in a programme where they have one: see `duties`."""
    if role in duties.WHY and (party := duties.party_of(user, realm)):
        label = roles.ROLES[role].label.lower()
        return Refusal(
            "separation",
            say(
                "{user} {party}, and cannot be {label} there until it is: {WHY}.",
                user=user,
                party=party,
                label=label,
                WHY=duties.WHY[role],
            ),
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
            say(
                "{user} is {label} in {name}, and cannot be {label2} there: {WHY}. End "
                "that role first.",
                user=user,
                label=label,
                name=realm.name,
                label2=roles.ROLES[role].label.lower(),
                WHY=duties.WHY[held[0]],
            ),
            rule=RULE,
            field="role",
        )
    return None


def _administers(by: Actor, realm: Realm) -> Refusal | None:
    if isinstance(by, System) or has_role(by, realm, roles.ADMINISTRATOR):
        return None
    return Refusal(
        "wrong_role",
        say("Only an administrator of {name} grants and ends roles.", name=realm.name),
        rule=RULE,
    )


def _seat(role: str, seat: str) -> Refusal | None:
    if role == roles.BOARD_MEMBER and seat not in roles.Seat.values:
        return Refusal("no_seat", say("A board member holds one of the five seats."), field="seat")
    if role != roles.BOARD_MEMBER and seat:
        return Refusal("seat_without_board", say("Only board members hold a seat."), field="seat")
    return None
