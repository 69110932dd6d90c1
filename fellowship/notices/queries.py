"""What a person has to read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Count, QuerySet, Value, When

from fellowship.accounts.models import User
from fellowship.accounts.queries import may_be_recused
from fellowship.kernel.prepared import read
from fellowship.notices.models import CalendarFeed, Notice, NoticeQuerySet

if TYPE_CHECKING:
    from fellowship.accounts.queries import AnyUser


def unread_count(user: AnyUser) -> int:
    """How many notices the person has not read; for the navigation."""
    count: int = sum(_unread(user.pk))
    if not count or not may_be_recused(user):
        return count
    return Notice.objects.visible_to(user).unread().count()


@read
def _unread(key: int) -> QuerySet[Notice, int]:
    """How many notices a person has not read, whatever is closed to them; nothing for none."""
    unread = Notice.objects.filter(recipient_id=key).unread().order_by().values("recipient_id")
    return unread.annotate(count=Count("pk")).values_list("count", flat=True)


def hash_of(token: str) -> str:
    """What is kept of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


def feed_owner(token: str) -> User | None:
    """The active person whose calendar feed has this token."""
    feed = CalendarFeed.objects.select_related("user").filter(token_hash=hash_of(token)).first()
    return feed.user if feed and feed.user.is_active else None


def inbox(user: AnyUser) -> NoticeQuerySet:
    """The person's notices: the unread first, the newest first among each."""
    is_read = Case(
        When(read_at=None, then=Value(False)), default=Value(True), output_field=BooleanField()
    )
    return Notice.objects.visible_to(user).alias(is_read=is_read).order_by("is_read", "-id")
