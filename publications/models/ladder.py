"""What a contest, a question and an extension leave behind, and the letter of release."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from publications.models.reviews import Objection
from publications.models.versions import Version
from publications.models.works import Publication
from publications.states import Ground, Proposal, ReleasedBy, ReviewTrack, Saved

PERSON = settings.AUTH_USER_MODEL


class Mediation(Tracked):
    """A contested passage before somebody who is no part of it: a proposal, and what both say."""

    objection = models.OneToOneField(Objection, on_delete=models.PROTECT, related_name="mediation")
    begun_at = models.DateTimeField(default=now)
    mediator = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(null=True)
    named_by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    proposal = models.CharField(max_length=10, choices=Proposal.choices, blank=True)
    wording = models.TextField(blank=True)
    until = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True)
    author_takes = models.BooleanField(null=True)
    author_said = models.TextField(blank=True)
    reviewer_takes = models.BooleanField(null=True)
    reviewer_said = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("begun_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(named_at=None) & Q(named_by=None) & Q(mediator=None))
                | (Q(named_at__isnull=False) & Q(named_by__isnull=False))
                & Q(mediator__isnull=False),
                name="mediation_named_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(proposal="") & Q(proposed_at=None) & Q(reasons=""))
                | (
                    Q(proposal__in=Proposal.values)
                    & Q(proposed_at__isnull=False)
                    & Q(mediator__isnull=False)
                    & ~Q(reasons="")
                ),
                name="mediation_proposal_has_its_reasons_and_time",
            ),
            models.CheckConstraint(
                condition=(Q(proposal=Proposal.WORDING) & ~Q(wording=""))
                | (~Q(proposal=Proposal.WORDING) & Q(wording="")),
                name="mediation_proposes_wording_with_its_words",
            ),
            models.CheckConstraint(
                condition=(Q(proposal=Proposal.LATER) & Q(until__isnull=False))
                | (~Q(proposal=Proposal.LATER) & Q(until=None)),
                name="mediation_proposes_a_later_date_with_it",
            ),
            models.CheckConstraint(
                condition=~Q(proposal="") | (Q(author_takes=None) & Q(reviewer_takes=None)),
                name="mediation_is_answered_once_there_is_a_proposal",
            ),
        ]

    def __str__(self) -> str:
        return say("Mediation of {objection}", objection=self.objection)


class WindowExtension(Tracked):
    """The one extension a work's window may ever have: on a ground, with an owner, to a date."""

    publication = models.OneToOneField(
        Publication, on_delete=models.PROTECT, related_name="extension"
    )
    ground = models.CharField(max_length=40, choices=Ground.choices)
    reason = models.TextField()
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    extended_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    extended_at = models.DateTimeField(default=now)
    old_due = models.DateTimeField()
    new_due = models.DateTimeField()

    class Meta:
        ordering = ("extended_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values) & ~Q(reason=""),
                name="window_extension_has_a_listed_ground_and_its_reason",
            ),
            models.CheckConstraint(
                condition=Q(new_due__gt=F("old_due")) & Q(extended_at__lt=F("old_due")),
                name="window_is_extended_to_a_later_time_while_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=False) & Q(extended_by__isnull=False),
                name="window_extended_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("extended to {new_due:%-d %B %Y, %H:%M} UTC", new_due=self.new_due)


class QuestionQuerySet(TrackedQuerySet["Question"]):
    """Questions by how they stand."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible publications."""
        return self.filter(publication__in=Publication.objects.visible_to(user))


class Question(Tracked):
    """What a reviewer must know from the author. The policy window rests until the answer.

    It rests no longer than the author has to answer; the scientific track's clock rests for nobody.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="questions")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    ref = models.CharField(max_length=30, unique=True)
    track = models.CharField(max_length=20, choices=ReviewTrack.choices)
    question = models.TextField()
    asked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    pauses = models.BooleanField()
    answer = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ("asked_at", "id")
        indexes: ClassVar = [models.Index(fields=["publication", "ended_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(question=""), name="question_asks_something"),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("asked_at"))
                & (Q(ended_at=None) | Q(ended_at__gte=F("asked_at"))),
                name="question_ends_after_it_is_asked",
            ),
            models.CheckConstraint(
                condition=Q(answer="") | Q(ended_at__isnull=False),
                name="question_answered_has_its_time",
            ),
            models.UniqueConstraint(
                fields=["publication"],
                condition=Q(pauses=True, ended_at=None),
                name="question_that_pauses_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(asked_at__isnull=False) & Q(asked_by__isnull=False),
                name="question_asked_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def open(self, at: Any = None) -> bool:
        """Whether the author may still answer at `at`."""
        return self.ended_at is None and self.due_at > (at or now())


class ReleaseLetter(Tracked):
    """The letter that says a work is released: from when, under which terms, without what."""

    publication = models.OneToOneField(Publication, on_delete=models.PROTECT, related_name="letter")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=ReleasedBy.choices)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    withheld = models.JSONField(default=list)
    recorded_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("released_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(text_hash=""), name="release_letter_has_text_and_hash"
            ),
            models.CheckConstraint(
                condition=Q(recorded_at__gte=F("released_at")),
                name="release_letter_is_recorded_after_the_release",
            ),
        ]

    def __str__(self) -> str:
        return say("Release letter of {publication_id}", publication_id=self.publication_id)


SAVERS = (roles.REVIEWER, roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER, roles.MANAGER)
"""Who reads and saves a programme's wording."""


class SavedWordingQuerySet(TrackedQuerySet["SavedWording"]):
    """Saved wording by programme and use."""

    def visible_to(self, user: Any) -> Self:
        """Those of the programmes the person reviews for, or manages."""
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        return self.filter(program__in=realm_ids_where(user, *SAVERS))

    def offered(self, program_id: int) -> Self:
        """What reviewers of the programme may still take, by title."""
        return self.filter(program_id=program_id, retired_at=None).order_by("use", "title", "id")


class SavedWording(Tracked):
    """Words a programme's reviewers use again."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    use = models.CharField(max_length=20, choices=Saved.choices)
    title = models.CharField(max_length=120)
    text = models.TextField()
    added_at = models.DateTimeField(default=now)
    added_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SavedWordingQuerySet.as_manager()

    class Meta:
        ordering = ("use", "title", "id")
        indexes: ClassVar = [models.Index(fields=["program", "use", "title"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program", "use", "title"],
                condition=Q(retired_at=None),
                name="saved_wording_once_per_title",
            ),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(text="") & Q(use__in=Saved.values),
                name="saved_wording_has_its_words",
            ),
            models.CheckConstraint(
                condition=Q(added_at__isnull=False) & Q(added_by__isnull=False),
                name="saved_wording_added_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=(Q(retired_at=None) & Q(retired_by=None))
                | (Q(retired_at__isnull=False) & Q(retired_by__isnull=False)),
                name="saved_wording_retired_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.title
