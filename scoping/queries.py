"""What lower applications ask: the signed scope, training, suspension, days with whom."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from fellowship.accounts.models import Realm, User
from fellowship.kernel.time import now
from scoping.models import Collaborator, Fellowship, ScopeOfWork, Suspension, Training
from scoping.states import FellowshipState, ScopeState, TrainingKind


def signed_scope(fellowship: Fellowship | int, at: dt.datetime | None = None) -> ScopeOfWork | None:
    """The version both sides had signed and none had replaced at `at` (default now).

    One query. None while nothing is signed: then nothing is allowed.
    """
    pk = fellowship.pk if isinstance(fellowship, Fellowship) else fellowship
    at = at or now()
    return (
        ScopeOfWork.objects.filter(
            Q(superseded_at=None) | Q(superseded_at__gt=at),
            fellowship_id=pk,
            state__in=[ScopeState.SIGNED, ScopeState.SUPERSEDED],
            signed_at__lte=at,
        )
        .order_by("-number")
        .first()
    )


def has_live_fellowship(user: User, realm: Realm) -> bool:
    """Whether the person has a fellowship in the programme that is not yet closed."""
    open_ones = Fellowship.objects.exclude(state=FellowshipState.CLOSED)
    return open_ones.filter(fellow=user, program_id=realm.pk).exists()


def takes_part_in_one(user: User, realm: Realm) -> bool:
    """Whether the person is a collaborator of a fellowship in the programme."""
    mine = Collaborator.objects.active().filter(person=user)
    return mine.filter(fellowship__program_id=realm.pk).exists()


def offered_scope(fellowship: Fellowship) -> ScopeOfWork | None:
    """The version that waits for signatures now."""
    return fellowship.scopes.filter(state=ScopeState.OFFERED).first()


def pending_scope(fellowship: Fellowship) -> ScopeOfWork | None:
    """The version on its way: drafted, with the board or offered; at most one."""
    return ScopeOfWork.objects.pending().filter(fellowship=fellowship).first()


def training_valid(
    person: User | int,
    realm: Realm | int,
    at: dt.datetime | None = None,
    kind: str = TrainingKind.SECURITY,
) -> bool:
    """Whether the person's training for the realm (or the programme of that key) holds at `at`."""
    person_id = person.pk if isinstance(person, User) else person
    realm_id = realm if isinstance(realm, int) else realm.pk
    return (
        Training.objects.valid(at)
        .filter(person_id=person_id, realm_id=realm_id, kind=kind)
        .exists()
    )


def latest_training(person: User | int, realm_id: int) -> Training | None:
    """The security training of the person that expires last, expired or not."""
    person_id = person.pk if isinstance(person, User) else person
    return (
        Training.objects.filter(person_id=person_id, realm_id=realm_id, kind=TrainingKind.SECURITY)
        .order_by("-expires_at")
        .first()
    )


def live_suspension(
    fellowship: Fellowship | int, at: dt.datetime | None = None
) -> Suspension | None:
    """The suspension in force at `at`, or None."""
    pk = fellowship.pk if isinstance(fellowship, Fellowship) else fellowship
    return Suspension.objects.live(at).filter(fellowship_id=pk).first()


def is_suspended(fellowship: Fellowship | int, at: dt.datetime | None = None) -> bool:
    """Whether a suspension is in force at `at`: derived, never stored."""
    return live_suspension(fellowship, at) is not None


def is_active(fellowship: Fellowship, at: dt.datetime | None = None) -> bool:
    """Whether the fellowship runs at `at`: begun, not past its last day, not ended.

    The day counts in the programme's own zone, up to its last instant.
    """
    at = at or now()
    if fellowship.ended_at and fellowship.ended_at <= at:
        return False
    today = fellowship.program.calendar().local(at).date()
    return fellowship.starts_on <= today <= fellowship.ends_on
