"""Publications, their versions, authors and sources."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models import Dataset, Release
from fellowship.accounts import roles
from fellowship.accounts.models import validate_orcid
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models import Artifact, Finding
from proposals.models import Proposal
from publications.credit import Credited
from publications.states import (
    Kind,
    PublicationState,
    ReleasedBy,
    ReviewTrack,
    WorkClass,
)
from publications.text_states import ARTEFACTS
from scoping.models import Fellowship

if TYPE_CHECKING:
    from publications.models.versions import Version

PERSON = settings.AUTH_USER_MODEL


class PublicationQuerySet(TrackedQuerySet["Publication"]):
    """Publications a person may see; release by silence is a predicate on the clock."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships, and those the person was asked to review or to mediate.

        Panel reviewers see no fellowship; the work they were asked about they see until their role
        ends or they declare a conflict about the case. A mediator sees the work they mediate.
        """
        of_cases = Q(fellowship__in=Fellowship.objects.visible_to(user))
        if not getattr(user, "is_active", False) or not user.pk:
            return self.filter(of_cases)
        asked = Q(
            pk__in=ReviewerAssignment.objects.filter(reviewer=user).values("publication_id"),
            program_id__in=realm_ids_where(user, roles.REVIEWER),
        )
        mediated = self.model._default_manager.filter(objections__mediation__mediator=user)
        asked |= Q(pk__in=mediated.values("pk"))
        recused = Q(fellowship_id__in=conflicted_ids(user, Fellowship)) | Q(
            fellowship__proposal_id__in=conflicted_ids(user, Proposal)
        )
        return self.filter(of_cases | (asked & ~recused))

    def released(self, at: dt.datetime | None = None) -> Self:
        """Released at `at`, recorded or not."""
        at = at or now()
        return self.filter(
            Q(state=PublicationState.RELEASED, released_at__lte=at)
            | Q(state=PublicationState.IN_REVIEW, silence_releases=True, window_ends_at__lte=at)
        )


class Publication(Tracked):
    """A work on its way to the public."""

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="publications"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="publications")
    ref = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=300)
    abstract = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    work_class = models.CharField(max_length=20, choices=WorkClass.choices)
    acknowledgement = models.TextField(blank=True)
    state = models.CharField(
        max_length=20,
        choices=PublicationState.choices,
        default=PublicationState.DRAFT,
        editable=False,
    )
    submitted_at = models.DateTimeField(null=True, editable=False)
    window_ends_at = models.DateTimeField(null=True, editable=False)
    event = models.CharField(max_length=200, blank=True, help_text="Where a talk is given.")
    event_on = models.DateField(null=True, blank=True)
    link = models.URLField(max_length=500, blank=True, help_text="Where its files are.")
    link_sha256 = models.CharField(max_length=64, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    silence_releases = models.BooleanField(default=True, editable=False)
    advice_due_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Scientific advice given later is late: shown as such, and waited for by nobody.",
    )
    policy_cleared_at = models.DateTimeField(null=True, editable=False)
    policy_cleared_by = models.ForeignKey(
        PERSON, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    released_at = models.DateTimeField(null=True, editable=False)
    release_kind = models.CharField(max_length=10, choices=ReleasedBy.choices, blank=True)
    doi = models.CharField(max_length=200, blank=True)
    venue = models.CharField(max_length=200, blank=True)

    objects: ClassVar = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index(fields=["program", "state", "window_ends_at"]),
            models.Index(fields=["fellowship", "-id"]),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=PublicationState.values), name="publication_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(submitted_at__isnull=False) & Q(window_ends_at__gt=F("submitted_at"))),
                name="publication_under_review_has_its_window",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=PublicationState.RELEASED)
                    & Q(released_at__isnull=False)
                    & ~Q(release_kind="")
                )
                | (~Q(state=PublicationState.RELEASED) & Q(released_at=None) & Q(release_kind="")),
                name="publication_released_says_when_and_by_what",
            ),
            models.CheckConstraint(
                condition=(Q(policy_cleared_at=None) & Q(policy_cleared_by=None))
                | (Q(policy_cleared_at__isnull=False) & Q(policy_cleared_by__isnull=False)),
                name="publication_policy_cleared_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.TALK) | (~Q(event="") & Q(event_on__isnull=False)),
                name="publication_talk_names_its_event",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=ARTEFACTS) | ~Q(licence=""),
                name="publication_of_files_has_a_licence",
            ),
            models.CheckConstraint(
                condition=Q(link_sha256="")
                | (Q(link_sha256__regex=r"^[0-9a-f]{64}$") & ~Q(link="")),
                name="publication_hash_is_of_what_the_link_holds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("publications:detail", self.ref)

    def silently_released(self, at: dt.datetime | None = None) -> bool:
        """Whether silence has released it by `at` although nobody has recorded it yet."""
        return (
            self.state == PublicationState.IN_REVIEW
            and self.silence_releases
            and self.window_ends_at is not None
            and self.window_ends_at <= (at or now())
        )

    def effective_state(self, at: dt.datetime | None = None) -> str:
        """The state at `at`, silence counted: what every page, list and API says."""
        if self.state != PublicationState.IN_REVIEW or not self.window_over(at):
            return self.state
        return PublicationState.RELEASED if self.silence_releases else PublicationState.WITH_BOARD

    def window_over(self, at: dt.datetime | None = None) -> bool:
        """Whether the time for objections is over at `at`, recorded or not."""
        return self.window_ends_at is not None and self.window_ends_at <= (at or now())

    @property
    def released_from(self) -> dt.datetime | None:
        """The instant of its release, recorded or not; None while it is not released."""
        if self.released_at is not None:
            return self.released_at
        return self.window_ends_at if self.silently_released() else None

    @property
    def said_state(self) -> str:
        """The label of the state now, silence counted."""
        return str(PublicationState(self.effective_state()).label)

    @property
    def if_silent(self) -> str:
        """What happens if nobody objects before the window ends."""
        what = say("it is released") if self.silence_releases else say("it goes to the board")
        return say("If nobody objects by then, {what}.", what=what)

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions.first()


class Author(Credited, Tracked):
    """One author, with CRediT roles, in the agreed order."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="authors")
    user = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    orcid = models.CharField(max_length=19, blank=True, validators=[validate_orcid])
    credit = models.JSONField(default=list, help_text="CRediT roles, by key.")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "position"], name="author_order_once")
        ]

    def __str__(self) -> str:
        return self.name


SOURCES: Final = ("dataset", "finding", "artifact", "release")
"""What a work may declare it uses, as a source names it."""


def _only(chosen: str) -> Q:
    """A source that names this one, and none of the others."""
    return Q(**{f"{name}__isnull": name != chosen for name in SOURCES})


class Source(Tracked):
    """What the work declares it uses: a dataset, finding, artifact or released output, just one."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="sources")
    dataset = models.ForeignKey(
        Dataset, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )
    finding = models.ForeignKey(
        Finding, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )
    artifact = models.ForeignKey(
        Artifact, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )
    release = models.ForeignKey(
        Release, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_only("dataset")
                | _only("finding")
                | _only("artifact")
                | _only("release"),
                name="source_is_one_of_four",
            ),
            *(
                models.UniqueConstraint(
                    fields=["publication", name],
                    condition=Q(**{f"{name}__isnull": False}),
                    name=f"source_{name}_once",
                )
                for name in SOURCES
            ),
        ]

    def __str__(self) -> str:
        return str(self.dataset or self.finding or self.artifact or self.release)

    @property
    def key(self) -> tuple[str, int]:
        """Which of the four it names, and its key."""
        for name in SOURCES:
            key: int | None = getattr(self, f"{name}_id")
            if key is not None:
                return name, key
        raise ValueError("a source names one record")


class ReviewerAssignment(Tracked):
    """Who reviews on which track. One person never sits on both tracks of one work."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="reviewers")
    track = models.CharField(max_length=20, choices=ReviewTrack.choices)
    reviewer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("track", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["publication", "reviewer"], name="reviewer_on_one_track_only"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reviewer}, {self.get_track_display()}"
