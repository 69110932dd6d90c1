"""What time does: access that expired is told to its targets, silence raises an alarm, the trail's
months stand ready.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from functools import partial

from celery import shared_task
from django.conf import settings
from django.db import connection

from access.changes import on_change
from access.models import AccessEvent, TargetSystem
from access.services import enforcement, reminding
from access.services.targets import KIND
from fellowship.clocks.registry import sweeper
from fellowship.history import months
from fellowship.kernel import journal
from fellowship.kernel.connections import close_stale
from fellowship.kernel.saying import say
from fellowship.notices.models import Delivery
from fellowship.notices.tasks import send
from fellowship.notices.webhooks import kinds
from fellowship.notices.webhooks.posting import Answer

_log = logging.getLogger(__name__)
LATER = 202
"""A target that answers so has the message and will say by itself when it enforces it."""


@sweeper("access.targets")
def targets(at: dt.datetime) -> int:
    """Tell targets what changed with time, and again what they took and never acknowledged."""
    return enforcement.sync()


@sweeper("access.reminders")
def reminders(at: dt.datetime) -> int:
    """Tell people which of their grants end soon."""
    return reminding.remind(at)


@sweeper("access.alarms")
def alarms(at: dt.datetime) -> int:
    """Raise alarms for revocations not acknowledged in time."""
    return enforcement.raise_overdue()


@sweeper("access.months")
def ready_months(at: dt.datetime) -> int:
    """Make the partitions of the months to come. PostgreSQL."""
    return months.add(connection, AccessEvent, months.ahead(at))


def arrived(delivery: Delivery, answer: Answer) -> None:
    """A target took what it was sent: unless it says "later", it enforces it."""
    target = TargetSystem.objects.in_use().filter(pk=delivery.subject_id or 0).first()
    if target is None:
        return
    revision = int(json.loads(delivery.body)["data"]["revision"])
    enforcement.taken(target, revision)
    if answer.status != LATER:
        enforcement.acknowledge(target=target, revision=revision, by=enforcement.BY)


_TEXTS = {"type": "array", "items": kinds.TEXT}
_UNTIL = {"type": ["string", "null"], "format": "date-time"}
_NUMBER = {"type": "integer", "minimum": 0}
kinds.register(
    KIND,
    say("What a target system should let through"),
    arrived,
    data=kinds.object_of(
        target=kinds.TEXT,
        revision=_NUMBER,
        assignments={
            "type": "array",
            "items": kinds.object_of(
                person=kinds.object_of(id=_NUMBER, email=kinds.TEXT, username=kinds.TEXT),
                dataset=kinds.object_of(ref=kinds.TEXT, slug=kinds.TEXT),
                revision=_NUMBER,
                permissions={
                    "type": "array",
                    "items": kinds.object_of(
                        grant=kinds.TEXT,
                        operations=_TEXTS,
                        fields=_TEXTS,
                        row_filters=_TEXTS,
                        until=_UNTIL,
                    ),
                },
                until=_UNTIL,
            ),
        },
    ),
    example={
        "target": "TGT-2026-001",
        "revision": 42,
        "assignments": [
            {
                "person": {"id": 7, "email": "fellow@fellowship.example", "username": "fellow"},
                "dataset": {"ref": "DS-2026-001", "slug": "refusal-logs"},
                "revision": 42,
                "permissions": [
                    {
                        "grant": "GRA-2026-005",
                        "operations": ["view", "query"],
                        "fields": ["turn", "refused"],
                        "row_filters": [],
                        "until": "2027-01-25T00:00:00Z",
                    }
                ],
                "until": "2027-01-25T00:00:00Z",
            }
        ],
    },
)


@on_change
def changed(*, program: int | None, people: frozenset[int], datasets: frozenset[int]) -> None:
    """Tell the target systems concerned once the change has committed.

    A hint to hurry, once per block of a transaction: what is lost of it, the next sweep finds.
    """
    here, about = set(connection.savepoint_ids), (program, people, datasets)
    waiting = [hook[1] for hook in connection.run_on_commit if hook[0] == here]
    if not any(getattr(hook, "args", ()) == about for hook in waiting):
        journal.after_commit(partial(_hurry, *about))


def _hurry(program: int | None, people: frozenset[int], datasets: frozenset[int]) -> None:
    """At once where there is no broker, else by a worker. What fails is left to the sweep."""
    try:
        if not enforcement.concerned(people, datasets):
            return
        if settings.CELERY_TASK_ALWAYS_EAGER:
            sync_targets(program)
        else:
            sync_targets.delay(program)
    except Exception:
        _log.exception("Target systems are told by the next sweep")


@shared_task(name="access.sync_targets")
def sync_targets(program: int | None = None) -> str:
    """Tell target systems what changed, and have it sent; a lost run costs a minute."""
    close_stale()
    told = enforcement.sync([program] if program else None)
    if told and not settings.CELERY_TASK_ALWAYS_EAGER:
        send.delay()
    return say("{told} told", told=told)
