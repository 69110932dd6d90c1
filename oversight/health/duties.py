"""What was due and is not done: conditions, exceptions, windows, alarms, owners, promises."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from fellowship.accounts import recusals
from fellowship.clocks import registry
from fellowship.clocks.models import Clock
from fellowship.clocks.states import Side
from findings.models import Finding
from governance.models import Condition, Escalation, ExceptionRecord
from governance.models.exceptions import DECIDED
from oversight.health.scope import Scope
from publications.models import Objection, Publication, Question
from publications.states import PublicationState, ReviewTrack


def conditions(scope: Scope) -> QuerySet[Any]:
    """Conditions neither verified nor waived whose day has passed."""
    return scope.seen(Condition.objects.overdue(scope.at).filter(program_id=scope.program.pk))


def renewed(scope: Scope) -> QuerySet[Any]:
    """Exceptions of the period that are renewals once too often; of a chain only the last."""
    later = ExceptionRecord.objects.filter(extends_id=OuterRef("pk"), state__in=DECIDED)
    rows = ExceptionRecord.objects.filter(
        ~Exists(later),
        program_id=scope.program.pk,
        state__in=DECIDED,
        renewals__gt=scope.terms.renewals_borne,
        expires_at__gt=scope.since,
    )
    return scope.seen(rows)


def windows(scope: Scope) -> QuerySet[Any]:
    """Publications whose review window ended in the period."""
    rows = Publication.objects.filter(
        program_id=scope.program.pk,
        window_ends_at__gt=scope.since,
        window_ends_at__lte=scope.at,
    )
    return scope.seen(rows.exclude(state=PublicationState.WITHDRAWN))


def lapsed(scope: Scope) -> QuerySet[Any]:
    """Those that ran out without a word of a policy reviewer: no clearance, objection, question."""
    objected = Objection.objects.filter(
        publication_id=OuterRef("pk"), raised_at__lte=OuterRef("window_ends_at")
    )
    asked = Question.objects.filter(
        publication_id=OuterRef("pk"),
        track=ReviewTrack.POLICY,
        asked_at__lte=OuterRef("window_ends_at"),
    )
    ran_out = Q(released_at=None) | Q(released_at__gte=F("window_ends_at"))
    return windows(scope).filter(ran_out, ~Exists(objected), ~Exists(asked), policy_cleared_at=None)


def alarms(scope: Scope) -> QuerySet[Any]:
    """Escalations raised in the period."""
    rows = Escalation.objects.filter(
        program_id=scope.program.pk, raised_at__gt=scope.since, raised_at__lte=scope.at
    )
    return scope.seen(rows)


def late(scope: Scope) -> QuerySet[Any]:
    """Those acknowledged after their time, or not yet although it is over."""
    never = Q(acknowledged_at=None, acknowledge_by__lte=scope.at)
    return alarms(scope).filter(never | Q(acknowledged_at__gte=F("acknowledge_by")))


def unowned(scope: Scope) -> QuerySet[Any]:
    """Findings on which a clock runs that have had no owner, or one who has left, for too long."""
    borne = scope.at - dt.timedelta(days=scope.terms.unowned_days)
    nobody = Q(product_owner=None) | Q(product_owner__is_active=False)
    rows = Finding.objects.unsettled().filter(
        nobody, program_id=scope.program.pk, reported_at__lte=borne
    )
    return scope.seen(rows)


def promises(scope: Scope) -> QuerySet[Any]:
    """Clocks of ours that fell due in the period.

    Neither appointments nor windows in which silence decides: both end as they were meant to.
    """
    rows = Clock.objects.filter(
        realm_id=scope.program.pk,
        holder=Side.US,
        due_at__gt=scope.since,
        due_at__lte=scope.at,
        paused_at=None,
    ).exclude(kind__in=registry.appointments() | registry.decided_by_silence())
    return rows if scope.user is None else rows.exclude(recusals.about(scope.user))


def missed(scope: Scope) -> QuerySet[Any]:
    """Those that ran out before anybody ended them."""
    return promises(scope).filter(Q(ended_at=None) | Q(ended_at__gte=F("due_at")))
