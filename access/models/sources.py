"""What is known about the systems that report: whom they mean, and what they sent before."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from access.models.requests import ACCESS_STAFF
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.programs.models import Program


class SourceIdentityQuerySet(TrackedQuerySet["SourceIdentity"]):
    """Names by who may see them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes whose whole trail the person reads."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(program_id__in=realm_ids_where(user, *ACCESS_STAFF))

    def in_force(self) -> Self:
        """Those that name someone now."""
        return self.filter(ended_at=None)


class SourceIdentity(Tracked):
    """Whom a reporting system means by a name of its own, as the steward says.

    Counts for events that come in from then on. Verdicts given before stay what they are: the trail
    shows beside them who it was.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=80)
    identity = models.CharField(max_length=200)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="source_identities"
    )
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = SourceIdentityQuerySet.as_manager()

    class Meta:
        verbose_name = say("name in a source")
        verbose_name_plural = say("names in sources")
        ordering = ("source", "identity", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "source", "identity"],
                condition=Q(ended_at=None),
                name="source_identity_once",
            ),
        ]

    def __str__(self) -> str:
        return say("{identity} of {source}", identity=self.identity, source=self.source)
