"""What people are told, and the mails that carry it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import recusals
from fellowship.accounts.models import Realm
from fellowship.history.models import Untracked
from fellowship.kernel import saying
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.states import MailState

if TYPE_CHECKING:
    from fellowship.accounts.queries import AnyUser


class Mail(Untracked):
    """One message to one person: an urgent notice, or the digest of several.

    Its notices and its `message_id` are fixed before the first attempt, so that a mail sent twice
    (a worker killed between sending and noting it) is recognised as the same one. While a worker is
    sending it, `lease` names that worker until `next_attempt_at`. Untracked: attempts are the
    machine's matter.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    message_id = models.CharField(max_length=200, unique=True)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    created_at = models.DateTimeField(default=now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease = models.UUIDField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(state="waiting"), name="mail_waiting"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(state="sent") & Q(sent_at__isnull=False))
                | (~Q(state="sent") & Q(sent_at=None)),
                name="mail_sent_has_its_instant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} ({self.get_state_display()})"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices by person and state."""

    def visible_to(self, user: AnyUser) -> Self:
        """The person's own; nobody reads another's.

        What is about a record that a declared conflict closes to them is left out, also where it
        was told before: from inbox, count, API and mail alike.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(recipient_id=user.pk).exclude(recusals.about(user))

    def unread(self) -> Self:
        """Those not opened yet."""
        return self.filter(read_at=None)

    def about(self, subject: models.Model) -> Self:
        """Those about this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)


class Notice(Untracked):
    """One thing one person is told: written in the transaction of the verb that caused it.

    Untracked: it repeats to a person what a ledger event already says, and reading it is no act in
    the programme. `dedupe` makes it the only one of its name for its recipient; `mail` is empty
    until the notice is put in a mail.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices"
    )
    realm = models.ForeignKey(
        Realm, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    words = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Title and text as `saying.pack` keeps them, to be said to the reader.",
    )
    url = models.CharField(max_length=500, blank=True)
    urgent = models.BooleanField(default=False)
    dedupe = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    mail = models.ForeignKey(
        Mail, null=True, blank=True, on_delete=models.PROTECT, related_name="notices"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["recipient", "-id"]),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["created_at", "id"], condition=Q(mail=None), name="notice_unmailed"
            ),
            models.Index(fields=["subject_type", "subject_id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "dedupe"],
                condition=~Q(dedupe=""),
                name="notice_once_per_name_and_recipient",
            ),
            models.CheckConstraint(
                condition=Q(subject_type="", subject_id=None)
                | (~Q(subject_type="") & Q(subject_id__isnull=False)),
                name="notice_names_its_whole_subject",
            ),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__startswith="/"), name="notice_leads_within_the_site"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def said_title(self) -> str:
        """The title in the language under way."""
        return str(saying.unpacked(self.words["title"])) if self.words else self.title

    @property
    def said_body(self) -> str:
        """The text in the language under way."""
        return str(saying.unpacked(self.words["body"])) if self.words else self.body

    def unread(self) -> bool:
        """Whether its person has not opened it."""
        return self.read_at is None

    @property
    def age(self) -> dt.timedelta:
        """How long ago it was written."""
        return now() - self.created_at


class CalendarFeed(Untracked):
    """The secret address of a person's calendar feed, of which only the hash is kept.

    Untracked: its opening and closing are ledger events, and a row is no fact of a case.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return say("calendar of {user}", user=self.user)


class OutboxLock(Untracked):
    """The row under whose lock one worker at a time puts notices into mails. Untracked:

    it holds no data.
    """

    name = models.CharField(max_length=20, primary_key=True)

    def __str__(self) -> str:
        return self.name
