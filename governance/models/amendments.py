"""The offer to hold a case that has begun to a later version of a rule."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import links
from governance.models import visibility
from governance.models.rules import RuleVersion
from governance.states import AmendmentState, RuleKind


class RuleAmendmentQuerySet(TrackedQuerySet["RuleAmendment"]):
    """Amendments by who may know of them."""

    def visible_to(self, user: Any) -> Self:
        """Those offered to one; all of boards whose room one may enter, none about a conflict."""
        return self.filter(visibility.amendments_visible_to(user))

    def open(self) -> Self:
        """Those not answered and not withdrawn."""
        return self.filter(state=AmendmentState.OFFERED)


class RuleAmendment(Tracked):
    """A later version offered to the person a case belongs to. Agreed, the case is held to it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=250)
    kind = models.CharField(max_length=30, choices=RuleKind.choices)
    from_rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    to_rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="offers")
    why = models.TextField()
    party = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rule_amendments"
    )
    offered_at = models.DateTimeField(default=now)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        max_length=10,
        choices=AmendmentState.choices,
        default=AmendmentState.OFFERED,
        editable=False,
    )
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = RuleAmendmentQuerySet.as_manager()

    class Meta:
        ordering = ("-offered_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["party", "state"]),
            models.Index(fields=["subject_type", "subject_id", "kind"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind"],
                condition=Q(state=AmendmentState.OFFERED),
                name="rule_amendment_one_on_offer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AmendmentState.values), name="rule_amendment_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(offered_by=F("party")), name="rule_amendment_has_two_sides"
            ),
            models.CheckConstraint(
                condition=~Q(from_rule=F("to_rule")), name="rule_amendment_changes_the_version"
            ),
            models.CheckConstraint(condition=~Q(why=""), name="rule_amendment_says_why"),
            models.CheckConstraint(
                condition=Q(state=AmendmentState.OFFERED, answered_at=None, answered_by=None)
                | (
                    ~Q(state=AmendmentState.OFFERED)
                    & Q(answered_at__isnull=False, answered_by__isnull=False)
                ),
                name="rule_amendment_answered_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(AmendmentState.AGREED, AmendmentState.DECLINED))
                | Q(answered_by=F("party")),
                name="rule_amendment_answered_by_its_party",
            ),
        ]

    def __str__(self) -> str:
        return say(
            "{to_rule} for {subject_label}", to_rule=self.to_rule, subject_label=self.subject_label
        )

    def get_absolute_url(self) -> str:
        """Its page."""
        return links.to("rule_amendment", self.pk)
