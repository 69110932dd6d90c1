"""What a programme offers and asks, on written terms of which every version stays readable."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.programs.models.program import Program
from fellowship.programs.states import Stage, TalentPath, Tier
from fellowship.programs.terms import Milestone, ResidencyStage


class Versioned(Tracked):
    """Terms that bind people: a change makes the next version, and the earlier ones stay.

    The versions are the record's history rows; `fellowship.programs.versions` reads them.
    """

    PART: ClassVar[str]
    """The name in addresses of what this is a part of."""
    KEY: ClassVar[str] = "key"
    """The field that names it within the programme; it never changes."""
    TERMS: ClassVar[tuple[str, ...]]
    """The fields a version consists of, in the order in which people read them."""

    program: Any
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def of(cls, program: Program, key: str) -> Self | None:
        """What the programme has under `key`, offered or not."""
        found = next(iter(_of(cls)(program.pk, key)), None)
        if found is not None:
            found.program = program
        return found

    @property
    def name_in_program(self) -> str:
        """Its key within the programme."""
        return str(getattr(self, self.KEY))

    def get_absolute_url(self) -> str:
        """Its present terms, with every earlier version."""
        return reverse("programs:offer", args=[self.program.slug, self.PART, self.name_in_program])

    def terms(self) -> Iterator[tuple[str, str]]:
        """Each term's name and its text, as people read it."""
        for name in self.TERMS:
            field: Any = self._meta.get_field(name)
            yield str(field.verbose_name), self.term(name)

    def term(self, name: str) -> str:
        """One term as text."""
        return str(getattr(self, name))


@functools.cache
def _of(model: type[Versioned]) -> Callable[[int, str], list[Any]]:
    @read
    def rows(program: int, key: str) -> models.QuerySet[Any]:
        named = {"program_id": program, model.KEY: key}
        return model._base_manager.filter(**named).order_by("pk")[:1]

    return rows


class OfferQuerySet(TrackedQuerySet[Any]):
    """What is offered now, and what once was."""

    def offered(self) -> Self:
        """What may be chosen today."""
        return self.filter(retired_at=None)


class Offer(Versioned):
    """Something an applicant may choose. Retired, it is offered no more and stays readable."""

    retired_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects: ClassVar = OfferQuerySet.as_manager()

    class Meta:
        abstract = True


def _retired_together(name: str) -> models.CheckConstraint:
    together = Q(retired_at=None, retired_by=None) | Q(
        retired_at__isnull=False, retired_by__isnull=False
    )
    return models.CheckConstraint(condition=together, name=f"{name}_retired_at_and_by_go_together")


class Track(Offer):
    """A research track with its own risk profile, approval level and communication."""

    class Key(models.TextChoices):
        """The three tracks."""

        OPEN = "open_methods", say("Open methods")
        CONTROLLED = "controlled_access", say("Controlled access")
        PRODUCT = "product_facing", say("Product-facing")

    PART = "track"
    TERMS = ("summary", "approval", "communication")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tracks")
    key = models.CharField(max_length=30, choices=Key.choices)
    summary = models.TextField(say("what is studied"))
    approval = models.TextField(say("who must approve what"))
    communication = models.TextField(say("what may be said outside, and when"))

    class Meta:
        ordering = ("key",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="track_once"),
            _retired_together("track"),
        ]

    def __str__(self) -> str:
        return self.get_key_display()

    def in_short(self) -> str:
        """What is studied, for who chooses."""
        return self.summary


class FellowshipModel(Offer):
    """One of the ways a fellowship can be arranged, with its trade-offs.

    The hybrid residency goes through `stages`, each with its own access and freedom to publish.
    """

    class Key(models.TextChoices):
        """The five models."""

        OPEN = "open_methods", say("Open methods fellowship")
        CONTROLLED = "controlled_access", say("Controlled-access fellowship")
        PRODUCT = "product_linked", say("Product-linked fellowship")
        POLICY = "policy", say("Policy fellowship")
        HYBRID = "hybrid", say("Hybrid residency")

    PART = "model"
    TERMS = ("access_level", "publication_freedom", "best_for", "main_risk", "stages")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="models")
    key = models.CharField(max_length=30, choices=Key.choices)
    access_level = models.CharField("access", max_length=200)
    publication_freedom = models.CharField(say("freedom to publish"), max_length=100)
    best_for = models.CharField(say("best for"), max_length=200)
    main_risk = models.CharField(say("main risk"), max_length=200)
    stages = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("key",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="fellowship_model_once"),
            models.CheckConstraint(
                condition=Q(key="hybrid") | Q(stages=[]),
                name="fellowship_model_stages_are_of_the_hybrid",
            ),
            _retired_together("fellowship_model"),
        ]

    def __str__(self) -> str:
        return self.get_key_display()

    def in_short(self) -> str:
        """Access and freedom to publish, for who chooses."""
        freedom = self.publication_freedom.lower()
        return say(
            "{access_level}. Freedom to publish: {freedom}.",
            access_level=self.access_level.rstrip("."),
            freedom=freedom,
        )

    def residency(self) -> list[ResidencyStage]:
        """The stages of the residency in their order; none for another model."""
        return [ResidencyStage.read(row) for row in self.stages]

    def terms(self) -> Iterator[tuple[str, str]]:
        """Each term; the stages for the hybrid alone."""
        hybrid = self.key == self.Key.HYBRID
        return (pair for pair in super().terms() if hybrid or pair[0] != "stages")

    def term(self, name: str) -> str:
        """One term as text, a stage a line."""
        if name != "stages":
            return super().term(name)
        return "\n".join(str(stage) for stage in self.residency())


class OutputType(Offer):
    """What a fellowship may be expected to produce, with what it implies."""

    PART = "output"
    TERMS = (
        "name",
        "access_level",
        "highest_tier",
        "reviews",
        "publication_timeline",
        "milestones",
    )

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="output_types")
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    access_level = models.CharField(say("access it takes"), max_length=200)
    highest_tier = models.CharField(
        say("highest data tier"),
        max_length=20,
        choices=Tier.choices,
        blank=True,
        help_text="A first scope of work allows no higher; empty leaves it to track and model.",
    )
    reviews = models.CharField(say("reviews it passes"), max_length=200)
    publication_timeline = models.CharField(say("when it is published"), max_length=200)
    milestones = models.JSONField(
        default=list, help_text="The usual ones in their order: title, and week where it has one."
    )

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="output_type_once"),
            _retired_together("output_type"),
        ]

    def __str__(self) -> str:
        return self.name

    def in_short(self) -> str:
        """The access it takes, for who chooses."""
        return self.access_level

    def template(self) -> list[Milestone]:
        """The usual milestones in their order."""
        return [Milestone.read(row) for row in self.milestones]

    def term(self, name: str) -> str:
        """One term as text, a milestone a line."""
        if name == "highest_tier":
            return (
                self.get_highest_tier_display() if self.highest_tier else say("As track and model")
            )
        if name != "milestones":
            return super().term(name)
        return "\n".join(str(milestone) for milestone in self.template())


class PathStep(Offer):
    """A step of the talent path with what each side expects of the other, and no more."""

    PART = "step"
    TERMS = ("summary", "fellow_side", "company_side", "begins_and_ends", "pay")

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="path_steps")
    key = models.CharField(max_length=30, choices=TalentPath.choices)
    summary = models.TextField(say("what it is"))
    fellow_side = models.TextField(say("what the company expects of you"))
    company_side = models.TextField(say("what you may expect of the company"))
    begins_and_ends = models.TextField(say("how it begins and ends"))
    pay = models.CharField(say("how it is paid"), max_length=300)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "key"], name="path_step_once"),
            models.CheckConstraint(
                condition=Q(key__in=TalentPath.values), name="path_step_is_known"
            ),
            _retired_together("path_step"),
        ]

    def __str__(self) -> str:
        return self.get_key_display()

    def in_short(self) -> str:
        """What it is, for who reads the path."""
        return self.summary


class StageStandard(Versioned):
    """The owner and the written standard of one lifecycle stage."""

    PART = "standard"
    KEY = "stage"
    TERMS = ("owner", "standard")

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
