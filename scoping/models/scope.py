"""Scopes of work: numbered versions of one document, enforced where data, read throughout."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models.fellowship import Fellowship
from scoping.stages import STAGED, Stretch, Terms, on, read, stretches
from scoping.states import PENDING, Environment, Route, ScopeState, Side, Tier


class ScopeQuerySet(TrackedQuerySet["ScopeOfWork"]):
    """Versions by who may see them and where they stand."""

    def visible_to(self, user: Any) -> Self:
        """Versions of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))

    def pending(self) -> Self:
        """Versions on their way: drafted, with the board or offered."""
        return self.filter(state__in=PENDING)


class ScopeOfWork(Tracked):
    """One version of a scope of work; its text is fixed, and hashed, once it is offered.

    `terms` holds the prose by section key (`scoping.sections`); the other columns are enforced.
    """

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="scopes")
    number = models.PositiveSmallIntegerField()
    amends = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="amendments"
    )
    state = models.CharField(
        max_length=20, choices=ScopeState.choices, default=ScopeState.DRAFT, editable=False
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed_side = models.CharField(max_length=10, choices=Side.choices, default=Side.COMPANY)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who put it forward for the company, and therefore does not sign it.",
    )
    rationale = models.TextField(blank=True, help_text="Why this version; for the other side.")

    terms = models.JSONField(default=dict)
    datasets = models.JSONField(default=list, help_text="Names of the datasets allowed.")
    operations = models.JSONField(default=list, help_text="What may be done with them.")
    max_tier = models.CharField(max_length=20, choices=Tier.choices, default=Tier.PUBLIC)
    environment = models.CharField(
        max_length=20, choices=Environment.choices, default=Environment.CONTROLLED
    )
    retention_days = models.PositiveSmallIntegerField(
        default=0, help_text="Calendar days data may be kept after the fellowship ends."
    )
    code_may_leave = models.BooleanField(default=False)
    approver_role = models.CharField(
        max_length=30, default="chair", help_text="Role that approves changes for the company."
    )
    stages = models.JSONField(
        default=list, help_text="Terms by stage of a hybrid residency (`scoping.stages`)."
    )
    milestones = models.JSONField(default=list, help_text='Items {"key", "title", "kind", "due"}.')
    checkpoints = models.JSONField(default=list, help_text="Review checkpoints, as milestones are.")
    credit = models.JSONField(default=list, help_text="CRediT roles the fellow is credited with.")
    company_credit = models.JSONField(
        default=list, help_text="CRediT roles expected of the company's staff, if any."
    )
    pins = models.JSONField(
        default=list, help_text='Policy versions it rests on: {"name", "hash"}.'
    )
    sources = models.JSONField(
        default=dict, help_text="Where a clause generated and not changed since came from, by key."
    )
    route = models.CharField(
        max_length=20,
        choices=Route.choices,
        blank=True,
        editable=False,
        help_text="How it came, or comes, into force; empty while it is drafted.",
    )

    text_hash = models.CharField(max_length=64, blank=True, editable=False)
    offered_at = models.DateTimeField(null=True, blank=True, editable=False)
    signed_at = models.DateTimeField(null=True, blank=True, editable=False)
    superseded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar = ScopeQuerySet.as_manager()

    class Meta:
        ordering = ("fellowship_id", "-number")
        indexes: ClassVar = [models.Index(fields=["state", "offered_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "number"], name="scope_number_once"),
            models.UniqueConstraint(
                fields=["fellowship"],
                condition=Q(state=ScopeState.SIGNED),
                name="scope_one_signed_version",
            ),
            models.UniqueConstraint(
                fields=["fellowship"],
                condition=Q(state__in=PENDING),
                name="scope_one_version_on_its_way",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ScopeState.values), name="scope_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ScopeState.DRAFT, ScopeState.WITHDRAWN]) | ~Q(text_hash=""),
                name="scope_text_is_hashed_once_it_leaves_the_desk",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ScopeState.SIGNED, ScopeState.SUPERSEDED])
                | Q(signed_at__isnull=False),
                name="scope_signed_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(superseded_at__gte=F("signed_at")),
                name="scope_superseded_after_signed",
            ),
            models.CheckConstraint(
                condition=Q(route__in=["", *Route.values]), name="scope_route_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ScopeState.DRAFT, ScopeState.WITHDRAWN]) | ~Q(route=""),
                name="scope_route_is_set_once_it_leaves_the_desk",
            ),
            models.CheckConstraint(
                condition=Q(route__in=["", Route.FIRST]) | Q(amends__isnull=False),
                name="scope_route_of_an_amendment_names_what_it_amends",
            ),
        ]

    def __str__(self) -> str:
        return say("Scope of work v{number}", number=self.number)

    def get_absolute_url(self) -> str:
        """The document."""
        return address("scoping:scope", self.fellowship.ref, self.number)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def ref(self) -> str:
        """How the record names it: the case and the version."""
        return say("{ref} scope v{number}", ref=self.fellowship.ref, number=self.number)

    def bounds(self) -> Terms:
        """What the clauses allow at most, whatever the stage."""
        return Terms.read({key: getattr(self, key) for key in STAGED})

    def stretches(self) -> list[Stretch]:
        """What it allows over time: one stretch, or one for each stage."""
        return stretches(self.bounds(), read(self.stages))

    def terms_on(self, day: dt.date) -> Stretch:
        """What it allows on a day of the programme's calendar."""
        return on(self.stretches(), day)

    def allows_dataset(self, name: str) -> bool:
        """Whether the version names the dataset."""
        return name in self.datasets

    def allows_operation(self, operation: str) -> bool:
        """Whether the version names the operation."""
        return operation in self.operations


class Signature(Tracked):
    """One side's signature under one version's text; given once, never taken back."""

    scope = models.ForeignKey(ScopeOfWork, on_delete=models.PROTECT, related_name="signatures")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    capacity = models.CharField(max_length=60, help_text="The role in which the person signed.")
    text_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "side"], name="signature_once_per_side"),
            models.CheckConstraint(condition=~Q(text_hash=""), name="signature_names_a_text"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: {self.person}"
