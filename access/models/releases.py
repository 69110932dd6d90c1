"""Outputs that are to leave: the request, its files, and the release bound to their bytes."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from access.models.datasets import Dataset
from access.models.requests import fellowships_of
from access.release_states import OPEN_RELEASE, PREPARED, OutputKind, ReleaseState
from fellowship.accounts import roles
from fellowship.accounts.queries import conflicted_ids, holds_anywhere
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from governance.models import RuleVersion
from scoping.models import Collaborator, Fellowship

_HASH = r"^[0-9a-f]{64}$"


class ReleaseRequestQuerySet(TrackedQuerySet["ReleaseRequest"]):
    """Requests to release by who may see them and where they stand."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and sent ones of access cases one may read, save those one is recused from.

        Who works on a fellowship beside its fellow sees what was released of it.
        """
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        own = Q(requester_id=user.pk) | Q(fellowship__fellow_id=user.pk)
        others = Q(fellowship__in=fellowships_of(user).values("pk")) & ~Q(
            pk__in=conflicted_ids(user, ReleaseRequest)
        )
        found = own | (others & ~Q(first_sent_at=None))
        if holds_anywhere(user, roles.COLLABORATOR):
            shared = Collaborator.objects.active().filter(person_id=user.pk)
            found |= Q(state=ReleaseState.RELEASED, fellowship__in=shared.values("fellowship_id"))
        return self.filter(found)

    def open(self) -> Self:
        """Those not decided yet."""
        return self.filter(state__in=OPEN_RELEASE)

    def awaiting(self) -> Self:
        """Those that wait for the desk, the first due first."""
        waiting = (ReleaseState.IN_REVIEW, ReleaseState.DISAGREED)
        return self.filter(state__in=waiting).order_by("due_at", "id")


class ReleaseRequest(Tracked):
    """A fellow asks that some outputs may leave the environment, for a purpose and a destination.

    `tier` is the strictest of the datasets they were made from; `handling` the standard whose
    limits count. Each time it is sent is a round of two reviews.
    """

    ref = models.CharField(max_length=30, unique=True)
    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="release_requests"
    )
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="release_requests"
    )
    title = models.CharField(max_length=200)
    purpose = models.TextField()
    destination = models.CharField(max_length=300, help_text="Where the outputs go.")
    handling = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=20, choices=ReleaseState.choices, default=ReleaseState.DRAFT, editable=False
    )
    round = models.PositiveSmallIntegerField(default=0, editable=False)
    first_sent_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_because = models.TextField(blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The third person, where the two reviewers did not agree.",
    )

    objects: ClassVar = ReleaseRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["fellowship", "state"]),
            models.Index(fields=["state", "due_at"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=ReleaseState.values), name="release_request_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(round=0, first_sent_at=None, sent_at=None, due_at=None)
                | Q(
                    round__gt=0,
                    first_sent_at__isnull=False,
                    sent_at__isnull=False,
                    due_at__isnull=False,
                ),
                name="release_request_rounds_begin_when_it_is_sent",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ReleaseState.RELEASED, ReleaseState.REFUSED],
                    decided_at__isnull=False,
                    round__gt=0,
                )
                | (
                    ~Q(state__in=[ReleaseState.RELEASED, ReleaseState.REFUSED]) & Q(decided_at=None)
                ),
                name="release_request_decided_where_it_is_released_or_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """The request's page."""
        return address("access:release", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)

    @property
    def is_prepared(self) -> bool:
        """Whether its outputs may still be changed."""
        return self.state in PREPARED


class ReleaseSource(Tracked):
    """A dataset the outputs of a request were made from."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="sources")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "dataset"], name="release_source_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.dataset}"


class Output(Tracked):
    """One file to be released: its bytes by hash, what it is, and what was said and found of it.

    `declared` holds what the requester states for the criteria: the smallest group, and the columns
    that count. `checks` is what a machine found, `explanation` what the requester says to it.
    """

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="outputs")
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=OutputKind.choices)
    description = models.TextField()
    declared = models.JSONField(default=dict, blank=True)
    checks = models.JSONField(default=list, blank=True, editable=False)
    explanation = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = TrackedQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["sha256"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=OutputKind.values), name="output_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="output_is_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=_HASH), name="output_hash_is_sha256"),
            models.UniqueConstraint(
                fields=["request", "sha256"],
                condition=Q(removed_at=None),
                name="output_once_in_a_request",
            ),
            models.UniqueConstraint(
                fields=["request", "name"],
                condition=Q(removed_at=None),
                name="output_name_once_in_a_request",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its place on the request's page."""
        return f"{self.request.get_absolute_url()}#output-{self.pk}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.request.program_id


class ReleaseQuerySet(TrackedQuerySet["Release"]):
    """Released files."""

    def visible_to(self, user: Any) -> Self:
        """Those of requests the person may see."""
        return self.filter(request__in=ReleaseRequest.objects.visible_to(user).values("pk"))

    def by_hash(self, sha256: str, at: dt.datetime | None = None) -> Self:
        """Releases of exactly these bytes, only those that had happened at `at` if it is given."""
        rows = self.filter(sha256=sha256.lower())
        return rows.filter(released_at__lte=at) if at else rows


class Release(Tracked):
    """One file has been released: these bytes, from this instant, and no others."""

    request = models.ForeignKey(ReleaseRequest, on_delete=models.PROTECT, related_name="releases")
    output = models.OneToOneField(Output, on_delete=models.PROTECT, related_name="release")
    sha256 = models.CharField(max_length=64)
    released_at = models.DateTimeField()

    objects: ClassVar = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["sha256", "released_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sha256__regex=_HASH), name="release_hash_is_sha256"),
            models.UniqueConstraint(fields=["request", "sha256"], name="released_once_by_request"),
        ]

    def __str__(self) -> str:
        return f"{self.request.ref}: {self.output.name}"

    def get_absolute_url(self) -> str:
        """The request that released it."""
        return self.request.get_absolute_url()

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return self.request.program_id
