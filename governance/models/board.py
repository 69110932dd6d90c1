"""Matters, their dossiers, and who they are about."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worded import Worded
from fellowship.kernel.words import WordIndex
from fellowship.programs.models import Program
from governance import links
from governance.models import visibility
from governance.states import (
    LIVE_MATTER,
    MatterState,
)


class MatterQuerySet(TrackedQuerySet["Matter"]):
    """Matters by state and by what a person may know of them."""

    def live(self) -> Self:
        """Matters not yet decided, withdrawn or returned."""
        return self.filter(state__in=LIVE_MATTER)

    def visible_to(self, user: Any) -> Self:
        """Matters whose existence and public face the person may know; those recused from never.

        Dossier and votes are only for `opened_to`.
        """
        return self.filter(visibility.matters_known_to(user))

    def opened_to(self, user: Any) -> Self:
        """Matters whose dossier the person may read: board, chair, manager, auditor; no party."""
        return self.filter(visibility.matters_opened_to(user))

    def with_inside(self, user: Any) -> Self:
        """Add `inside`: whether the person may read the dossier, as `opened_to` says it."""
        return self.annotate(
            inside=Case(
                When(visibility.matters_opened_to(user), then=Value(True)), default=Value(False)
            )
        )

    def with_ballot(self) -> Self:
        """With programme, ballot and decision in the same query."""
        return self.select_related("program", "ballot", "decision", "referred_by")


class Matter(Tracked, Worded):
    """One question before the board, about one record of any app."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="matters")
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=250)
    question = models.TextField()
    state = models.CharField(
        max_length=20, choices=MatterState.choices, default=MatterState.OPEN, editable=False
    )
    dossier_hash = models.CharField(max_length=64, editable=False)
    subject_revision = models.CharField(max_length=64, editable=False)
    referred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    referred_at = models.DateTimeField(default=now, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = MatterQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "due_at"]),
            # What came before the board is counted here, without the matters.
            models.Index(
                fields=["subject_type", "subject_id"],
                include=["program"],
                name="matter_by_subject",
            ),
            WordIndex(fields=["title", "ref", "question"], name="matter_words"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=MatterState.values), name="matter_state_is_known"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(state__in=LIVE_MATTER),
                name="matter_one_at_a_time_per_subject",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=LIVE_MATTER) & Q(ended_at=None))
                | (~Q(state__in=LIVE_MATTER) & Q(ended_at__isnull=False)),
                name="matter_ended_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """The matter's page: the dossier and the vote for members, the public face for parties."""
        return links.to("matter", self.ref)

    @property
    def dossier(self) -> Dossier:
        """The dossier as sealed last; one query each time it is asked for."""
        return self.dossiers.latest("number")


class Dossier(Tracked):
    """Exactly what members see, sealed: the latest version's digest is `matter.dossier_hash`.

    What the matter is about may change before the vote ends; then the dossier is sealed anew as the
    next number, and the earlier ones stay readable. Apart from the matter, so that lists never
    carry it and history keeps it once.
    """

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="dossiers")
    number = models.PositiveSmallIntegerField(default=1)
    body = models.JSONField()
    sha256 = models.CharField(max_length=64, editable=False)
    subject_revision = models.CharField(max_length=64, editable=False)
    why = models.TextField(blank=True)
    sealed_at = models.DateTimeField(default=now)
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("matter", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["matter", "number"], name="dossier_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="dossier_numbered_from_one"),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(why=""), name="dossier_sealed_anew_says_why"
            ),
        ]

    def __str__(self) -> str:
        return say("Dossier {number} of {ref}", number=self.number, ref=self.matter.ref)

    def get_absolute_url(self) -> str:
        """The page of this version."""
        return links.to("dossier", self.matter.ref, self.number)


class MatterParty(Tracked):
    """A person the matter is about, as at referral."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="parties")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["matter", "user"], name="matter_party_once")
        ]

    def __str__(self) -> str:
        return say("{user} in {ref}", user=self.user, ref=self.matter.ref)


class MatterSubject(Tracked):
    """A record in which a declared conflict recuses: the matter, its subject, what is related."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="subjects")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject_type", "subject_id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["matter", "subject_type", "subject_id"], name="matter_subject_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"


class DossierOpening(Tracked):
    """A person opened the dossier as sealed under `number`, for the first time, at this instant."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="openings")
    number = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("opened_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["matter", "number", "user"], name="dossier_first_opening_once"
            )
        ]

    def __str__(self) -> str:
        return say("{user} opened {ref}", user=self.user, ref=self.matter.ref)
