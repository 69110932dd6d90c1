"""From outbox to other systems: at least once, by any number of workers, with the same id.

Each delivery is claimed for one worker by compare-and-swap under a lease, sent outside any
transaction, and noted in one. A worker killed in between leaves the lease to run out; the message
goes again under its own id, by which the other side knows it.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.db.models import F, Prefetch, Q

from fellowship.kernel.journal import System
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Attempt, Delivery, Endpoint, EndpointSecret
from fellowship.notices.services.failing import note_failing
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks import kinds, signing
from fellowship.notices.webhooks.posting import Answer, post

RETRY_FIRST: Final = dt.timedelta(seconds=30)
RETRY_CAP: Final = dt.timedelta(hours=1)
ATTEMPTS: Final = 20
LEASE: Final = dt.timedelta(minutes=2)
_CLAIM: Final = 16
_ROUNDS: Final = 40
BY: Final = System("webhooks")
_log = logging.getLogger(__name__)


@dataclass
class SendingReport:
    """What one run did, in deliveries."""

    at: dt.datetime
    delivered: int = 0
    put_off: int = 0
    failed: int = 0
    failing: set[Endpoint] = field(default_factory=set)
    """Where something did not arrive."""

    def __str__(self) -> str:
        parts = [say("{delivered} delivered", delivered=self.delivered)]
        parts += [say("{put_off} put off", put_off=self.put_off)] if self.put_off else []
        parts += [say("{failed} failed", failed=self.failed)] if self.failed else []
        return joined(", ", parts)


def send_waiting(at: dt.datetime | None = None) -> SendingReport:
    """Send what is due at `at` (default now), several at once: a slow system holds up no other."""
    with frozen(at) if at else nullcontext():
        report = SendingReport(at or now())
        with ThreadPoolExecutor(max_workers=_CLAIM) as pool:
            for claimed in _claimed(report.at):
                posts = [pool.submit(post, *_message(one, report.at)) for one in claimed]
                for delivery, sent in zip(claimed, posts, strict=True):
                    _note(delivery, sent.result(), report)
        for endpoint in report.failing:
            note_failing(endpoint=endpoint, by=BY)
    return report


def _claimed(at: dt.datetime) -> Iterator[list[Delivery]]:
    """Due deliveries, a few at a time, each under a lease that keeps other workers off it."""
    in_use = EndpointSecret.objects.filter(Q(until=None) | Q(until__gt=at))
    for _ in range(_ROUNDS):
        lease = uuid.uuid4()
        if not _claim(at, lease):
            return
        mine = Delivery.objects.filter(lease=lease).order_by("pk").select_related("endpoint")
        yield list(mine.prefetch_related(Prefetch("endpoint__secrets", in_use)))


def _claim(at: dt.datetime, lease: uuid.UUID) -> int:
    """Take the next due ones; each only if nobody took or noted it since it was read."""
    due = Delivery.objects.waiting().filter(next_attempt_at__lte=at, endpoint__enabled=True)
    taken = 0
    seen = due.order_by("next_attempt_at", "pk").values_list("pk", "next_attempt_at")[:_CLAIM]
    for pk, next_attempt_at in list(seen):
        same = Delivery.objects.waiting().filter(pk=pk, next_attempt_at=next_attempt_at)
        taken += same.update(lease=lease, next_attempt_at=at + LEASE, attempts=F("attempts") + 1)
    return taken


def _message(delivery: Delivery, at: dt.datetime) -> tuple[str, bytes, dict[str, str]]:
    kept = [secret.sealed for secret in delivery.endpoint.secrets.all()]
    headers = signing.headers(delivery.message_id, delivery.body, at, kept)
    return delivery.endpoint.url, delivery.body.encode(), headers


def _note(delivery: Delivery, answer: Answer, report: SendingReport) -> None:
    taken = answer.taken and _arrived(delivery, answer, report.at)
    Attempt.objects.create(
        endpoint=delivery.endpoint,
        delivery=delivery,
        at=report.at,
        url=delivery.endpoint.url,
        taken=taken,
        status=answer.status,
        answer=answer.text,
        milliseconds=answer.milliseconds,
    )
    if taken:
        report.delivered += 1
        return
    report.failing.add(delivery.endpoint)
    gives_up = not delivery.persistent and delivery.attempts >= ATTEMPTS
    _write(
        delivery,
        state=DeliveryState.FAILED if gives_up else DeliveryState.WAITING,
        status=answer.status,
        answer=answer.text,
        next_attempt_at=report.at + wait_after(delivery.attempts),
    )
    report.failed += gives_up
    report.put_off += not gives_up


def wait_after(attempts: int) -> dt.timedelta:
    """How long to wait after that many attempts: twice as long each time, up to a cap."""
    doubled: dt.timedelta = RETRY_FIRST * 2 ** min(attempts - 1, 20)
    return min(doubled, RETRY_CAP)


def _arrived(delivery: Delivery, answer: Answer, at: dt.datetime) -> bool:
    """Note it as taken and tell whoever must know, or nothing of both."""
    try:
        with transaction.atomic():
            noted = _write(
                delivery,
                state=DeliveryState.DELIVERED,
                status=answer.status,
                answer=answer.text,
                delivered_at=at,
            )
            if noted:
                kinds.arrived(delivery, answer)
    except Exception:
        _log.exception("%s arrived, which could not be noted; it is sent again", delivery)
        return False
    return True


def _write(delivery: Delivery, **values: object) -> int:
    """Write the outcome, unless the lease has run out and the delivery is another's by now."""
    mine = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
    return mine.filter(state=DeliveryState.WAITING).update(lease=None, **values)
