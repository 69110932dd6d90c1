"""Comments on drafts of rules, and who has acknowledged a version."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from fellowship.accounts.models import RoleAssignment
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models.rules import RuleVersion
from governance.states import CommentOutcome


class RuleCommentQuerySet(TrackedQuerySet["RuleComment"]):
    """Comments by who may read them, and by whether they are answered."""

    def visible_to(self, user: Any) -> Self:
        """Comments on what the person may read: comments are open to all who may comment."""
        readable = RuleVersion.objects.visible_to(user).order_by()
        return self.filter(rule__in=readable.values("pk"))

    def unanswered(self) -> Self:
        """Those nobody has answered yet."""
        return self.filter(answered_at=None)


class RuleComment(Tracked):
    """What a person bound by a rule says to its draft, on which text, and the answer to it."""

    rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_hash = models.CharField(max_length=64, help_text="The draft that was commented on.")
    sha256 = models.CharField(max_length=64, editable=False)
    commented_at = models.DateTimeField(default=now)
    outcome = models.CharField(max_length=20, choices=CommentOutcome.choices, blank=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = RuleCommentQuerySet.as_manager()

    class Meta:
        ordering = ("rule", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["rule", "author", "text_hash", "sha256"], name="rule_comment_said_once"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="rule_comment_says_something"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="", outcome="")
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answer="")
                    & Q(outcome__in=CommentOutcome.values)
                ),
                name="rule_comment_answered_whole_or_not",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=models.F("author")),
                name="rule_comment_answered_by_another",
            ),
        ]

    def __str__(self) -> str:
        return say("Comment of {author} on {rule}", author=self.author, rule=self.rule)

    def get_absolute_url(self) -> str:
        """The comment on the page of its draft."""
        return f"{self.rule.get_absolute_url()}#comment-{self.pk}"


class RuleAcknowledgementQuerySet(TrackedQuerySet["RuleAcknowledgement"]):
    """Acknowledgements asked for and given."""

    def visible_to(self, user: Any) -> Self:
        """One's own; everybody's for those who keep the rules (see `READERS`)."""
        from governance.models.visibility import acknowledgements_visible_to

        return self.filter(acknowledgements_visible_to(user))

    def counting(self, role_keys: tuple[str, ...], at: dt.datetime | None = None) -> Self:
        """Those given, and those still owed: by people who hold one of the roles."""
        held = RoleAssignment.objects.live(at).filter(
            realm=OuterRef("rule__program"), user=OuterRef("user"), role__in=role_keys
        )
        return self.filter(Q(acknowledged_at__isnull=False) | Exists(held))


class RuleAcknowledgement(Tracked):
    """That a person is asked to say they have read a version, and when they did.

    The rule binds whether or not it is acknowledged; who leaves is asked no more.
    """

    rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="acknowledgements")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rules_acknowledged"
    )
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar = RuleAcknowledgementQuerySet.as_manager()

    class Meta:
        ordering = ("rule", "due_at", "id")
        indexes: ClassVar = [
            models.Index(fields=["user", "acknowledged_at", "due_at"]),
            models.Index(fields=["acknowledged_at", "due_at"]),
            models.Index(fields=["rule", "due_at", "id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "user"], name="rule_acknowledged_once"),
            models.CheckConstraint(
                condition=Q(due_at__gte=models.F("asked_at")),
                name="rule_acknowledgement_due_after_it_is_asked",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None) | Q(acknowledged_at__gte=models.F("asked_at")),
                name="rule_acknowledged_after_it_was_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.rule}"

    def get_absolute_url(self) -> str:
        """The rule's page."""
        return self.rule.get_absolute_url()


class AcknowledgementReminder(Tracked):
    """That a person was told once that a threshold was crossed; 0 days is the due day itself."""

    acknowledgement = models.ForeignKey(
        RuleAcknowledgement, on_delete=models.PROTECT, related_name="reminders"
    )
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["acknowledgement", "days"], name="acknowledgement_reminder_once"
            )
        ]

    def __str__(self) -> str:
        return say(
            "{days} days before {acknowledgement_id}",
            days=self.days,
            acknowledgement_id=self.acknowledgement_id,
        )
