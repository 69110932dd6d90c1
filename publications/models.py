"""Publications, their versions and authors, the two reviews, and objections to passages."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from access.models import Dataset
from fellowship.accounts import roles
from fellowship.accounts.models import validate_orcid
from fellowship.accounts.queries import conflicted_ids, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from findings.models import Finding
from proposals.models import Proposal
from publications.states import (
    STANDING,
    UNSETTLED,
    Ask,
    Ground,
    Kind,
    ObjectionState,
    PublicationState,
    ReleasedBy,
    ReviewTrack,
    WorkClass,
)
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL
CONTEXT = 120
"""Characters shown on either side of a passage."""


class PublicationQuerySet(TrackedQuerySet["Publication"]):
    """Publications a person may see; release by silence is a predicate on the clock."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible fellowships, and those the person was asked to review.

        Panel reviewers see no fellowship; the work they were asked about they see until their role
        ends or they declare a conflict about the case.
        """
        of_cases = Q(fellowship__in=Fellowship.objects.visible_to(user))
        if not getattr(user, "is_active", False) or not user.pk:
            return self.filter(of_cases)
        asked = Q(
            pk__in=ReviewerAssignment.objects.filter(reviewer=user).values("publication_id"),
            program_id__in=realm_ids_where(user, roles.REVIEWER),
        )
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
    silence_releases = models.BooleanField(default=True, editable=False)
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
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("publications:detail", args=[self.ref])

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
        return PublicationState.RELEASED if self.silently_released(at) else self.state

    @property
    def said_state(self) -> str:
        """The label of the state now, silence counted."""
        return str(PublicationState(self.effective_state()).label)

    @property
    def if_silent(self) -> str:
        """What happens if nobody objects before the window ends."""
        what = "it is released" if self.silence_releases else "it goes to the board"
        return f"If nobody objects by then, {what}."

    @property
    def latest(self) -> Version | None:
        """The newest version."""
        return self.versions.first()


class Version(Tracked):
    """A text as submitted, never changed: known by its hash."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=now)
    added_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "number"], name="version_number_once"),
            models.CheckConstraint(condition=~Q(text=""), name="version_has_text"),
            models.CheckConstraint(
                condition=Q(added_at__isnull=False) & Q(added_by__isnull=False),
                name="version_added_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Author(Tracked):
    """One author, with CRediT roles, in the agreed order."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="authors")
    user = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    orcid = models.CharField(max_length=19, blank=True, validators=[validate_orcid])
    credit = models.JSONField(default=list, help_text="CRediT roles.")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "position"], name="author_order_once")
        ]

    def __str__(self) -> str:
        return self.name


class Source(Tracked):
    """A dataset or a finding the work declares it uses: exactly one of the two."""

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="sources")
    dataset = models.ForeignKey(
        Dataset, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )
    finding = models.ForeignKey(
        Finding, null=True, on_delete=models.PROTECT, related_name="publication_sources"
    )

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(dataset=None) & Q(finding__isnull=False))
                | (Q(dataset__isnull=False) & Q(finding=None)),
                name="source_is_a_dataset_or_a_finding",
            ),
            models.UniqueConstraint(
                fields=["publication", "dataset"],
                condition=Q(dataset__isnull=False),
                name="source_dataset_once",
            ),
            models.UniqueConstraint(
                fields=["publication", "finding"],
                condition=Q(finding__isnull=False),
                name="source_finding_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.dataset or self.finding)


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


class ScientificReview(Tracked):
    """Advice to the author on soundness, reproducibility and support. It cannot block."""

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="scientific_reviews"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    soundness = models.PositiveSmallIntegerField()
    reproducibility = models.PositiveSmallIntegerField()
    support = models.PositiveSmallIntegerField()
    advice = models.TextField()
    given_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("-given_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "reviewer"], name="scientific_review_once_per_version"
            ),
            models.CheckConstraint(
                condition=Q(soundness__range=(1, 5))
                & Q(reproducibility__range=(1, 5))
                & Q(support__range=(1, 5)),
                name="scientific_review_scores_from_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"Scientific review of {self.publication_id}"


class ObjectionQuerySet(TrackedQuerySet["Objection"]):
    """Objections by how they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible publications."""
        return self.filter(publication__in=Publication.objects.visible_to(user))

    def unsettled(self) -> Self:
        """Those someone must still act on."""
        return self.filter(state__in=UNSETTLED)

    def standing(self, at: dt.datetime | None = None) -> Self:
        """Those whose passage is still withheld at `at`: staged ones end on their date."""
        return self.filter(state__in=STANDING).filter(Q(until=None) | Q(until__gt=at or now()))


class Objection(Tracked):
    """An objection to one passage, on one listed ground: never to the work."""

    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, related_name="objections"
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="objections")
    ref = models.CharField(max_length=30, unique=True)
    ground = models.CharField(max_length=40, choices=Ground.choices)
    passage_start = models.PositiveIntegerField(help_text="Characters from the start of the text.")
    passage_end = models.PositiveIntegerField()
    passage = models.TextField()
    harm = models.TextField()
    ask = models.CharField(max_length=10, choices=Ask.choices)
    until = models.DateTimeField(null=True, blank=True)
    public_summary = models.TextField()
    raised_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(default=now)
    state = models.CharField(
        max_length=20,
        choices=ObjectionState.choices,
        default=ObjectionState.OPEN,
        editable=False,
    )
    wording = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    settled_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ("raised_at", "id")
        indexes: ClassVar = [models.Index(fields=["publication", "state"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="objection_ground_is_listed"
            ),
            models.CheckConstraint(
                condition=Q(passage_end__gt=F("passage_start")) & ~Q(passage=""),
                name="objection_marks_a_passage",
            ),
            models.CheckConstraint(
                condition=~Q(harm="") & ~Q(public_summary=""),
                name="objection_names_the_harm_and_what_the_public_reads",
            ),
            models.CheckConstraint(
                condition=(Q(ask=Ask.REDACT) & Q(until=None))
                | (~Q(ask=Ask.REDACT) & Q(until__isnull=False)),
                name="objection_staged_or_delayed_has_its_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ObjectionState.values), name="objection_state_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(state__in=UNSETTLED) & Q(settled_at=None))
                | (~Q(state__in=UNSETTLED) & Q(settled_at__isnull=False)),
                name="objection_settled_has_its_time",
            ),
        ]

    def withholds(self, at: dt.datetime) -> bool:
        """Whether its passage is withheld at `at`, as `standing` finds."""
        return self.state in STANDING and (self.until is None or self.until > at)

    def __str__(self) -> str:
        return f"{self.ref} {self.get_ground_display()}"

    def get_absolute_url(self) -> str:
        """The page of the work it is about."""
        return self.publication.get_absolute_url()

    @property
    def around(self) -> tuple[str, str]:
        """The words before and after the passage, so that it can be read where it stands."""
        text = self.version.text
        before = text[max(0, self.passage_start - CONTEXT) : self.passage_start]
        after = text[self.passage_end : self.passage_end + CONTEXT]
        return before.rpartition("\n")[2], after.partition("\n")[0]
