"""How a dataset came to its class: two people's answers, apart, and what was settled."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from access.models.datasets import Dataset
from access.states import CLASSIFYING, TIERS, UNREAD, ClassificationState, Tier
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import RuleVersion

_S = ClassificationState


class ClassificationQuerySet(TrackedQuerySet["Classification"]):
    """Classifications of datasets."""

    def visible_to(self, user: Any) -> Self:
        """Those of the programmes one works for. Their answers have a rule of their own."""
        return self.filter(dataset__program_id__in=realm_ids_where(user, *roles.STAFF))

    def under_way(self) -> Self:
        """Those not settled and not called off."""
        return self.filter(state__in=CLASSIFYING)


class Classification(Tracked):
    """One classification of a dataset under one version of the questions.

    `settled` holds the answers that count, question by question; `because` the settler's reason for
    each question that two people saw differently. `settler` is empty where they agreed.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="classifications")
    ref = models.CharField(max_length=30, unique=True)
    rule = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=_S.choices, default=_S.OPEN, editable=False)
    opened_at = models.DateTimeField(default=now)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, editable=False)
    settler = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    settled = models.JSONField(default=dict, blank=True)
    because = models.JSONField(default=dict, blank=True)
    tier = models.CharField(max_length=20, choices=Tier.choices, blank=True)

    objects: ClassVar = ClassificationQuerySet.as_manager()

    class Meta:
        ordering = ("-opened_at", "-id")
        indexes: ClassVar = [models.Index(fields=["state", "opened_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=Q(state__in=CLASSIFYING),
                name="classification_one_under_way",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_S.values), name="classification_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CLASSIFYING, closed_at=None)
                | (~Q(state__in=CLASSIFYING) & Q(closed_at__isnull=False)),
                name="classification_closed_with_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state=_S.SETTLED, tier__in=TIERS) | (~Q(state=_S.SETTLED) & Q(tier="")),
                name="classification_settled_has_a_tier",
            ),
            models.CheckConstraint(
                condition=Q(settler=None) | Q(state=_S.SETTLED),
                name="classification_settler_settled_it",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="classification_closed_after_it_opened",
            ),
        ]

    def __str__(self) -> str:
        return say("{ref} of {dataset}", ref=self.ref, dataset=self.dataset)

    def get_absolute_url(self) -> str:
        """Its page."""
        return address("access:classification", self.ref)

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.dataset.program_id)


class AnswersQuerySet(TrackedQuerySet["ClassificationAnswers"]):
    """Answers, unread by others until both have sent."""

    def visible_to(self, user: Any) -> Self:
        """One's own always; others' of one's programmes once both are in."""
        known = Q(classification__dataset__program_id__in=realm_ids_where(user, *roles.STAFF))
        own = Q(person_id=getattr(user, "pk", None) or 0)
        return self.filter(known & (own | ~Q(classification__state__in=UNREAD)))


class ClassificationAnswers(Tracked):
    """What one person of one role answered: a score for each question. Sent once, never changed.

    `salt` makes the row's hash in the ledger tell nothing about the answers while they are unread.
    """

    classification = models.ForeignKey(
        Classification, on_delete=models.PROTECT, related_name="answers"
    )
    role = models.CharField(max_length=30)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField()
    remarks = models.TextField(blank=True)
    sent_at = models.DateTimeField(default=now)
    salt = models.CharField(max_length=64, default=secrets.token_hex, editable=False)

    objects: ClassVar = AnswersQuerySet.as_manager()

    class Meta:
        ordering = ("sent_at", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["classification", "role"], name="classification_role_answers_once"
            ),
            models.UniqueConstraint(
                fields=["classification", "person"], name="classification_two_people"
            ),
            models.CheckConstraint(
                condition=Q(role__in=tuple(roles.ROLES)), name="classification_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return say("Answers of the {label}", label=roles.ROLES[self.role].label.lower())
