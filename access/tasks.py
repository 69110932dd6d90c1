"""What time does to target systems: access that expired is told, silence raises an alarm."""

from __future__ import annotations

import datetime as dt
import json

from access.models import TargetSystem
from access.services import enforcement
from access.services.targets import KIND
from fellowship.clocks.registry import sweeper
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
