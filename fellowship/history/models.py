"""The ledger's tables, and what domain models inherit."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts.models import Realm
from fellowship.kernel.saying import say
from fellowship.kernel.tracking import Tracked, TrackedQuerySet, Untracked

__all__ = [
    "Checkpoint",
    "Event",
    "Redaction",
    "Seal",
    "Sequence",
    "Shape",
    "Tracked",
    "TrackedQuerySet",
    "Untracked",
]


class EventQuerySet(models.QuerySet["Event"]):
    """Events by subject, realm and time."""

    def about(self, subject: models.Model) -> Self:
        """Events whose subject is this record, newest first."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by(
            "-id"
        )


class AppendOnly(models.Model):
    """Marker: triggers refuse to change, remove or replace rows of the model, whoever asks."""

    append_only = True

    class Meta:
        abstract = True


class Event(AppendOnly):
    """One act: who did what to which record, when and why. Append-only at the database.

    `body` is the canonical JSON (RFC 8785) whose leaf hash (RFC 9162: SHA-256 of 0x00 and the
    bytes) is `leaf_hash`; the columns repeat it for queries, and verification compares them.
    """

    class ActorKind(models.TextChoices):
        """Who can act."""

        PERSON = "person", say("Person")
        SERVICE = "service", say("Service")
        RULE = "rule", say("Rule")

    uid = models.UUIDField(unique=True)
    at = models.DateTimeField()
    verb = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # the index of (actor, at) serves as well
    )
    actor_label = models.CharField(max_length=200, blank=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_ref = models.CharField(max_length=80, blank=True)
    realm = models.ForeignKey(
        Realm, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.TextField(blank=True)
    body = models.TextField()
    leaf_hash = models.CharField(max_length=64)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "id"]),
            # With the id: a batch gives one instant to thousands.
            models.Index(fields=["realm", "at", "id"]),
            models.Index(fields=["realm", "subject_type", "at", "id"], name="event_of_kind"),
            models.Index(fields=["realm", "verb", "at"]),
            models.Index(fields=["actor", "at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(actor_kind="person") & Q(actor__isnull=False))
                | (~Q(actor_kind="person") & Q(actor=None) & ~Q(actor_label="")),
                name="event_actor_is_a_person_or_has_a_label",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_ref or self.subject_id}"

    @property
    def actor_name(self) -> str:
        """The person's name as it is now, or the service's or rule's label."""
        return str(self.actor) if self.actor_id else self.actor_label


class Seal(AppendOnly):
    """The place of an event in the log: gapless from 0. Append-only.

    `leaf_hash` is the event's as it was when sealed: with it, verification names the very index at
    which an event was changed, or two were exchanged.
    """

    seq = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")
    leaf_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("seq",)

    def __str__(self) -> str:
        return str(self.seq)


class Checkpoint(AppendOnly):
    """A signed statement of the log's size and Merkle root, as a C2SP signed note. Append-only.

    `number` is gapless from 1. `edge` is the compact range of the log at `size`: the roots, in hex,
    of the perfect subtrees it consists of. The next sealing continues from it and hashes new leaves
    alone, so what was changed behind an older seal cannot slip into a later root. Verification does
    not trust it.
    """

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(unique=True)
    root_hash = models.CharField(max_length=64)
    edge = models.TextField()
    note = models.TextField()
    key_id = models.CharField(max_length=8)
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.size} {self.root_hash[:12]}"


class Shape(AppendOnly):
    """Which columns the digests of a model's history rows cover. Append-only.

    Its key is a hash of what it says, and events name it beside each row's digest: rows written
    before a column was added stay verifiable.
    """

    key = models.CharField(max_length=16, primary_key=True)
    model = models.CharField(max_length=80)
    columns = models.TextField()

    class Meta:
        ordering = ("model", "key")

    def __str__(self) -> str:
        return f"{self.model} {self.key}"


class Redaction(AppendOnly):
    """That personal data was taken out of one row of the record: its digest before, and since.

    Append-only. `event` is that of the erasure, whose body holds the digest of all its redactions:
    a row changed behind the application has none, and one made up is in no event. For an event the
    digests are leaf hashes, and its own `leaf_hash` and seal stay what was sealed.
    """

    event = models.UUIDField(db_index=True)
    model = models.CharField(max_length=80)
    row = models.BigIntegerField()
    before = models.CharField(max_length=64)
    after = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "row", "after"], name="redaction_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.row}"


class Sequence(Untracked):
    """The last number given in a series of references. Untracked: references are history."""

    key = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}-{self.last}"
