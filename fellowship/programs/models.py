"""Programmes and what they offer: cohorts, tracks, fellowship models, output types and calls."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.models import Realm
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.states import CallState, LaunchItem, Stage


class ProgramQuerySet(TrackedQuerySet["Program"]):
    """Programmes a person takes part in."""

    def visible_to(self, user: Any) -> Self:
        """Programmes in which the person holds any live role."""
        return self.filter(pk__in=realm_ids_where(user, *roles.ROLES))


class Program(Tracked):
    """A partnership programme. It shares its key with the realm in which its roles are held."""

    realm = models.OneToOneField(
        Realm, primary_key=True, on_delete=models.PROTECT, related_name="program"
    )
    name = models.CharField(max_length=200)
    purpose = models.TextField()
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    zone = models.CharField(max_length=60, default="UTC")
    holidays = models.JSONField(default=list, blank=True)

    objects: ClassVar = ProgramQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """The short name in addresses and commands."""
        return self.realm.slug

    def calendar(self) -> WorkCalendar:
        """The programme's working days."""
        return WorkCalendar(frozenset(dt.date.fromisoformat(d) for d in self.holidays), self.zone)


class Cohort(Tracked):
    """The fellows of one period."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=100)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ("-starts_on",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "name"], name="cohort_name_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="cohort_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Track(Tracked):
    """A research track with its own risk profile, approval level and communication."""

    class Key(models.TextChoices):
        """The three tracks."""

        OPEN = "open_methods", "Open methods"
        CONTROLLED = "controlled_access", "Controlled access"
        PRODUCT = "product_facing", "Product-facing"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tracks")
    key = models.CharField(max_length=30, choices=Key.choices)
    summary = models.TextField()
    approval = models.TextField(help_text="Who must approve what.")
    communication = models.TextField(help_text="What may be said outside, and when.")

    class Meta:
        ordering = ("key",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="track_once")
        ]

    def __str__(self) -> str:
        return self.get_key_display()


class FellowshipModel(Tracked):
    """One of the ways a fellowship can be arranged, with its trade-offs."""

    class Key(models.TextChoices):
        """The five models."""

        OPEN = "open_methods", "Open methods fellowship"
        CONTROLLED = "controlled_access", "Controlled-access fellowship"
        PRODUCT = "product_linked", "Product-linked fellowship"
        POLICY = "policy", "Policy fellowship"
        HYBRID = "hybrid", "Hybrid residency"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="models")
    key = models.CharField(max_length=30, choices=Key.choices)
    access_level = models.CharField(max_length=200)
    publication_freedom = models.CharField(max_length=100)
    best_for = models.CharField(max_length=200)
    main_risk = models.CharField(max_length=200)

    class Meta:
        ordering = ("key",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="fellowship_model_once")
        ]

    def __str__(self) -> str:
        return self.get_key_display()


class OutputType(Tracked):
    """What a fellowship may be expected to produce, with what it implies."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="output_types")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    access_level = models.CharField(max_length=200)
    reviews = models.CharField(max_length=200)
    publication_timeline = models.CharField(max_length=200)
    milestones = models.JSONField(default=list, help_text="Titles of the milestone template.")

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="output_type_once")
        ]

    def __str__(self) -> str:
        return self.name


class StageStandard(Tracked):
    """The owner and the written standard of one lifecycle stage."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="stage_standards")
    stage = models.CharField(max_length=20, choices=Stage.choices)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    standard = models.TextField()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "stage"], name="stage_standard_once")
        ]

    def __str__(self) -> str:
        return self.get_stage_display()


class ChecklistItem(Tracked):
    """One item of the launch checklist, done when it names its evidence."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="checklist")
    item = models.CharField(max_length=20, choices=LaunchItem.choices)
    evidence = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "item"], name="checklist_item_once"),
            models.CheckConstraint(
                condition=(Q(done_at=None) & Q(done_by=None))
                | (Q(done_at__isnull=False) & Q(done_by__isnull=False) & ~Q(evidence="")),
                name="checklist_done_at_by_and_evidence_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.get_item_display()


class CallQuerySet(TrackedQuerySet["Call"]):
    """Calls: what the public sees, what takes proposals now."""

    def public(self) -> Self:
        """Calls anyone may read: all but drafts."""
        return self.exclude(state=CallState.DRAFT)

    def open(self, at: dt.datetime | None = None) -> Self:
        """Calls that take proposals at `at`."""
        at = at or now()
        return self.filter(state=CallState.PUBLISHED, opens_at__lte=at, closes_at__gt=at)

    def closed(self, at: dt.datetime | None = None) -> Self:
        """Calls that took proposals once and do no more."""
        at = at or now()
        over = Q(state=CallState.PUBLISHED, closes_at__lte=at)
        return self.filter(Q(state=CallState.CLOSED) | over)

    def visible_to(self, user: Any) -> Self:
        """Public calls, and drafts for those who run the programme."""
        runs = realm_ids_where(user, *roles.STAFF)
        return self.filter(~Q(state=CallState.DRAFT) | Q(program_id__in=runs))


class Call(Tracked):
    """A call for proposals. Text is Markdown; closing times are instants, shown with their zone."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="calls")
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.PROTECT, related_name="calls")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    summary = models.TextField()
    topics = models.TextField()
    constraints = models.TextField()
    eligibility = models.TextField()
    publication_rules = models.TextField()
    background = models.TextField(blank=True, help_text="Everything else, as published.")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    places = models.PositiveSmallIntegerField(default=4)
    state = models.CharField(
        max_length=20, choices=CallState.choices, default=CallState.DRAFT, editable=False
    )

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        ordering = ("-closes_at", "-id")
        indexes: ClassVar = [models.Index(fields=["state", "closes_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="call_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CallState.values), name="call_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The text as published: heading and Markdown, in the order people read it."""
        return [
            ("Topics", self.topics),
            ("Constraints", self.constraints),
            ("Who may apply", self.eligibility),
            ("Publication", self.publication_rules),
            ("Background", self.background),
        ]

    def is_open(self, at: dt.datetime | None = None) -> bool:
        """Whether proposals are taken at `at`."""
        at = at or now()
        return self.state == CallState.PUBLISHED and self.opens_at <= at < self.closes_at

    @property
    def standing(self) -> str:
        """Where it stands now in a word, its dates counted: what lists say."""
        if self.state != CallState.PUBLISHED:
            return str(self.get_state_display())
        if self.is_open():
            return "Open"
        return "To come" if now() < self.opens_at else str(CallState.CLOSED.label)
