"""The fellowship: the case every lower application hangs on, and its suspensions."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import (
    conflicted_ids,
    may_be_recused,
    may_have,
    realm_ids_where,
)
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Cohort, FellowshipModel, OutputType, Program, Track
from proposals.models import Proposal
from scoping.states import ORDER, WORKING, FellowshipState

READERS: Final = (
    roles.MANAGER,
    roles.STEWARD,
    roles.PRODUCT_OWNER,
    roles.ONCALL,
    roles.POLICY_REVIEWER,
    roles.LEGAL_REVIEWER,
    roles.BOARD_MEMBER,
    roles.CHAIR,
    roles.SPONSOR,
    roles.AUDITOR,
)
"""Roles that see every fellowship of their programme. A mentor sees only those they accompany."""


CASES: Final = "cases"
"""Whether anybody accompanies a case or has one of their own, for `may_have`."""


def whole_programs(user: Any) -> list[int]:
    """The programmes of which the person sees every case, where they see no other by name.

    None for those who have or accompany a case, or may be recused from one. Where there are some,
    the programme's key on a row below a case says who sees it, and no case is read.
    """
    programs = realm_ids_where(user, *READERS)
    return [] if may_have(user, CASES) or may_be_recused(user) else list(programs)


class FellowshipQuerySet(TrackedQuerySet["Fellowship"]):
    """Fellowships by who may see them and whether work goes on."""

    def visible_to(self, user: Any) -> Self:
        """The person's own, those they mentor, and those of programmes they hold a staff role in.

        A conflict declared about the fellowship or its proposal hides it from all but the fellow.
        Lower applications narrow by `fellowship__in=Fellowship.objects.visible_to(user)`.
        """
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        recused = Q(pk__in=conflicted_ids(user, Fellowship)) | Q(
            proposal_id__in=conflicted_ids(user, Proposal)
        )
        return self.seen_by(user.pk, realm_ids_where(user, *READERS), recused)

    def seen_by(self, key: int, programs: list[int], recused: Q | None = None) -> Self:
        """`visible_to` by keys, for what is prepared: of a person, and where they read cases."""
        staff = Q(mentor_id=key) | Q(program_id__in=programs)
        return self.filter(Q(fellow_id=key) | (staff & ~recused if recused else staff))

    def under_way(self) -> Self:
        """Those in which the fellow still works: neither ended nor being closed out."""
        return self.filter(state__in=WORKING, ended_at=None)

    def mentored_by(self, user: Any) -> Self:
        """Those the person accompanies that are not closed."""
        return self.filter(mentor_id=user.pk).exclude(state=FellowshipState.CLOSED)

    def annotate_suspended(self, at: dt.datetime | None = None) -> Self:
        """Add `suspended_now`: whether a suspension is live at `at`."""
        live = Suspension.objects.live(at).filter(fellowship_id=models.OuterRef("pk"))
        return self.annotate(suspended_now=models.Exists(live))


class Fellowship(Tracked):
    """One fellow, one accepted proposal, from scope to close-out. `state` is the stage."""

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="fellowship")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="fellowships")
    cohort = models.ForeignKey(
        Cohort, null=True, blank=True, on_delete=models.PROTECT, related_name="fellowships"
    )
    fellow = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fellowships"
    )
    mentor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="mentored_fellowships",
    )
    mentor_hours = models.PositiveSmallIntegerField(
        default=4, help_text="Hours of mentoring promised per month."
    )
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=300)
    track = models.CharField(max_length=30, choices=Track.Key.choices)
    model = models.CharField(max_length=30, choices=FellowshipModel.Key.choices, blank=True)
    output_type = models.ForeignKey(
        OutputType, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=20,
        choices=FellowshipState.choices,
        default=FellowshipState.SCOPE,
        editable=False,
    )
    stage_at = models.DateTimeField(
        default=now, editable=False, help_text="When the present stage was entered."
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects: ClassVar = FellowshipQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "ends_on"]),
            models.Index(fields=["mentor", "state"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=ORDER), name="fellowship_stage_is_known"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="fellowship_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=(Q(ended_at=None) & Q(ended_by=None))
                | (Q(ended_at__isnull=False) & Q(ended_by__isnull=False)),
                name="fellowship_ended_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state=FellowshipState.CLOSED) | Q(ended_at__isnull=False),
                name="fellowship_closed_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(mentor=None) | ~Q(mentor=F("fellow")),
                name="fellowship_nobody_mentors_themselves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """The case page."""
        return address("scoping:case", self.ref)

    @property
    def stage(self) -> str:
        """The key of the present stage."""
        return self.state

    @property
    def stage_label(self) -> str:
        """The present stage in words."""
        return str(FellowshipState(self.state).label)

    def has_entered(self, stage: str) -> bool:
        """Whether the case is at `stage` or past it."""
        return ORDER.index(self.state) >= ORDER.index(stage)

    def is_under_way(self) -> bool:
        """Whether the fellow still works: neither ended nor being closed out."""
        return self.ended_at is None and self.state in WORKING


def suspended_at(at: dt.datetime | None = None) -> Q:
    """Which suspensions are in force at `at` (default now): begun, neither over nor lifted."""
    at = at or now()
    ends = (Q(until=None) | Q(until__gt=at)) & (Q(lifted_at=None) | Q(lifted_at__gt=at))
    return Q(starts_at__lte=at) & ends


class SuspensionQuerySet(TrackedQuerySet["Suspension"]):
    """Suspensions, live by the clock."""

    def live(self, at: dt.datetime | None = None) -> Self:
        """Those in force at `at` (default now)."""
        return self.filter(suspended_at(at))


class Suspension(Tracked):
    """All the fellowship may reach is closed from `starts_at` until lifted or until `until`."""

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="suspensions")
    starts_at = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty where a rule suspended.",
    )
    reason = models.TextField()
    reached = models.JSONField(
        default=list, editable=False, help_text="What was reachable when it closed."
    )
    lifted_at = models.DateTimeField(null=True, blank=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    lifted_because = models.TextField(blank=True)

    objects: ClassVar = SuspensionQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at", "-id")
        indexes: ClassVar = [models.Index(fields=["fellowship", "lifted_at", "until"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(lifted_at=None) & Q(lifted_by=None))
                | (Q(lifted_at__isnull=False) & Q(lifted_by__isnull=False)),
                name="suspension_lifted_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("starts_at")),
                name="suspension_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="suspension_has_a_reason"),
        ]

    def __str__(self) -> str:
        return say("Suspension of {fellowship_id}", fellowship_id=self.fellowship_id)

    def lasts(self, until: dt.datetime | None) -> bool:
        """Whether it goes on as long as one that ends at `until`, or never by itself."""
        return self.until is None or (until is not None and self.until >= until)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)
