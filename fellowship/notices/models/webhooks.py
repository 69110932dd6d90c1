"""Other systems that are told what happens here, and what each was sent."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar, Final, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Realm
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.states import DeliveryState

if TYPE_CHECKING:
    from fellowship.accounts.queries import AnyUser

KEEPERS: Final = (roles.ADMINISTRATOR, roles.STEWARD)
"""Who sets up endpoints of a programme."""
READERS: Final = (*KEEPERS, roles.ONCALL, roles.AUDITOR)
"""Who sees where a programme's events go, and whether they arrive."""


class EndpointQuerySet(TrackedQuerySet["Endpoint"]):
    """Endpoints by who may see them."""

    def visible_to(self, user: AnyUser) -> Self:
        """Those of programmes the person keeps, watches or audits."""
        return self.filter(realm_id__in=realm_ids_where(user, *READERS))


class Endpoint(Tracked):
    """An address of another system that is sent signed messages (Standard Webhooks).

    `kinds` are the kinds of message it takes, such as `access.assignments`. Its secrets lie in
    `EndpointSecret`, out of the history.
    """

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    kinds = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    enabled_at = models.DateTimeField(default=now, help_text="When it was last switched on.")

    objects: ClassVar = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        indexes: ClassVar = [models.Index(fields=["realm", "name"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["realm", "name"], name="endpoint_name_once"),
            models.CheckConstraint(
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
                name="endpoint_is_a_web_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page, with what it was sent."""
        return reverse("webhooks:endpoint", args=[self.ref])


class EndpointSecret(Untracked):
    """A signing secret of an endpoint, encrypted under the instance's key.

    While one is rotated out, two are in use until `until`. Untracked: making one is a ledger event,
    and a secret, even encrypted, has no place in a history that is kept for ever.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField(default=now, editable=False)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(until=None), name="endpoint_one_current_secret"
            ),
        ]

    def __str__(self) -> str:
        return say("secret of {endpoint}", endpoint=self.endpoint)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries by who may see them, and by what is to be done."""

    def visible_to(self, user: AnyUser) -> Self:
        """Those to endpoints of programmes the person keeps, watches or audits."""
        return self.filter(endpoint__realm_id__in=realm_ids_where(user, *READERS))

    def about(self, subject: models.Model) -> Self:
        """Those about this record."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)

    def waiting(self) -> Self:
        """Those not answered yet and still tried."""
        return self.filter(state=DeliveryState.WAITING)


class Delivery(Untracked):
    """One message to one endpoint, written in the transaction of the verb that caused it.

    `key` is its `webhook-id`: it and the body never change, so that one sent twice (a worker killed
    between sending and noting it) is recognised as the same. While a worker sends it, `lease` names
    that worker until `next_attempt_at`. `persistent` ones are tried for ever. Untracked: attempts
    are the machine's matter; what was sent is bound by its digest to the event that caused it.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    body = models.TextField()
    persistent = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    created_at = models.DateTimeField(default=now, editable=False)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=now)
    lease = models.UUIDField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the last answer."
    )
    answer = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state="waiting"),
                name="delivery_waiting",
            ),
            models.Index(fields=["endpoint", "id"], name="delivery_of_endpoint"),
            models.Index(fields=["endpoint", "state", "id"], name="delivery_by_state"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="delivery_about"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at=None)),
                name="delivery_delivered_has_its_instant",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same at every attempt."""
        return f"msg_{self.key.hex}"


class Attempt(Untracked):
    """One attempt at one delivery: when, where to, what came back and after how long.

    Untracked, and removed after a time: the log of a machine.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    url = models.URLField(max_length=500)
    taken = models.BooleanField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "taken", "at"], name="attempt_of_endpoint"),
            models.Index(fields=["at"], name="attempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.status or say('no answer')} {self.at:%Y-%m-%d %H:%M:%S}"
