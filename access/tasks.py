"""What time does: access that expired is told to its targets, silence raises an alarm, the trail's
months stand ready and kept answers are forgotten.
"""

from __future__ import annotations

import datetime as dt
import json

from django.db import connection

from access.models import AccessEvent, TargetSystem
from access.services import answers, enforcement
from access.services.targets import KIND
from fellowship.clocks.registry import sweeper
from fellowship.history import months
from fellowship.notices.models import Delivery
from fellowship.notices.webhooks import kinds
from fellowship.notices.webhooks.posting import Answer

LATER = 202
"""A target that answers so has the message and will say by itself when it enforces it."""


@sweeper("access.targets")
def targets(at: dt.datetime) -> int:
    """Tell targets what changed with time, and again what they took and never acknowledged."""
    return enforcement.sync()


@sweeper("access.alarms")
def alarms(at: dt.datetime) -> int:
    """Raise alarms for revocations not acknowledged in time."""
    return enforcement.raise_overdue()


@sweeper("access.months")
def ready_months(at: dt.datetime) -> int:
    """Make the partitions of the months to come. PostgreSQL."""
    return months.add(connection, AccessEvent, months.ahead(at))


@sweeper("access.answers")
def forget_answers(at: dt.datetime) -> int:
    """Remove kept answers whose time is over."""
    return answers.forget(at)


def arrived(delivery: Delivery, answer: Answer) -> None:
    """A target took what it was sent: unless it says "later", it enforces it."""
    target = TargetSystem.objects.in_use().filter(pk=delivery.subject_id or 0).first()
    if target is None:
        return
    revision = int(json.loads(delivery.body)["data"]["revision"])
    enforcement.taken(target, revision)
    if answer.status != LATER:
        enforcement.acknowledge(target=target, revision=revision, by=enforcement.BY)


kinds.register(KIND, "What a target system should let through", arrived)
