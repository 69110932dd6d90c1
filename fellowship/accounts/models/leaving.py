"""Who left, and what became of what they held."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.models.people import Realm
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.tracking import Tracked, TrackedQuerySet

SETTLES = (roles.MANAGER, roles.CHAIR, roles.ADMINISTRATOR)
"""Who sees to it that everything has a holder."""


class Departure(Tracked):
    """A person left: since when, said by whom, and whether the directory said it."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="departures"
    )
    left_at = models.DateTimeField(default=now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_directory = models.BooleanField(default=False)
    reason = models.TextField(max_length=2000)
    removed = models.BooleanField(
        default=False, help_text="The directory knows the person no more."
    )
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-left_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="departure_has_a_reason"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(returned_at=None), name="departure_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return say("{person} left", person=self.person)


class HandOverQuerySet(TrackedQuerySet["HandOver"]):
    """What was held, by what became of it."""

    def waiting(self) -> Self:
        """What nobody has taken over yet."""
        return self.filter(settled_at=None)

    def visible_to(self, user: Any) -> Self:
        """What one holds or settles now, and what one settles in one's programmes."""
        from fellowship.accounts.queries import realm_ids_where

        realms = realm_ids_where(user, *SETTLES, roles.AUDITOR)
        return self.filter(Q(realm_id__in=realms) | Q(to=user.pk or 0))


class HandOver(Tracked):
    """One record that somebody held who left.

    `to` has it since `settled_at`. Until then it waits, with the one who is to see to it in `to`,
    or with nobody.
    """

    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="hand_overs")
    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="+")
    holding = models.CharField(max_length=100)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="taken_over",
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True, max_length=2000)

    objects: ClassVar = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ("settled_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["realm", "settled_at", "id"]),
            models.Index(fields=["to", "settled_at"]),
            models.Index(fields=["subject_type", "subject_id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["departure", "holding", "subject_id"], name="hand_over_once_a_departure"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None)
                | Q(settled_at__isnull=False, to__isnull=False),
                name="hand_over_settled_has_a_holder",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def label(self) -> str:
        """What it was held as, in words."""
        from fellowship.accounts import holdings

        holding = holdings.of_key(self.holding)
        return holding.label if holding else self.holding
