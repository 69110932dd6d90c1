"""Collaborators: people a fellow works with, each named, confirmed and removed one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models.fellowship import Fellowship


class CollaboratorQuerySet(TrackedQuerySet["Collaborator"]):
    """Collaborators by who may see them and whether they take part."""

    def visible_to(self, user: Any) -> Self:
        """Oneself, while one takes part, and those of fellowships the person sees.

        A collaborator does not see the others: they see what concerns them.
        """
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        cases = Fellowship.objects.visible_to(user).values("pk")
        if not holds_anywhere(user, roles.COLLABORATOR):
            return self.filter(fellowship__in=cases)
        own = self.active().filter(person_id=user.pk).values("pk")
        return self.filter(Q(fellowship__in=cases) | Q(pk__in=own))

    def active(self, at: dt.datetime | None = None) -> Self:
        """Confirmed and not removed at `at` (default now)."""
        at = at or now()
        return self.filter(
            Q(removed_at=None) | Q(removed_at__gt=at),
            confirmed_at__lte=at,
        )

    def present(self) -> Self:
        """Named and not removed, confirmed or not."""
        return self.filter(removed_at=None)


class Collaborator(Tracked):
    """One person who works on a fellowship beside its fellow.

    Named by the fellow by e-mail address, confirmed by the programme, who knows then which account
    it is. Whether they take part is derived from the three times. Nothing is opened by it: data is
    granted to each person by name.
    """

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="collaborators"
    )
    name = models.CharField(max_length=200, help_text="As the fellow names them.")
    email = models.EmailField(say("e-mail address"))
    part = models.TextField(help_text="What they do in the fellowship, and why it needs them.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="collaborations",
    )
    named_at = models.DateTimeField(default=now, editable=False)
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    removed_because = models.TextField(blank=True)

    objects: ClassVar = CollaboratorQuerySet.as_manager()

    class Meta:
        ordering = ("named_at", "id")
        indexes: ClassVar = [models.Index(fields=["person", "removed_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                "fellowship",
                Lower("email"),
                condition=Q(removed_at=None),
                name="collaborator_named_once",
            ),
            models.UniqueConstraint(
                fields=["fellowship", "person"],
                condition=Q(removed_at=None),
                name="collaborator_takes_part_once",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None, person=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, person__isnull=False),
                name="collaborator_confirmed_at_by_and_person_go_together",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("named_by")),
                name="collaborator_confirmed_by_another_person",
            ),
            models.CheckConstraint(
                condition=(Q(removed_at=None) & Q(removed_by=None))
                | (Q(removed_at__isnull=False) & Q(removed_by__isnull=False)),
                name="collaborator_removed_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """What the collaborator sees of the fellowship."""
        return address("scoping:collaboration", self.fellowship.ref, self.pk)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    def takes_part(self, at: dt.datetime | None = None) -> bool:
        """Whether they are confirmed and not removed at `at`; the predicate of `active`."""
        at = at or now()
        confirmed = self.confirmed_at is not None and self.confirmed_at <= at
        return confirmed and (self.removed_at is None or self.removed_at > at)
