"""What the database forbids of a finding's state and disposition, and what ends a closing.

A CHECK holds where its condition is unknown, so each condition on a column that may be empty says
so (`isnull`) before it asks for a value.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from findings.states import (
    SEVERITY_RANK,
    Closure,
    ControlState,
    FindingState,
    Mapping,
    Severity,
)
from governance.models import ExceptionRecord
from governance.states import ExceptionKind

State = FindingState
ACTED_ON: Final = Q(actionable__isnull=False, actionable=True)
EXPLORATORY: Final = Q(actionable__isnull=False, actionable=False)
OWNED_DUE_AND_MAPPED: Final = (
    Q(product_owner__isnull=False) & Q(due_at__isnull=False) & Q(mapping__in=Mapping.values)
)


def lapsed(at: dt.datetime) -> Q:
    """Findings settled on what holds no longer at `at`: they are open again.

    A deferral whose date has come, an exception that ended with no other in its place, a control
    that is verified no longer.
    """
    live = ExceptionRecord.objects.live(at).filter(
        subject_type="findings.finding",
        subject_id=OuterRef("pk"),
        kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
    )
    return (
        Q(state=State.DEFERRED, look_again_at__lte=at)
        | (Q(state=State.CLOSED, closure=Closure.EXCEPTION) & ~Exists(live))
        | (
            Q(state=State.CLOSED, closure=Closure.CONTROL)
            & ~Q(closing_control__state=ControlState.VERIFIED)
        )
    )


def _check(name: str, condition: Q) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


def _only_if(closure: Closure, column: str) -> Q:
    """The pointer is there for this closure, and for no other."""
    there = Q(**{f"{column}__isnull": False})
    return (Q(closure=closure) & there) | (~Q(closure=closure) & ~there)


CONSTRAINTS: Final = (
    _check("finding_state_is_known", Q(state__in=State.values)),
    _check(
        "finding_words_are_known",
        Q(closure__in=["", *Closure.values]) & Q(mapping__in=["", *Mapping.values]),
    ),
    _check(
        "finding_severity_and_rank_agree",
        Q(severity=Severity.CRITICAL, severity_rank=SEVERITY_RANK[Severity.CRITICAL])
        | Q(severity=Severity.HIGH, severity_rank=SEVERITY_RANK[Severity.HIGH])
        | Q(severity=Severity.MEDIUM, severity_rank=SEVERITY_RANK[Severity.MEDIUM])
        | Q(severity=Severity.LOW, severity_rank=SEVERITY_RANK[Severity.LOW]),
    ),
    _check(
        "finding_accepted_is_owned_due_and_mapped_or_exploratory",
        ~Q(state=State.ACCEPTED) | EXPLORATORY | (ACTED_ON & OWNED_DUE_AND_MAPPED),
    ),
    _check(
        "finding_is_acted_on_only_once_accepted",
        Q(state__in=[State.ACCEPTED, State.CLOSED]) | Q(actionable__isnull=True),
    ),
    _check("finding_turns_into_something_only_where_acted_on", ACTED_ON | Q(mapping="")),
    _check(
        "finding_disposition_says_why",
        ~Q(state__in=[State.ACCEPTED, State.REJECTED, State.DEFERRED]) | ~Q(rationale=""),
    ),
    _check(
        "finding_deferred_until_a_date",
        (Q(state=State.DEFERRED) & Q(look_again_at__isnull=False))
        | (~Q(state=State.DEFERRED) & Q(look_again_at__isnull=True)),
    ),
    _check(
        "finding_closed_points_at_what_closed_it",
        (Q(state=State.CLOSED) & ~Q(closure="") & Q(closed_at__isnull=False))
        | (~Q(state=State.CLOSED) & Q(closure="") & Q(closed_at__isnull=True)),
    ),
    _check(
        "finding_closed_at_and_by_go_together",
        (Q(closed_at=None) & Q(closed_by=None))
        | (Q(closed_at__isnull=False) & Q(closed_by__isnull=False)),
    ),
    _check("finding_duplicate_names_the_other", _only_if(Closure.DUPLICATE, "duplicate_of")),
    _check(
        "finding_is_no_duplicate_of_itself",
        Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("id")),
    ),
    _check("finding_excepted_names_the_exception", _only_if(Closure.EXCEPTION, "exception")),
    _check("finding_controlled_names_the_control", _only_if(Closure.CONTROL, "closing_control")),
    _check(
        "finding_closed_by_a_control_was_acted_on",
        ~Q(closure=Closure.CONTROL) | (ACTED_ON & OWNED_DUE_AND_MAPPED),
    ),
    _check(
        "finding_closed_as_exploratory_was_accepted_as_such",
        ~Q(closure=Closure.EXPLORATORY) | EXPLORATORY,
    ),
    _check(
        "finding_closed_by_rejection_or_as_duplicate_is_not_acted_on",
        ~Q(closure__in=[Closure.REJECTION, Closure.DUPLICATE]) | Q(actionable__isnull=True),
    ),
    _check(
        "finding_closed_by_rejection_says_why", ~Q(closure=Closure.REJECTION) | ~Q(rationale="")
    ),
)
