"""What a fellowship gave to the field: papers, benchmarks, tools, talks."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models.fellowship import Fellowship


class ContributionQuerySet(TrackedQuerySet["Contribution"]):
    """Contributions by who may see them and whether they count."""

    def visible_to(self, user: Any) -> Self:
        """Those of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))

    def standing(self) -> Self:
        """Those nobody took back."""
        return self.filter(withdrawn_at=None)

    def confirmed(self) -> Self:
        """Those the programme manager looked at and confirmed: they count."""
        return self.standing().exclude(confirmed_at=None)

    def to_confirm(self) -> Self:
        """Those that wait for the programme manager."""
        return self.standing().filter(confirmed_at=None)


class Contribution(Tracked):
    """A paper, benchmark, tool or talk that came of a fellowship and is open to others."""

    class Kind(models.TextChoices):
        """What it is."""

        PAPER = "paper", say("Paper")
        BENCHMARK = "benchmark", say("Benchmark")
        TOOL = "tool", say("Tool")
        TALK = "talk", say("Talk")

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="contributions"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=300)
    link = models.URLField(max_length=500, help_text="Where others find it; a DOI as its address.")
    on = models.DateField(help_text="The day it was open to others.")
    people = models.CharField(max_length=500, help_text="Who made it, in the order of credit.")
    licence = models.CharField(
        max_length=100, blank=True, help_text="As SPDX names it; empty for a talk."
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(default=now)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_because = models.TextField(blank=True)

    objects: ClassVar = ContributionQuerySet.as_manager()

    class Meta:
        ordering = ("-on", "-id")
        indexes: ClassVar = [
            models.Index(fields=["fellowship", "on"]),
            models.Index(fields=["-on", "-id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship", "link"],
                condition=Q(withdrawn_at=None),
                name="contribution_link_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["paper", "benchmark", "tool", "talk"]),
                name="contribution_kind_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(link="") & ~Q(people=""),
                name="contribution_says_what_where_and_who",
            ),
            models.CheckConstraint(
                condition=Q(kind="talk") | ~Q(licence=""), name="contribution_has_its_licence"
            ),
            models.CheckConstraint(
                condition=(Q(confirmed_at=None) & Q(confirmed_by=None))
                | (Q(confirmed_at__isnull=False) & Q(confirmed_by__isnull=False)),
                name="contribution_confirmed_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=models.F("added_by")),
                name="contribution_confirmed_by_someone_else",
            ),
            models.CheckConstraint(
                condition=(Q(withdrawn_at=None) & Q(withdrawn_by=None) & Q(withdrawn_because=""))
                | (
                    Q(withdrawn_at__isnull=False)
                    & Q(withdrawn_by__isnull=False)
                    & ~Q(withdrawn_because="")
                ),
                name="contribution_withdrawn_at_by_and_why_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def status(self) -> str:
        """“confirmed”, “withdrawn”, or “to confirm”."""
        if self.withdrawn_at:
            return "withdrawn"
        return "confirmed" if self.confirmed_at else say("to confirm")
