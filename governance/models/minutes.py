"""What a meeting says of single matters: consent items, and the parts of its minutes."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from governance.models import visibility
from governance.models.board import Matter
from governance.models.meetings import Meeting


class OfMatterQuerySet(TrackedQuerySet[Any]):
    """Rows of meetings about one matter each."""

    def visible_to(self, user: Any) -> Self:
        """Those about matters whose dossier the person may read: none about a recusal."""
        return self.filter(visibility.matters_opened_to(user, "matter_id", "matter__program_id"))


class ConsentItem(Tracked):
    """A matter that the chair proposes to record without discussion at a meeting.

    It is no vote: the ballot stays as it is. Any member of the board may pull it out.
    """

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="consent_items")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="consent_items")
    listed_at = models.DateTimeField()
    listed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    pulled_at = models.DateTimeField(null=True, editable=False)
    pulled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = OfMatterQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "matter"], name="consent_item_once"),
            models.CheckConstraint(
                condition=Q(pulled_at=None, pulled_by=None)
                | (
                    Q(pulled_at__isnull=False, pulled_by__isnull=False)
                    & Q(pulled_at__gte=F("listed_at"))
                ),
                name="consent_item_pulled_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return say("{ref} for consent", ref=self.matter.ref)


class MinutesItem(Tracked):
    """What the minutes say of one matter; it is shown to those alone who may read the matter."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="minutes_items")
    text = models.TextField()

    objects: ClassVar = OfMatterQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "matter"], name="minutes_item_once")
        ]

    def __str__(self) -> str:
        return say("{ref} in the minutes", ref=self.matter.ref)
