"""What the check before submission found in a version, and what its author says to it."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from access.models import Dataset, Release
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Finding
from publications.models.reviews import Objection
from publications.models.versions import Version
from publications.models.works import Publication
from publications.text_states import MASKED, HitAnswer, HitKind, Redacted

PERSON = settings.AUTH_USER_MODEL


class PreCheck(Tracked):
    """One run over one version: when, by which checks of which library, and how much was left out.

    The same text, sources and records give the same hits.
    """

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="precheck")
    ran_at = models.DateTimeField(default=now)
    checks = models.JSONField(default=dict, help_text="The version of each check, by name.")
    left_out = models.PositiveIntegerField(default=0, help_text="Hits beyond those kept.")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return say("check of {version}", version=self.version)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.version.program_id


class HitQuerySet(TrackedQuerySet["Hit"]):
    """Hits by who may see them and by what still holds."""

    def visible_to(self, user: Any) -> Self:
        """The author's own; others see those of a work once it was submitted.

        What a later version brings is shown to others when its author has answered it.
        """
        seen = self.filter(precheck__version__publication__in=Publication.objects.visible_to(user))
        path = "precheck__version__publication"
        return seen.filter(
            Q(**{f"{path}__fellowship__fellow_id": getattr(user, "pk", None)})
            | Q(**{f"{path}__submitted_at__isnull": False})
            & (~Q(answer="") | Q(precheck__ran_at__lte=F(f"{path}__submitted_at")))
        )

    def standing(self, at: dt.datetime | None = None) -> Self:
        """Those that still hold at `at`: an embargo ends, an output may be released meanwhile."""
        at = at or now()
        released = Release.objects.filter(
            sha256=OuterRef("sha256"),
            released_at__lte=at,
            request__fellowship=OuterRef("precheck__version__publication__fellowship"),
        )
        over = Q(kind=HitKind.EMBARGO) & ~Q(finding__embargo_until__gt=at)
        return self.exclude(over).exclude(Q(Exists(released)) & Q(kind=HitKind.OUTPUT))

    def unanswered(self) -> Self:
        """Those the author has said nothing to."""
        return self.filter(answer="")


class Hit(Tracked):
    """One thing found. With a passage where it stands in the text; a source declared has none.

    What was matched is not copied here: it stands in the version's text alone. `sure` says that it
    was known by its hash or declared, not by its name.
    """

    precheck = models.ForeignKey(PreCheck, on_delete=models.PROTECT, related_name="hits")
    kind = models.CharField(max_length=20, choices=HitKind.choices)
    rule = models.CharField(max_length=80, help_text="Which check found it.")
    about = models.CharField(max_length=300, blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    sure = models.BooleanField(default=False)
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=20, choices=HitAnswer.choices, blank=True)
    reason = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects: ClassVar = HitQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=HitKind.values), name="hit_kind_is_known"),
            models.CheckConstraint(
                condition=Q(start=None, end=None) | Q(start__isnull=False, end__gt=F("start")),
                name="hit_passage_has_both_ends",
            ),
            models.CheckConstraint(
                condition=Q(answer="", reason="", answered_at=None, answered_by=None)
                | Q(
                    answer__in=HitAnswer.values,
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                )
                & ~Q(reason=""),
                name="hit_answered_says_why_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.rule}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.precheck.program_id

    @property
    def masked(self) -> bool:
        """Whether its passage is shown in part alone."""
        return self.kind in MASKED


class RedactionCheck(Tracked):
    """Whether the passage of an objection that asked for its removal has gone from a version."""

    objection = models.ForeignKey(
        Objection, on_delete=models.PROTECT, related_name="redaction_checks"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="redaction_checks")
    found = models.CharField(max_length=10, choices=Redacted.choices)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    ran_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("objection_id", "-version_id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["objection", "version"], name="redaction_checked_once_per_version"
            ),
            models.CheckConstraint(
                condition=Q(found__in=[Redacted.GONE, Redacted.BENEATH], start=None, end=None)
                | Q(found__in=[Redacted.SAME, Redacted.NEARLY], end__gt=F("start")),
                name="redaction_still_there_says_where",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{ref} in {version}: {found}",
            ref=self.objection.ref,
            version=self.version,
            found=self.found,
        )

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.version.program_id
