"""What follows from a decision: the agreement a named person accepts, and the grant."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.models.requests import AccessRequest, fellowships_of
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import Decision, RuleVersion
from scoping.models import Fellowship


class AgreementQuerySet(TrackedQuerySet["Agreement"]):
    """Agreements a person may read."""

    def visible_to(self, user: Any) -> Self:
        """Those of requests the person may see."""
        return self.filter(request__in=AccessRequest.objects.visible_to(user).values("pk"))


class Agreement(Tracked):
    """The text one person accepts before access opens. It never changes; its hash says which."""

    ref = models.CharField(max_length=30, unique=True)
    request = models.OneToOneField(
        AccessRequest, on_delete=models.PROTECT, related_name="agreement"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="agreements"
    )
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects: ClassVar = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(accepted_at=None) & Q(accepted_by=None))
                | (Q(accepted_at__isnull=False) & Q(accepted_by__isnull=False)),
                name="agreement_accepted_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | Q(accepted_by=F("person")),
                name="agreement_accepted_by_the_named_person",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        """The page on which it is read and accepted."""
        return address("access:agreement", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.request.program_id


class GrantQuerySet(TrackedQuerySet["Grant"]):
    """Grants by who may see them, and live by the clock."""

    def visible_to(self, user: Any) -> Self:
        """The person's own, and those of access cases they may read."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(
            Q(person_id=user.pk) | Q(fellowship__in=fellowships_of(user).values("pk"))
        )

    def live(self, at: dt.datetime | None = None) -> Self:
        """Accepted, begun, not over and not revoked at `at`.

        The grant's own part alone: whether it lets anyone do anything is `decisions.decide`.
        """
        at = at or now()
        return self.filter(
            Q(revoked_at=None) | Q(revoked_at__gt=at),
            starts_at__lte=at,
            ends_at__gt=at,
            agreement__accepted_at__lte=at,
        )


class Grant(Tracked):
    """A person may do some operations on some fields of a dataset from `starts_at` to `ends_at`.

    It exists because the board or, below the board's tiers, the steward and the manager decided so.
    Whether it is live is derived, never stored.
    """

    ref = models.CharField(max_length=30, unique=True)
    request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="grants")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="grants")
    narrows = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="narrowed",
        help_text="The wider grant in whose place it stands, of the same decision and agreement.",
    )
    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="grants")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="grants")
    operations = models.JSONField()
    fields = models.JSONField(default=list, blank=True)
    row_filters = models.JSONField(default=list, blank=True)
    purpose = models.TextField()
    excepted = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="What the rules refuse of it, open only while an exception for its request is.",
    )
    longest_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Where it is granted for longer than its tier allows: when that time is over.",
    )
    handling = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    decision = models.ForeignKey(
        Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    revoked_because = models.TextField(blank=True)

    objects: ClassVar = GrantQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["person", "dataset", "ends_at"]),
            models.Index(fields=["fellowship", "ends_at"]),
            models.Index(fields=["dataset", "ends_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="grant_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(narrows=None), name="grant_one_of_a_request"
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(revoked_at=None), name="grant_one_in_force"
            ),
            models.CheckConstraint(
                condition=(Q(revoked_at=None) & Q(revoked_by=None))
                | (Q(revoked_at__isnull=False) & Q(revoked_by__isnull=False)),
                name="grant_revoked_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(decision=None, approved_by__isnull=False)
                | Q(decision__isnull=False, approved_by=None),
                name="grant_rests_on_one_decision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.dataset}"

    def get_absolute_url(self) -> str:
        """Granted against used."""
        return address("access:grant", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def over_at(self) -> dt.datetime:
        """When it opens nothing any more: at its end, or at its revocation before that."""
        return min(self.ends_at, self.revoked_at or self.ends_at)


class GrantReminder(Tracked):
    """That the person was told once that their grant ends in so many days or fewer."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="reminders")
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["grant", "days"], name="grant_reminder_once")
        ]

    def __str__(self) -> str:
        return say(
            "{days} days before the end of {grant_id}", days=self.days, grant_id=self.grant_id
        )

    @property
    def program_id(self) -> int:
        """The programme of its grant: its event stands in that programme's record."""
        return self.grant.program_id
