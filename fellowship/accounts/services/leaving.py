"""The verbs of leaving: everything ends in one transaction, and what was held has a new holder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction

from fellowship.accounts import holdings, policy
from fellowship.accounts.models import (
    ApiToken,
    Departure,
    HandOver,
    RoleAssignment,
    User,
)
from fellowship.accounts.queries import forget_what_is_held, recused_ids
from fellowship.accounts.services.people import end_role, revoke_token
from fellowship.accounts.services.sessions import end_sessions
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now

LEAVING = journal.System("leaving")
Told = Callable[[Departure, list[HandOver]], object]
_told: list[Told] = []


def tell(listener: Told) -> Told:
    """Let `listener(departure, hand_overs)` tell people, in the transaction; a decorator."""
    if listener not in _told:
        _told.append(listener)
    return listener


@journal.verb("accounts.leave")
def leave(*, user: User, by: User, reason: str, by_directory: bool = False) -> Departure:
    """End a person's account, roles, sessions, tokens and access; hand on what they held.

    By an administrator of a programme in which they hold a role, or in the name of the company's
    directory. Somebody who has left stays gone: the departure that stands is returned.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    known = Departure.objects.filter(person=user, returned_at=None).first()
    if known:
        return unchanged(known, policy.may_end_account(user, by, by_directory=by_directory))
    refuse(policy.may_end_account(user, by, by_directory=by_directory))
    refuse(None if reason.strip() else Refusal("no_reason", say("Say why."), field="reason"))
    roles = list(RoleAssignment.objects.live().filter(user=user).select_related("realm"))
    taken = list(_hand_on(user))
    for ending in holdings.endings():
        ending(user, by, reason)
    for assignment in roles:
        end_role(assignment=assignment, by=LEAVING, reason=reason)
    for token in ApiToken.objects.filter(user=user, revoked_at=None):
        revoke_token(token=token, by=LEAVING, reason=reason)
    end_sessions(user=user, by=LEAVING, reason=reason)
    departure = Departure.objects.create(
        person=user, left_at=now(), by=by, by_directory=by_directory, reason=reason
    )
    user.is_active = False
    user.save()
    forget_what_is_held(user)
    rows = [_kept(departure, held) for held in taken]
    journal.record(
        subject=departure,
        change={
            "person": user.pk,
            "roles": len(roles),
            "handed_on": sum(row.settled_at is not None for row in rows),
            "waiting": sum(row.settled_at is None for row in rows),
            "by_directory": by_directory,
        },
    )
    for listener in _told:
        listener(departure, rows)
    return departure


@journal.verb("accounts.come_back")
def come_back(*, user: User, by: User, by_directory: bool = False, reason: str = "") -> User:
    """Let somebody who left sign in again. Roles, tokens and access do not come back."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active:
        return unchanged(user, policy.may_end_account(user, by, by_directory=by_directory))
    refuse(policy.may_end_account(user, by, by_directory=by_directory))
    user.is_active = True
    user.save()
    for departure in Departure.objects.locked().filter(person=user, returned_at=None):
        departure.returned_at = now()
        departure.save()
    journal.record(subject=user, change={"active": True, "by_directory": by_directory})
    return user


@journal.verb("accounts.settle_hand_over")
def settle_hand_over(
    *, hand_over: HandOver, by: User, to: User | None = None, reason: str = ""
) -> HandOver:
    """Give what waits a holder, or say who sees to it now. One settled stays as it is.

    Where the record has a field for its holder, `to` is put there; else whoever settles it has
    done so on the record's own page and says how.
    """
    hand_over = HandOver.objects.locked().select_related("realm").get(pk=hand_over.pk)
    if hand_over.settled_at is not None:
        return unchanged(hand_over, policy.may_settle(hand_over, by, to=to, reason=reason))
    refuse(policy.may_settle(hand_over, by, to=to, reason=reason))
    holding = holdings.of_key(hand_over.holding)
    if holding and not holding.by_hand:
        rows = apps.get_model(holding.model)._default_manager.select_for_update(of=("self",))
        row = rows.get(pk=hand_over.subject_id)
        if to is None or not _give(holding, row, to):
            refuse(Refusal("not_theirs", say("{to} may not hold this record.", to=to), field="to"))
    hand_over.to, hand_over.settled_at, hand_over.settled_by = to or by, now(), by
    hand_over.note = reason
    hand_over.save()
    change = {"to": hand_over.to_id, "of": f"{hand_over.subject_type}:{hand_over.subject_id}"}
    journal.record(subject=hand_over, change=change)
    return hand_over


@dataclass(frozen=True, slots=True)
class _Held:
    """One record the person held, with who has it now, or who is to see to it."""

    holding: holdings.Holding
    row: Any
    realm: int
    to: User | None
    settled: bool


def _hand_on(user: User) -> Iterator[_Held]:
    """Every record the person holds, handed to somebody where somebody may have it.

    Each is locked: what a verb does to it in the same moment is not written over.
    What runs on another record, a clock, goes with it and is not told of by itself.
    """
    now_with: dict[tuple[str, int], User | None] = {}
    for holding in holdings.every():
        for row in list(holding.rows(user.pk).select_for_update(of=("self",))):
            about = (getattr(row, "subject_type", ""), getattr(row, "subject_id", 0))
            if about in now_with and not holding.by_hand:
                follows = now_with[about]
                if follows is None or _give(holding, row, follows):
                    continue
            realm = holding.realm_id(row)
            chosen = None if holding.by_hand else _successor(holding, row, user)
            away = recused_ids(row)
            others = (p for p in _people(realm, user, holdings.FALLBACK) if p.pk not in away)
            to = chosen or next(others, None)
            now_with[row._meta.label_lower, row.pk] = to
            yield _Held(holding, row, realm, to, settled=chosen is not None)


def _successor(holding: holdings.Holding, row: Any, user: User) -> User | None:
    """The first who may have the record."""
    away = recused_ids(row)
    for candidate in _people(holding.realm_id(row), user, (holding.role, *holdings.FALLBACK)):
        if candidate.pk not in away and _give(holding, row, candidate):
            return candidate
    return None


def _people(realm: int, leaver: User, order: tuple[str, ...]) -> list[User]:
    """Holders of the roles in the realm but the leaver, by role and then in a fixed order."""
    live = RoleAssignment.objects.live().filter(realm_id=realm, role__in=order)
    rows = live.exclude(user=leaver).select_related("user").order_by("user_id")
    by_role = sorted(rows, key=lambda assignment: order.index(assignment.role))
    return list(dict.fromkeys(assignment.user for assignment in by_role))


def _give(holding: holdings.Holding, row: Any, to: User) -> bool:
    """Put the new holder into the record, by an event of its own; False where it refuses them."""
    name = holding.field
    before = getattr(row, f"{name}_id")
    try:
        with transaction.atomic(), journal.acting("accounts.hand_over", by=LEAVING):
            setattr(row, name, to)
            row.save()
            change = {name: journal.moved(before, to.pk)}
            journal.record(subject=row, realm_id=holding.realm_id(row), change=change)
    except IntegrityError:
        setattr(row, f"{name}_id", before)
        return False
    return True


def _kept(departure: Departure, held: _Held) -> HandOver:
    return HandOver.objects.create(
        departure=departure,
        realm_id=held.realm,
        holding=held.holding.key,
        subject_type=held.row._meta.label_lower,
        subject_id=held.row.pk,
        title=str(held.row)[:300],
        to=held.to,
        settled_at=departure.left_at if held.settled else None,
    )
