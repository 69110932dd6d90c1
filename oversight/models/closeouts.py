"""Closed cases, and the package each was closed with."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL


class CloseoutQuerySet(TrackedQuerySet["Closeout"]):
    """Closeouts of the fellowships a person sees."""

    def visible_to(self, user: Any) -> Self:
        """Those of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class Closeout(Tracked):
    """A closed case and the package it was closed with.

    `facts` is the canonical JSON the package is made of, `last_event` the last event in it:
    from the two the same bytes come out again, whatever the records became later.
    """

    fellowship = models.OneToOneField(Fellowship, on_delete=models.PROTECT, related_name="closeout")
    closed_at = models.DateTimeField(default=now, editable=False)
    closed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField()
    last_event = models.BigIntegerField(help_text="Id of the last ledger event inside.")
    package_sha256 = models.CharField(max_length=64)
    notes = models.TextField(blank=True)

    objects: ClassVar = CloseoutQuerySet.as_manager()

    class Meta:
        ordering = ("-closed_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(package_sha256="") & ~Q(facts=""), name="closeout_has_its_package"
            ),
        ]

    def __str__(self) -> str:
        return say("Closeout of {fellowship}", fellowship=self.fellowship)

    def get_absolute_url(self) -> str:
        """The closeout page of the case."""
        return address("oversight:closeout", self.fellowship.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
