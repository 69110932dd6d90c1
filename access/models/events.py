"""The access trail: what systems reported, with the verdict of the facts at its own time.

All tables are append-only at the database. Events come by the million, so they carry plain keys
without database constraints and no history of their own: each batch binds the digests of its rows
into one ledger event (docs/adr/0005-access-events-in-batches.md). On PostgreSQL events lie in one
partition for each month in which they happened (docs/adr/0017-events-by-month.md).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet

from access.models.datasets import Dataset
from access.models.grants import Grant
from access.models.requests import ACCESS_STAFF, fellowships_of
from access.states import EventKind, Operation, Verdict
from fellowship.accounts.queries import may_be_recused, realm_ids_where
from fellowship.history.models import Untracked
from fellowship.kernel import saying
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from scoping.models import Fellowship
from scoping.recusals import fellowships as closed_cases

APPEND_ONLY: Final = True


class EventBatchQuerySet(models.QuerySet["EventBatch"]):
    """Batches by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes whose whole trail the person reads."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(program_id__in=realm_ids_where(user, *ACCESS_STAFF))


class EventBatch(Untracked):
    """What was ingested together. Append-only and untracked: it is written once and never changed.

    `digests` holds the SHA-256 of each row, 32 bytes each, in the order of `position`; `root` is
    the SHA-256 over them, and stands in the ledger. A batch of which nothing was kept but something
    refused is here as well, without rows.
    """

    append_only = APPEND_ONLY

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=80, help_text="Who sent it.")
    received_at = models.DateTimeField(default=now)
    count = models.PositiveIntegerField()
    late = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0, help_text="Known ids with other content.")
    refused = models.PositiveIntegerField(default=0, help_text="Conflicts included.")
    refusals = models.JSONField(
        default=list, help_text="The first refused rows: index, code and reason."
    )
    verdicts = models.JSONField(default=dict)
    words = models.JSONField(
        default=dict,
        editable=False,
        help_text="What clauses and reasons of its events are made of (`saying.pack`), by text.",
    )
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    digests = models.BinaryField()
    root = models.CharField(max_length=64)

    objects: ClassVar = EventBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["program", "id"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(count=0, first_at=None, last_at=None)
                | Q(count__gt=0, first_at__lte=F("last_at")),
                name="event_batch_first_and_last_where_there_are_rows",
            ),
            models.CheckConstraint(
                condition=Q(late__lte=F("count"), conflicts__lte=F("refused")),
                name="event_batch_counts_fit",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """How the record names it."""
        return say("batch {pk}", pk=self.pk)

    def said(self, text: str) -> str:
        """A clause or reason of one of its events, saying itself where its words were kept."""
        return saying.unpacked(self.words.get(text)) or text


def _link(to: Any, related_name: str = "+") -> models.ForeignKey[Any, Any]:
    """A key without a database constraint: checking four of them would halve the rate of ingestion.

    What they point at is never deleted: people are deactivated, tracked records kept.
    """
    return models.ForeignKey(
        to,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name=related_name,
    )


def _reach(user: Any) -> tuple[Collection[int], QuerySet[Any, int]]:
    """The programmes whose whole trail the person reads, and their own cases elsewhere."""
    staffed = realm_ids_where(user, *ACCESS_STAFF)
    own = fellowships_of(user).exclude(program_id__in=staffed).order_by()
    return staffed, own.values_list("pk", flat=True)


def _watched(user: Any, staffed: Collection[int]) -> Q:
    """All of these programmes but what is of a case the person is recused from."""
    found = Q(program_id__in=staffed)
    if may_be_recused(user):
        found &= ~Q(fellowship_id__in=closed_cases(user.pk))
    return found


class AccessEventQuerySet(models.QuerySet["AccessEvent"]):
    """Events by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """The whole trail of programmes one stewards or watches; else that of one's own cases."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        staffed, cases = _reach(user)
        if own := list(cases):
            return self.filter(_watched(user, staffed) | Q(fellowship_id__in=own))
        return self.filter(_watched(user, staffed))

    def reported_to(self, user: Any) -> Self:
        """`visible_to` as one condition that reads nothing first: for what is prepared."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        staffed, cases = _reach(user)
        return self.filter(_watched(user, staffed) | Q(fellowship_id__in=cases))

    def outside(self) -> Self:
        """Those whose verdict is anything but within scope."""
        return self.exclude(verdict=Verdict.WITHIN)


class AccessEvent(Untracked):
    """One reported act, judged once, on arrival, by the facts of its own time. Append-only.

    `identity` and `dataset_name` are what the system reported; `person` and `dataset` what we know
    them as. `details` is canonical JSON text, so that the bytes kept are the bytes hashed. `late`
    says that it came more than EVENTS_LATE_DAYS after it happened. The key follows from batch and
    position (`event_key`).
    """

    append_only = APPEND_ONLY
    by_month = "at"

    id = models.BigIntegerField(primary_key=True)
    program = models.ForeignKey(
        Program, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    batch = models.ForeignKey(
        EventBatch,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )
    position = models.PositiveIntegerField(help_text="Place in the batch, from 0.")
    source = models.CharField(max_length=80)
    external_id = models.CharField(max_length=200)
    at = models.DateTimeField(help_text="When it happened, as reported.")
    received_at = models.DateTimeField()
    identity = models.CharField(max_length=200)
    person = _link(settings.AUTH_USER_MODEL)
    dataset_name = models.CharField(max_length=200, blank=True)
    dataset = _link(Dataset)
    fellowship = _link(Fellowship)
    grant = _link(Grant)
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    operation = models.CharField(max_length=20, choices=Operation.choices)
    session = models.CharField(say("run or session"), max_length=200, blank=True)
    details = models.TextField(blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    clause = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    late = models.BooleanField(default=False, help_text="Came long after it happened.")

    objects: ClassVar = AccessEventQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["at", "id"]),  # the trail of several programmes at once
            models.Index(fields=["program", "kind", "at"], name="access_event_of_kind"),
            # Also answers what pages of a case and of a grant count, without a look at the rows.
            models.Index(
                fields=[
                    *("fellowship", "at", "kind", "operation", "verdict"),
                    *("dataset", "person", "grant"),
                ],
                name="access_event_of_case",
            ),
            models.Index(fields=["dataset", "at"]),
            models.Index(  # acts outside that are alike are told by it alone
                fields=["program", "at"],
                include=[
                    *("identity", "dataset_name", "operation", "verdict"),
                    *("fellowship", "dataset", "received_at", "id"),
                ],
                condition=~Q(verdict="within"),
                name="access_event_outside",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.external_id}"

    def get_absolute_url(self) -> str:
        """The event's page."""
        return address("access:event", self.pk)

    @property
    def why(self) -> str:
        """The reason, said to its reader; it is read with the batch."""
        return self.batch.said(self.reason)

    @property
    def under(self) -> str:
        """The clause, said to its reader; it is read with the batch."""
        return self.batch.said(self.clause)

    @property
    def data(self) -> dict[str, Any]:
        """The details as reported."""
        return json.loads(self.details) if self.details else {}


BATCH_BITS: Final = 20
"""An event's key is its batch's, shifted by so many bits, and its position."""
BATCH_MAX: Final = 1 << BATCH_BITS
"""Events of one batch: one more would have the key of the next batch's first."""


def event_key(batch: int, position: int) -> int:
    """The key of the event at `position` of `batch`: known before either is written."""
    return batch << BATCH_BITS | position


class EventKey(Untracked):
    """That an event of this source's own id is on the trail. Append-only and untracked, as events.

    A table of its own, since a partitioned one can only be unique within a month: the same id with
    another time is another content of the same event, and is refused.
    """

    append_only = APPEND_ONLY

    event = models.BigIntegerField(primary_key=True)
    program = models.ForeignKey(
        Program, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    source = models.CharField(max_length=80)
    external_id = models.CharField(max_length=200)
    at = models.DateTimeField(help_text="The event's, which says in which month it lies.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "source", "external_id"], name="access_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.external_id}"
