"""From notices to mails to the mail server, at least once, by any number of workers.

Two steps. Under one lock, notices are put into mails: each urgent one into its own, the rest of a
person's into one digest once the oldest has waited for the period. Then mails are sent outside any
transaction, each claimed for one worker under a lease; what fails is tried again, later each time.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, Min

from fellowship.accounts import recusals
from fellowship.accounts.models import Conflict
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import frozen, now
from fellowship.notices.messages import compose
from fellowship.notices.models import Mail, Notice, OutboxLock
from fellowship.notices.states import MailState

DIGEST_MINUTES: Final = 15
RETRY_FIRST: Final = dt.timedelta(minutes=1)
RETRY_CAP: Final = dt.timedelta(hours=6)
ATTEMPTS: Final = 25
LEASE: Final = dt.timedelta(minutes=10)
SLOW_SECONDS: Final = 1
WAIT_SECONDS: Final = 15
"""A run that has waited so long for a slow server, beyond `SLOW_SECONDS` for each mail, leaves the
rest to the next one: other tasks need the worker."""
_BATCH: Final = 500
_CLAIM: Final = 20
_log = logging.getLogger(__name__)


@dataclass
class DeliveryReport:
    """What one delivery did, in mails."""

    at: dt.datetime
    composed: int = 0
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    waited: float = 0.0
    """Seconds for which a slow mail server held the run up."""

    @property
    def too_slow(self) -> bool:
        """Whether what is left had better wait."""
        return self.waited > WAIT_SECONDS

    def __str__(self) -> str:
        parts = [
            say("{composed} composed", composed=self.composed),
            say("{sent} sent", sent=self.sent),
        ]
        parts += [say("{failed} failed", failed=self.failed)] if self.failed else []
        parts += [say("{dropped} dropped", dropped=self.dropped)] if self.dropped else []
        return joined(", ", parts)


def deliver(at: dt.datetime | None = None) -> DeliveryReport:
    """Put into mails what is to go out by `at` (default now) and send what waits."""
    with frozen(at) if at else nullcontext():
        report = DeliveryReport(at or now())
        while count := _put_in_mails(report.at):
            report.composed += count
        for mails in _claimed(report.at):
            _send_all(mails, report)
            if report.too_slow:
                break
    return report


# --- notices into mails ---------------------------------------------------------------------


def _put_in_mails(at: dt.datetime) -> int:
    """Make one batch of mails; returns how many, 0 also while another worker is at it."""
    OutboxLock.objects.get_or_create(name="mails")
    with transaction.atomic():
        lock = OutboxLock.objects.select_for_update(skip_locked=_can_skip())
        if lock.filter(name="mails").first() is None:
            return 0
        groups = _urgent() or _digests(at)
        mails = Mail.objects.bulk_create(
            Mail(
                recipient_id=group[0].recipient_id,
                message_id=_message_id(),
                urgent=group[0].urgent,
                next_attempt_at=at,
            )
            for group in groups
        )
        for mail, group in zip(mails, groups, strict=True):
            for notice in group:
                notice.mail = mail
        Notice.objects.bulk_update([n for group in groups for n in group], ["mail"], 500)
    return len(mails)


def _urgent() -> list[list[Notice]]:
    """Urgent notices not in a mail, each by itself."""
    waiting = Notice.objects.filter(mail=None, urgent=True).order_by("id")
    return [[notice] for notice in waiting[:_BATCH]]


def _digests(at: dt.datetime) -> list[list[Notice]]:
    """All other waiting notices of people whose oldest one has waited for the period, by person."""
    minutes: int = getattr(settings, "NOTICES_DIGEST_MINUTES", DIGEST_MINUTES)
    waiting = Notice.objects.filter(mail=None, urgent=False)
    people = (
        waiting.order_by()
        .values("recipient")
        .annotate(oldest=Min("created_at"))
        .filter(oldest__lte=at - dt.timedelta(minutes=minutes))
        .order_by("oldest")
        .values_list("recipient", flat=True)[:_BATCH]
    )
    groups: dict[int, list[Notice]] = defaultdict(list)
    for notice in waiting.filter(recipient__in=list(people)).order_by("id"):
        groups[notice.recipient_id].append(notice)
    return list(groups.values())


def _can_skip() -> bool:
    """Whether rows another worker holds can be passed over; SQLite runs one writer at a time."""
    return connection.features.has_select_for_update_skip_locked


def _message_id() -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid.uuid4()}@{domain}>"


# --- mails to the server --------------------------------------------------------------------


def _claimed(at: dt.datetime) -> Iterator[list[Mail]]:
    """Waiting mails, a few at a time, each under a lease that keeps other workers off it."""
    while lease := _claim(at):
        mails = Mail.objects.filter(lease=lease).order_by("pk")
        yield list(mails.select_related("recipient").prefetch_related("notices"))


def _claim(at: dt.datetime) -> uuid.UUID | None:
    """Take the next waiting mails that no one else is taking; None when there are none."""
    lease = uuid.uuid4()
    with transaction.atomic():
        due = Mail.objects.select_for_update(skip_locked=_can_skip()).filter(
            state=MailState.WAITING, next_attempt_at__lte=at
        )
        ids = [mail.pk for mail in due.order_by("next_attempt_at", "pk")[:_CLAIM]]
        taken = Mail.objects.filter(pk__in=ids).update(
            lease=lease, next_attempt_at=at + LEASE, attempts=F("attempts") + 1
        )
    return lease if taken else None


def _send_all(mails: list[Mail], report: DeliveryReport) -> None:
    server: BaseEmailBackend = get_connection(fail_silently=False)
    try:
        closed = _closed(mails)
        for mail in mails:
            if report.too_slow:
                _give_back(mail, report.at)
            else:
                _send(mail, closed, server, report)
    finally:
        server.close()


def _closed(mails: list[Mail]) -> set[int]:
    """Notices their people may not know any more, having declared a conflict meanwhile."""
    people = {mail.recipient for mail in mails}
    recused = set(
        Conflict.objects.recusing().filter(user__in=people).values_list("user_id", flat=True)
    )
    return {
        pk
        for person in people
        if person.pk in recused
        for pk in Notice.objects.filter(recipient=person, mail__in=mails)
        .filter(recusals.about(person))
        .values_list("pk", flat=True)
    }


def _send(mail: Mail, closed: set[int], server: BaseEmailBackend, report: DeliveryReport) -> None:
    told = [notice for notice in mail.notices.all() if notice.pk not in closed]
    if not told or not mail.recipient.is_active:
        _note(mail, state=MailState.DROPPED)
        report.dropped += 1
        return
    began = time.monotonic()
    try:
        server.open()
        if not server.send_messages([compose(mail, told)]):
            raise ConnectionError("the mail server took nothing")
    except Exception as error:
        _log.warning("Mail %s failed, attempt %d: %s", mail.message_id, mail.attempts, error)
        _put_off(mail, f"{type(error).__name__}: {error}"[:500].replace("\x00", ""), report.at)
        report.failed += 1
    else:
        _note(mail, state=MailState.SENT, sent_at=report.at, error="")
        report.sent += 1
    report.waited += max(0.0, time.monotonic() - began - SLOW_SECONDS)


def _put_off(mail: Mail, error: str, at: dt.datetime) -> None:
    """Try again after twice as long as last time, up to the cap; give up after the last attempt."""
    wait = _wait_after(mail.attempts)
    state = MailState.GIVEN_UP if mail.attempts >= ATTEMPTS else MailState.WAITING
    _note(mail, state=state, error=error, next_attempt_at=at + wait)


def _wait_after(attempts: int) -> dt.timedelta:
    doubled: dt.timedelta = RETRY_FIRST * 2 ** min(attempts - 1, 20)
    return min(doubled, RETRY_CAP)


def tried_at(mail: Mail) -> dt.datetime:
    """When a mail that waits and was refused was last tried, or begun to be tried again."""
    tried: dt.datetime = mail.next_attempt_at - (
        LEASE if mail.lease else _wait_after(mail.attempts)
    )
    return tried


def _give_back(mail: Mail, at: dt.datetime) -> None:
    """Leave a mail that was not tried to whoever comes next."""
    _note(mail, attempts=F("attempts") - 1, next_attempt_at=at)


def _note(mail: Mail, **values: object) -> None:
    """Write the outcome, unless the lease has run out and the mail is another worker's by now."""
    Mail.objects.filter(pk=mail.pk, lease=mail.lease).update(lease=None, **values)
