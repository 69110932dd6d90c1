"""What a case owes before it closes and no other application keeps: texts, things, exceptions."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from oversight.states import ClosingKind, HeldKind
from scoping.models import Fellowship

PERSON = settings.AUTH_USER_MODEL


class OfACaseQuerySet(TrackedQuerySet[Any]):
    """Records of a case, read by whoever sees the case."""

    def visible_to(self, user: Any) -> Self:
        """Those of fellowships the person sees."""
        return self.filter(fellowship__in=Fellowship.objects.visible_to(user))


class OfACase(Tracked):
    """A record that belongs to one fellowship."""

    fellowship: Any
    objects: ClassVar = OfACaseQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.fellowship.program_id)


class ClosingText(OfACase):
    """The summary of the findings, or one side's review of the fellowship; one of each kind."""

    fellowship = models.ForeignKey(
        Fellowship, on_delete=models.PROTECT, related_name="closing_texts"
    )
    kind = models.CharField(max_length=20, choices=ClosingKind.choices)
    text = models.TextField()
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "kind"], name="closing_text_once"),
            models.CheckConstraint(
                condition=Q(kind__in=ClosingKind.values), name="closing_text_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="closing_text_says_something"),
        ]

    def __str__(self) -> str:
        return say("{kind} of {ref}", kind=self.get_kind_display(), ref=self.fellowship.ref)


class Handback(OfACase):
    """A thing or an account that a fellow was handed, until somebody else has it back or closed it.

    One of kind `nothing` states that there was none.
    """

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="handbacks")
    kind = models.CharField(max_length=10, choices=HeldKind.choices)
    what = models.CharField(max_length=200)
    listed_at = models.DateTimeField(default=now, editable=False)
    listed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(
        PERSON, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    how = models.TextField(blank=True, help_text="How it came back or was closed.")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fellowship", "kind", "what"], name="handback_listed_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=HeldKind.values), name="handback_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(what=""), name="handback_names_it"),
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None, how="")
                | (Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(how="")),
                name="handback_settled_at_by_and_how_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.what


class Waiver(OfACase):
    """An obligation of one case that is not held to: by whom, and why."""

    fellowship = models.ForeignKey(Fellowship, on_delete=models.PROTECT, related_name="waivers")
    key = models.CharField(max_length=60, help_text="The obligation's key.")
    label = models.CharField(max_length=200, help_text="The obligation in words.")
    reason = models.TextField()
    waived_at = models.DateTimeField(default=now, editable=False)
    waived_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fellowship", "key"], name="waiver_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_a_reason"),
        ]

    def __str__(self) -> str:
        return say("{label}: excepted", label=self.label)
