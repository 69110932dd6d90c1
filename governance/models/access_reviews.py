"""Access reviews: each quarter every role and every grant is kept or taken away by its owner."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.routes import address
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.tracking import Tracked, TrackedQuerySet
from fellowship.kernel.worded import Worded
from fellowship.programs.models import Program

SEES_ALL = (roles.MANAGER, roles.CHAIR, roles.ADMINISTRATOR, roles.AUDITOR, roles.SPONSOR)
"""Who reads every item; others read those they attest, and their own."""
PERSON = settings.AUTH_USER_MODEL


class AccessReviewQuerySet(TrackedQuerySet["AccessReview"]):
    """Reviews by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes one oversees, and those in which one attests."""
        mine = AccessReviewItem.objects.filter(owner=user.pk or 0).values("review_id")
        return self.filter(Q(program_id__in=realm_ids_where(user, *SEES_ALL)) | Q(pk__in=mine))

    def open(self) -> Self:
        """Those with items to answer."""
        return self.filter(closed_at=None)


class AccessReview(Tracked):
    """One review of a programme: what was held on its day, answered item by item."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="access_reviews")
    ref = models.CharField(max_length=30, unique=True)
    opened_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, editable=False)
    escalated_at = models.DateTimeField(null=True, editable=False)
    rule = models.CharField(max_length=200)

    objects: ClassVar = AccessReviewQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-id")
        indexes: ClassVar = [models.Index(fields=["program", "-opened_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["program"], condition=Q(closed_at=None), name="access_review_one_open"
            ),
            models.CheckConstraint(
                condition=Q(due_at__gt=F("opened_at")), name="access_review_due_after_it_opens"
            ),
        ]

    def __str__(self) -> str:
        return say("{ref}, access review", ref=self.ref)

    @property
    def by_rule(self) -> str:
        """The rule it was opened by, said to its reader where it bears the name of its kind."""
        title, parted, version = self.rule.rpartition(" v")
        return joined(parted, (say(title), version)) if parted else say(self.rule)

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("governance:access_review", self.ref)


class AccessReviewItemQuerySet(TrackedQuerySet["AccessReviewItem"]):
    """Items by answer, and by who may read them."""

    def unanswered(self) -> Self:
        """Those that wait."""
        return self.filter(decided_at=None)

    def visible_to(self, user: Any) -> Self:
        """All of programmes one oversees, those one attests, and what one holds oneself."""
        key = user.pk or 0
        return self.filter(
            Q(review__program_id__in=realm_ids_where(user, *SEES_ALL))
            | Q(owner=key)
            | Q(person=key)
        )


class AccessReviewItem(Tracked, Worded):
    """One role or grant as it was held when the review opened, and what its owner said."""

    class Decision(models.TextChoices):
        """What the owner says."""

        KEEP = "keep", say("Keep")
        REMOVE = "remove", say("Remove")

    review = models.ForeignKey(AccessReview, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=30)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    title = models.CharField(max_length=300)
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    reason = models.TextField(blank=True, max_length=2000)
    decided_by = models.ForeignKey(PERSON, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(
        null=True, help_text="When what was removed ended: in the transaction of the decision."
    )

    objects: ClassVar = AccessReviewItemQuerySet.as_manager()

    class Meta:
        ordering = ("review_id", "decided_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["review", "decided_at", "id"]),
            models.Index(fields=["owner", "decided_at"]),
            models.Index(fields=["subject_type", "subject_id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["review", "subject_type", "subject_id"], name="access_review_item_once"
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None, decided_by=None)
                | Q(
                    decision__in=["keep", "remove"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
                name="access_review_item_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("person")),
                name="access_review_item_not_by_its_person",
            ),
            models.CheckConstraint(
                condition=Q(owner=None) | ~Q(owner=F("person")),
                name="access_review_item_not_owned_by_its_person",
            ),
            models.CheckConstraint(
                condition=~Q(decision="remove") | (~Q(reason="") & Q(ended_at__isnull=False)),
                name="access_review_item_removed_with_reason_and_end",
            ),
            models.CheckConstraint(
                condition=Q(decision="remove") | Q(ended_at=None),
                name="access_review_item_ends_only_by_removal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.person}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.review.program_id)
