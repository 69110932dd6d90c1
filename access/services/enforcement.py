"""Desired state out to target systems, their acknowledgements in, and the alarm where none comes.

What is desired is worked out from the decision alone, at each change and in each sweep; a hint that
is lost costs a minute, never an access.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce

from access import desired
from access import target_policy as policy
from access.desired import Desired, Pair
from access.models import Assignment, Grant, TargetDataset, TargetSystem
from access.services.targets import KIND
from access.states import TargetKind
from fellowship.accounts.models import Actor
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.models import Delivery
from fellowship.notices.services import queue, supersede
from governance.services import raise_escalation
from governance.states import EscalationKind, Severity

BY = journal.System("access enforcement")
_CHANGED = ("desired", "until", "revision", "changed_at", "sent_at", "narrowed_at", "overdue_at")


def sync(programs: Iterable[int] | None = None) -> int:
    """Bring what every target system should let through up to date; returns how many rows changed.

    Finds nothing to do a second time.
    """
    targets = TargetSystem.objects.in_use().order_by("pk")
    if programs is not None:
        targets = targets.filter(program_id__in=programs)
    return sum(sync_target(target=target, by=BY) for target in targets)


def concerned(people: Collection[int], datasets: Collection[int]) -> bool:
    """Whether a change about these people or datasets can concern any target system."""
    served = TargetDataset.objects.filter(target__retired_at=None)
    if people:
        served = served.filter(dataset__grants__person__in=people)
    if datasets:
        served = served.filter(dataset__in=datasets)
    return served.exists()


@journal.verb("access.sync_target")
def sync_target(*, target: TargetSystem, by: Actor) -> int:
    """Work out what the target should let through, and tell it what changed.

    The target's row is the lock: two at once follow one another, and the second finds nothing. One
    event for all rows that changed, with the digest of what the target is told; nothing changed,
    nothing recorded. What a target took and never acknowledged it is told again.
    """
    at = now()
    target = TargetSystem.objects.locked().select_related("endpoint").get(pk=target.pk)
    if target.retired_at is not None:
        return 0
    changed = _work_out(target, at)
    if changed:
        target.revision += 1
        target.save()
        _write(target, changed, at)
    if not changed and not _to_tell_again(target, at):
        return 0
    told = _tell(target)
    if changed:
        closing = sum(row.narrowed_at == at for row in changed)
        journal.record(
            subject=target,
            change={
                "revision": target.revision,
                "changed": len(changed),
                "closing": closing,
                "told": digest(told),
            },
        )
    return len(changed)


def _work_out(target: TargetSystem, at: dt.datetime) -> list[Assignment]:
    """The rows that differ from what is desired now, with the new desire in them, unsaved."""
    served = target.serves.values("dataset_id")
    grants = Grant.objects.filter(dataset__in=served, fellowship__program=target.program_id)
    wanted = desired.of(grants, at)
    known = {(row.person_id, row.dataset_id): row for row in target.assignments.all()}
    changed = []
    for pair in sorted({*wanted, *known}):
        want = wanted.get(pair, desired.NOTHING)
        row = known.get(pair) or _new(target, pair)
        if row.desired != want.permissions:
            changed.append(_changed(row, want, target, at))
    return changed


def _new(target: TargetSystem, pair: Pair) -> Assignment:
    return Assignment(target=target, person_id=pair[0], dataset_id=pair[1], revision=0)


def _changed(row: Assignment, want: Desired, target: TargetSystem, at: dt.datetime) -> Assignment:
    """The row with its new desire. What the target may still let through counts as open.

    That is what it acknowledged, and what it was told since: it may have done that and died before
    it said so.
    """
    may_be_open = [*row.acknowledged, *row.desired]
    if row.narrowed_at is None and desired.narrows(may_be_open, want.permissions):
        row.narrowed_at, row.overdue_at = at, at + target.alarm_after
    row.desired, row.until, row.changed_at, row.sent_at = want.permissions, want.until, at, None
    return row


def _write(target: TargetSystem, changed: list[Assignment], at: dt.datetime) -> None:
    for row in changed:
        row.revision = target.revision
    Assignment.objects.bulk_create([row for row in changed if row.pk is None], batch_size=500)
    known = [row for row in changed if row.pk is not None]
    Assignment.objects.bulk_update(known, _CHANGED, batch_size=500)


def _to_tell_again(target: TargetSystem, at: dt.datetime) -> bool:
    """Whether the target took what it was sent, long ago, and never said that it enforces it."""
    if target.kind != TargetKind.WEBHOOK:
        return False
    silent = target.assignments.unacknowledged().filter(sent_at__lte=at - target.alarm_after)
    return (
        silent.exists() and not Delivery.objects.waiting().about(target).filter(kind=KIND).exists()
    )


def _tell(target: TargetSystem) -> dict[str, Any]:
    """Everything the target has not acknowledged, as one message in place of earlier ones."""
    data = told(target, target.assignments.unacknowledged())
    if target.endpoint is not None:
        supersede(kind=KIND, subject=target)
        queue(endpoint=target.endpoint, kind=KIND, data=data, subject=target, persistent=True)
    return data


def told(target: TargetSystem, rows: Any) -> dict[str, Any]:
    """The rows as a target system reads them: by message and by API alike."""
    shown = rows.select_related("person", "dataset").order_by("revision", "id")
    return {
        "target": target.ref,
        "revision": target.revision,
        "assignments": [
            {
                "person": {
                    "id": row.person_id,
                    "email": row.person.email,
                    "username": row.person.username,
                },
                "dataset": {"ref": row.dataset.ref, "slug": row.dataset.slug},
                "revision": row.revision,
                "permissions": row.desired,
                "until": desired.instant(row.until) if row.until else None,
            }
            for row in shown
        ],
    }


@journal.verb("access.acknowledge_target")
def acknowledge(*, target: TargetSystem, revision: int, by: Actor) -> int:
    """The target says it enforces everything up to `revision`; returns how many rows that settles.

    What changed after that revision stays open. Said twice, it is recorded once.
    """
    target = TargetSystem.objects.locked().get(pk=target.pk)
    refuse(policy.may_acknowledge(target, revision, by))
    at = now()
    settled = (
        target.assignments.unacknowledged()
        .filter(revision__lte=revision)
        .update(
            acknowledged=F("desired"),
            acknowledged_revision=F("revision"),
            acknowledged_at=at,
            sent_at=Coalesce("sent_at", at),
            narrowed_at=None,
            overdue_at=None,
            alarmed_at=None,
        )
    )
    if settled:
        journal.record(subject=target, change={"revision": revision, "settled": settled})
    return settled


def taken(target: TargetSystem, revision: int) -> int:
    """Note that the target was told everything up to `revision`: by message, or since it asked."""
    unsent = target.assignments.filter(revision__lte=revision, sent_at=None)
    return unsent.update(sent_at=now())


def raise_overdue() -> int:
    """Raise an alarm for each target that lets a revocation wait too long; once for each row."""
    at = now()
    late = Assignment.objects.overdue(at).filter(alarmed_at=None).order_by("target_id", "pk")
    rows = list(late.select_related("target__program", "person", "dataset")[:1000])
    by_target: dict[TargetSystem, list[Assignment]] = {}
    for row in rows:
        by_target.setdefault(row.target, []).append(row)
    return sum(alarm(target=target, rows=found, by=BY) for target, found in by_target.items())


@journal.verb("access.alarm_target")
def alarm(*, target: TargetSystem, rows: list[Assignment], by: Actor) -> int:
    """Call on-call: what should be closed may still be open there. Folds into an open alarm."""
    at = now()
    target = TargetSystem.objects.locked().select_related("program").get(pk=target.pk)
    still = Assignment.objects.overdue(at).filter(pk__in=[row.pk for row in rows], alarmed_at=None)
    alarmed: int = still.update(alarmed_at=at)
    if not alarmed:
        return 0
    lines = [
        say(
            "{person}: {dataset}, since {narrowed_at:%H:%M} UTC",
            person=row.person,
            dataset=row.dataset,
            narrowed_at=row.narrowed_at,
        )
        for row in rows[:10]
    ]
    more = [say("and {n} more", n=len(rows) - 10)] if len(rows) > 10 else []
    journal.record(subject=target, change={"overdue": alarmed})
    raise_escalation(
        program=target.program,
        kind=EscalationKind.ACCESS_NOT_CLOSED,
        severity=Severity.HIGH,
        subject=target,
        summary=joined(
            "\n",
            [
                say(
                    "{target} has not acknowledged that access is closed, within "
                    "{alarm_after_minutes} minutes. It may still let through:",
                    target=target,
                    alarm_after_minutes=target.alarm_after_minutes,
                ),
                *lines,
                *more,
            ],
        ),
        by=by,
    )
    return alarmed
