"""What time does when access ends: the clock of deletion, its alarm, and the review of escrow."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from access.deletion import Duty, duties
from access.models import DeletionCertificate, EscrowDeposit, Grant
from access.services.endings import DELETION_CLOCK
from access.services.escrow import REVIEW_CLOCK
from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks import services as clocks
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach, sweeper
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from governance.models import ExceptionRecord
from governance.services import raise_escalation
from governance.states import EscalationKind, ExceptionKind, Severity

SWEEP = System("access.deletions")
SILENCE = say("The data steward is told, and an alarm is raised.")
_GRANT = Grant._meta.label_lower
_LONGEST = Window(3_660, "calendar_days")

describe(DELETION_CLOCK, label=say("Deletion of data"))
describe(
    REVIEW_CLOCK, label=say("Review of a deposit in escrow"), reminders=(30, 7), appointment=True
)


@sweeper("access.deletions")
def start_deletions(at: dt.datetime) -> int:
    """Start the clock of each dataset whose access has ended; stop it where an exception keeps it,
    or where it was granted again.

    It starts again when the exception or the new grant is over: after an exception as if there had
    been none.
    """
    changed = 0
    for clock in _kept(at):
        clocks.stop(
            clock=clock, by=SWEEP, reason=say("An exception keeps the data for replication.")
        )
        changed += 1
    for clock in _granted_again(at):
        clocks.stop(clock=clock, by=SWEEP, reason=say("The data was granted again."))
        changed += 1
    for grant in _ended(at).select_related("fellowship__program", "fellowship__fellow", "dataset"):
        duty = _duty_of(grant, at)
        if duty is None or duty.exception or duty.grant.pk != grant.pk or duty.ends_at > at:
            continue
        starts_at = min(duty.ends_at, duty.due_at - dt.timedelta(minutes=1))
        clocks.start(
            kind=DELETION_CLOCK,
            subject=grant,
            realm=grant.program_id,
            window=_LONGEST,
            at=starts_at,
            due_at=duty.due_at,
            by=SWEEP,
            holder="you",
            holder_user=grant.fellowship.fellow,
            silence=SILENCE,
            rule=duty.clause[:200],
        )
        changed += 1
    return changed


def _ended(at: dt.datetime) -> QuerySet[Grant]:
    """Each dataset's last grant, ended, neither certified, nor kept, nor with a clock."""
    accepted = _accepted()
    pair = {"fellowship_id": OuterRef("fellowship_id"), "dataset_id": OuterRef("dataset_id")}
    live = _not_over(accepted, at).filter(**pair)
    later = accepted.filter(pk__gt=OuterRef("pk"), **pair)
    waited = Clock.objects.open().filter(
        kind=DELETION_CLOCK, subject_type=_GRANT, subject_id=OuterRef("pk")
    )
    found: QuerySet[Grant] = accepted.filter(
        Q(revoked_at__lte=at) | Q(ends_at__lte=at),
        ~Exists(DeletionCertificate.objects.filter(**pair)),
        ~Exists(live),
        ~Exists(later),
        ~Exists(waited),
        ~Exists(_exceptions(at).filter(subject_id=OuterRef("pk"))),
    ).order_by("pk")
    return found


def _accepted() -> QuerySet[Grant]:
    found: QuerySet[Grant] = Grant.objects.filter(agreement__accepted_at__isnull=False)
    return found


def _not_over(grants: QuerySet[Grant], at: dt.datetime) -> QuerySet[Grant]:
    return grants.filter(Q(revoked_at=None) | Q(revoked_at__gt=at), ends_at__gt=at)


def _granted_again(at: dt.datetime) -> QuerySet[Clock]:
    """Open clocks of data whose access goes on, or will, under another grant.

    Under another: a clock of the machine that was set back ends no deadline that runs.
    """
    on = (
        _not_over(_accepted(), at)
        .filter(fellowship_id=OuterRef("fellowship_id"), dataset_id=OuterRef("dataset_id"))
        .exclude(pk=OuterRef("pk"))
    )
    ended = Grant.objects.filter(pk=OuterRef("subject_id")).filter(Exists(on))
    rows = Clock.objects.open().filter(kind=DELETION_CLOCK, subject_type=_GRANT)
    found: QuerySet[Clock] = rows.filter(Exists(ended)).order_by("pk")
    return found


def _exceptions(at: dt.datetime) -> QuerySet[ExceptionRecord]:
    return ExceptionRecord.objects.live(at).filter(
        kind=ExceptionKind.RETENTION, subject_type=_GRANT
    )


def _kept(at: dt.datetime) -> QuerySet[Clock]:
    """Open clocks of data that a live exception keeps."""
    live = _exceptions(at).filter(subject_id=OuterRef("subject_id"))
    rows = Clock.objects.open().filter(kind=DELETION_CLOCK, subject_type=_GRANT)
    found: QuerySet[Clock] = rows.filter(Exists(live)).order_by("pk")
    return found


def _duty_of(grant: Grant, at: dt.datetime) -> Duty | None:
    found = duties(grant.fellowship, at)
    return next((duty for duty in found if duty.dataset.pk == grant.dataset_id), None)


@on_breach(DELETION_CLOCK)
def deletion_late(clock: Clock, at: dt.datetime) -> None:
    """Nobody certified the deletion in time: an alarm, unless it was, or is not due."""
    grant = Grant.objects.select_related("fellowship__program", "dataset").get(pk=clock.subject_id)
    duty = _duty_of(grant, at)
    if duty is None or duty.met or duty.certificate or at < duty.due_at:
        return
    summary = say(
        "{dataset} of {ref} should have been deleted by {day:%-d %B %Y} ({clause}); "
        "no deletion is certified.",
        dataset=grant.dataset,
        ref=grant.fellowship.ref,
        day=duty.last_day,
        clause=duty.clause,
    )
    raise_escalation(
        program=grant.fellowship.program,
        kind=EscalationKind.DELETION_OVERDUE,
        severity=Severity.MEDIUM,
        subject=grant.fellowship,
        summary=summary,
        by=SWEEP,
    )
    steward: Any = grant.dataset.steward
    notify(
        kind="access.deletion_overdue",
        to={steward, grant.person},
        subject_obj=grant,
        title=say("{dataset}: its deletion is overdue", dataset=grant.dataset),
        body=summary,
        url=grant.get_absolute_url(),
        urgent=True,
    )


@on_breach(REVIEW_CLOCK, ends=True)
def escrow_review_due(clock: Clock, at: dt.datetime) -> None:
    """A deposit's review is due: the data stewards are told; it stays in escrow."""
    deposit = EscrowDeposit.objects.select_related("fellowship").get(pk=clock.subject_id)
    notify(
        kind="access.escrow_review",
        to=holders(deposit.program_id, roles.STEWARD),
        subject_obj=deposit,
        title=say("{ref}: is it still needed in escrow?", ref=deposit.ref),
        body=deposit.title,
        url=deposit.get_absolute_url(),
    )
