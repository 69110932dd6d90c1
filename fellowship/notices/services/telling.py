"""Tell people, let them say they have read it, and see the mail off."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Model, QuerySet

from fellowship.accounts.models import Realm, User
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import Missing
from fellowship.kernel.time import now
from fellowship.notices import links
from fellowship.notices.delivery import DeliveryReport, deliver
from fellowship.notices.models import CalendarFeed, Notice
from fellowship.notices.queries import hash_of

if TYPE_CHECKING:
    from fellowship.accounts.queries import AnyUser

__all__ = [
    "DeliveryReport",
    "Message",
    "close_calendar",
    "deliver",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_each",
    "open_calendar",
]

TITLE: Final = 200
BODY: Final = 10_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def notify(
    *,
    kind: str,
    to: Iterable[User | None] | QuerySet[User],
    title: str,
    body: str = "",
    url: str = "",
    subject_obj: Model | None = None,
    realm: Realm | Model | int | None = None,
    urgent: bool = False,
    dedupe: str = "",
) -> int:
    """Write one notice for each active person of `to`, in the transaction under way.

    Call it inside the verb, for people who may see the subject. `urgent` ones are mailed at once,
    the rest in a digest. With `dedupe` a person gets no second notice of that name, ever. `url` is
    a path of this site; anything else raises ValueError. Returns how many people are told; those
    told before count as well.
    """
    message = Message(kind, to, title, body, url, subject_obj, realm, urgent, dedupe)
    return notify_each([message])


@dataclass(frozen=True, slots=True)
class Message:
    """What `notify` takes, as a value: for telling many different things at once."""

    kind: str
    to: Iterable[User | None]
    title: str
    body: str = ""
    url: str = ""
    subject_obj: Model | None = None
    realm: Realm | Model | int | None = None
    urgent: bool = False
    dedupe: str = ""


def notify_each(messages: Iterable[Message]) -> int:
    """`notify` for many messages: for set-based work, in as many queries as there are batches."""
    notices = [notice for message in messages for notice in _notices(message)]
    with transaction.atomic():
        for named in (False, True):
            batch = [notice for notice in notices if bool(notice.dedupe) == named]
            Notice.objects.bulk_create(batch, batch_size=500, ignore_conflicts=named)
    return len(notices)


def _notices(message: Message) -> list[Notice]:
    if message.url and not links.is_local(message.url):
        raise ValueError(f"{message.url!r} is no path of this site")
    subject, realm = message.subject_obj, message.realm
    if realm is None and subject is not None:
        realm = getattr(subject, "realm_id", None) or getattr(subject, "program_id", None)
    words = None
    if saying.is_said(message.title) or saying.is_said(message.body):
        words = {"title": saying.pack(message.title), "body": saying.pack(message.body)}
    about = (subject._meta.label_lower, subject.pk) if subject else ("", None)
    return [
        Notice(
            recipient_id=pk,
            realm_id=realm.pk if isinstance(realm, Model) else realm,
            kind=message.kind,
            subject_type=about[0],
            subject_id=about[1],
            title=one_line(message.title),
            body=_CONTROL.sub("", message.body)[:BODY],
            words=words,
            url=message.url,
            urgent=message.urgent,
            dedupe=message.dedupe,
        )
        for pk in sorted({user.pk for user in message.to if user is not None and user.is_active})
    ]


def mark_read(*, notice: Notice, by: AnyUser) -> Notice:
    """Note that its person has read it; the first time counts. Raises Missing for another's."""
    if notice.recipient_id != by.pk:
        raise Missing
    at = now()
    if Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at):
        notice.read_at = at
    return notice


def mark_all_read(*, by: AnyUser) -> int:
    """Note that the person has read everything told so far; returns how many were unread."""
    return Notice.objects.visible_to(by).unread().update(read_at=now())


@journal.verb("notices.open_calendar")
def open_calendar(*, by: User) -> str:
    """Make the secret token of the person's calendar feed, and make any earlier one useless.

    The token is returned once and never kept.
    """
    token = secrets.token_urlsafe(32)
    feed, _ = CalendarFeed.objects.update_or_create(
        user=by, defaults={"token_hash": hash_of(token), "created_at": now()}
    )
    journal.record(subject=feed, change={"user": by.pk})
    return token


@journal.verb("notices.close_calendar")
def close_calendar(*, by: User) -> None:
    """Make the person's calendar feed useless; where there is none, nothing happens."""
    feed = CalendarFeed.objects.select_for_update().filter(user=by).first()
    if feed is not None:
        journal.record(subject=feed, change={"user": by.pk})
        feed.delete()


def one_line(text: str) -> str:
    """The text on one line without control characters, at most as long as a title may be."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= TITLE else f"{line[: TITLE - 1].rstrip()}…"
