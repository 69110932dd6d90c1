"""Versioned rules, and which version a case is held to."""

from __future__ import annotations

import datetime as dt
import functools
import json
import operator
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import joined
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from governance import links
from governance.rulekinds import read_params
from governance.states import RuleKind, RuleStatus

PUBLISHED = (RuleStatus.COMMENTS, RuleStatus.PROPOSED, RuleStatus.REJECTED)
"""What those bound by a rule read beside what is adopted: what was published for comments."""


@functools.lru_cache(maxsize=256)
def _read(kind: str, text: str) -> Any:
    """Parameters as they were stored, read once: a hundred cases pin the same version."""
    return read_params(kind, json.loads(text))


class RuleVersionQuerySet(TrackedQuerySet["RuleVersion"]):
    """Rule versions: adopted, in force, superseded."""

    def adopted(self) -> Self:
        """Versions the programme has adopted, whether or not their time has come."""
        return self.filter(status=RuleStatus.ADOPTED)

    def effective(self, at: dt.datetime | None = None) -> Self:
        """Adopted versions whose time had come at `at`, the latest of each kind first."""
        return self.adopted().filter(effective_at__lte=at or now()).order_by("-version")

    def not_superseded(self, at: dt.datetime | None = None) -> Self:
        """Adopted versions that no later one has replaced at `at`: in force, or still to come."""
        later = (
            RuleVersion.objects.effective(at)
            .order_by()
            .filter(
                program=OuterRef("program"), kind=OuterRef("kind"), version__gt=OuterRef("version")
            )
        )
        return self.adopted().filter(~Exists(later))

    def current(self, kind: str | None = None, at: dt.datetime | None = None) -> Self:
        """The one version of each programme and kind in force at `at`."""
        at = at or now()
        later = RuleVersion.objects.effective(at).filter(
            program=OuterRef("program"), kind=OuterRef("kind"), version__gt=OuterRef("version")
        )
        found = self.effective(at).filter(~Exists(later))
        return found.filter(kind=kind) if kind else found

    def current_on(self, day: dt.date) -> Self:
        """The one in force when the day ended, in each programme by its own clock."""
        living: Any = Program.objects.order_by().values_list("zone", flat=True).distinct()
        ends = [(zone, WorkCalendar(zone=zone).end_of_day(day)) for zone in living]
        found = (
            Q(program__zone=zone, pk__in=self.current(at=end).order_by().values("pk"))
            for zone, end in ends
        )
        return self.filter(functools.reduce(operator.or_, found, Q(pk=None)))

    def visible_to(self, user: Any) -> Self:
        """Adopted and published rules of one's programmes; drafts too for those who work for it."""
        member = realm_ids_where(user, *roles.ROLES)
        staff = realm_ids_where(user, *roles.STAFF)
        published = Q(status__in=PUBLISHED, published_at__isnull=False)
        return self.filter(
            Q(program_id__in=member) & (Q(status=RuleStatus.ADOPTED) | published)
            | Q(program_id__in=staff)
        )


class RuleVersion(Tracked):
    """One version of one kind of rule. Adopted versions are numbered without gaps and never change.

    Whether it is in force is derived from `effective_at` and the versions after it, never stored.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rule_versions")
    kind = models.CharField(max_length=30, choices=RuleKind.choices)
    version = models.PositiveIntegerField(null=True, editable=False)
    title = models.CharField(max_length=200)
    parameters = models.JSONField()
    prose = models.TextField()
    rationale = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.CharField(
        max_length=10, choices=RuleStatus.choices, default=RuleStatus.DRAFT, editable=False
    )
    effective_at = models.DateTimeField(
        null=True, blank=True, help_text="For a draft, when it is meant to take effect."
    )
    adopted_at = models.DateTimeField(null=True, editable=False)
    text_hash = models.CharField(max_length=64, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    comments_until = models.DateTimeField(null=True, editable=False)
    published_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The text that was commented on."
    )

    objects: ClassVar = RuleVersionQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "-version", "-id")
        indexes: ClassVar = [models.Index(fields=["program", "kind", "effective_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "kind", "version"], name="rule_version_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=RuleStatus.values), name="rule_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RuleKind.values), name="rule_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    status=RuleStatus.ADOPTED,
                    version__isnull=False,
                    version__gte=1,
                    effective_at__isnull=False,
                    adopted_at__isnull=False,
                )
                | (~Q(status=RuleStatus.ADOPTED) & Q(version=None, adopted_at=None)),
                name="rule_adopted_has_version_and_times",
            ),
            models.CheckConstraint(
                condition=Q(adopted_at=None) | Q(effective_at__gte=F("adopted_at")),
                name="rule_takes_effect_after_adoption",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, comments_until=None, published_hash="")
                | (
                    Q(published_at__isnull=False, comments_until__gte=F("published_at"))
                    & ~Q(published_hash="")
                ),
                name="rule_published_with_a_text_and_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(status=RuleStatus.COMMENTS)
                | Q(published_at__isnull=False, published_hash=F("text_hash")),
                name="rule_commented_on_as_it_was_published",
            ),
        ]

    def __str__(self) -> str:
        label = self.get_kind_display()
        if self.version:
            return joined(" ", (label, f"v{self.version}"))
        return joined(", ", (label, self.get_status_display().lower()))

    @property
    def ref(self) -> str:
        """How people cite it: “Publication policy v3”."""
        return str(self)

    @cached_property
    def params(self) -> Any:
        """The parameters as the dataclass of the kind (see `governance.rulekinds`)."""
        return _read(self.kind, json.dumps(self.parameters))

    def content_hash(self) -> str:
        """SHA-256 over title, text and parameters: what was voted on."""
        return digest({"title": self.title, "prose": self.prose, "parameters": self.parameters})

    def open_for_comments(self, at: dt.datetime | None = None) -> bool:
        """Whether it may be commented on at `at`."""
        until = self.comments_until
        return self.status == RuleStatus.COMMENTS and until is not None and (at or now()) < until

    def get_absolute_url(self) -> str:
        """The page of this version."""
        return links.to("rule", self.pk)


class RulePin(Tracked):
    """The version a case is held to: that in force when it began, until both agree otherwise."""

    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=30, choices=RuleKind.choices)
    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="pins")
    pinned_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("subject_type", "subject_id", "kind")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind"], name="rule_pinned_once_per_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}: {self.rule_version}"
