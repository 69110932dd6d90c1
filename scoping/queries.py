"""What lower applications ask: the signed scope, training, suspension, days with whom."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from fellowship.accounts.models import Realm, User
from fellowship.kernel.prepared import read
from fellowship.kernel.time import now
from scoping.models import Collaborator, Fellowship, ScopeOfWork, Suspension, Training
from scoping.states import FellowshipState, ScopeState, TrainingKind


def signed_scope(fellowship: Fellowship | int, at: dt.datetime | None = None) -> ScopeOfWork | None:
    """The version both sides had signed and none had replaced at `at` (default now).

    One query. None while nothing is signed: then nothing is allowed.
    """
    pk = fellowship.pk if isinstance(fellowship, Fellowship) else fellowship
    at = at or now()
    return next(iter(_signed(pk, at)), None)


@read
def _signed(fellowship: int, at: dt.datetime) -> QuerySet[ScopeOfWork]:
    rows = ScopeOfWork.objects.filter(
        Q(superseded_at=None) | Q(superseded_at__gt=at),
        fellowship_id=fellowship,
        state__in=[ScopeState.SIGNED, ScopeState.SUPERSEDED],
        signed_at__lte=at,
    )
    return rows.order_by("-number")[:1]


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
    return next(iter(_pending(fellowship.pk)), None)


@read
def _pending(fellowship: int) -> QuerySet[ScopeOfWork]:
    return ScopeOfWork.objects.pending().filter(fellowship_id=fellowship).order_by("-number")[:1]


def latest_training(person: User | int, realm_id: int) -> Training | None:
    """The security training of the person that expires last, expired or not."""
    person_id = person.pk if isinstance(person, User) else person
    return next(iter(_trained(person_id, realm_id)), None)


@read
def _trained(person: int, realm: int) -> QuerySet[Training]:
    rows = Training.objects.filter(
        person_id=person, realm_id=realm, kind=TrainingKind.SECURITY.value
    )
    return rows.order_by("-expires_at")[:1]


def live_suspension(
    fellowship: Fellowship | int, at: dt.datetime | None = None
) -> Suspension | None:
    """The suspension in force at `at`, or None."""
    pk = fellowship.pk if isinstance(fellowship, Fellowship) else fellowship
    return next(iter(_suspended(pk, at or now())), None)


@read
def _suspended(fellowship: int, at: dt.datetime) -> QuerySet[Suspension]:
    return Suspension.objects.live(at).filter(fellowship_id=fellowship)[:1]


def is_active(fellowship: Fellowship, at: dt.datetime | None = None) -> bool:
    """Whether the fellowship runs at `at`: begun, not past its last day, not ended.

    The day counts in the programme's own zone, up to its last instant.
    """
    at = at or now()
    if fellowship.ended_at and fellowship.ended_at <= at:
        return False
    today = fellowship.program.day(at)
    return fellowship.starts_on <= today <= fellowship.ends_on
