"""After a cohort: the survey of fellows and mentors, and what is recommended to the next call."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet, Untracked
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Cohort, Program
from oversight.roles import OFFICE
from oversight.states import Outcome, SurveySide

PERSON = settings.AUTH_USER_MODEL


class CohortSurveyQuerySet(TrackedQuerySet["CohortSurvey"]):
    """Surveys by who reads their results, and by time."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes in whose office the person works, and those they are asked in."""
        office = Q(program_id__in=realm_ids_where(user, *OFFICE))
        asked = Q(pk__in=SurveyInvitation.objects.filter(person_id=user.pk or 0).values("survey"))
        return self.filter(office | asked)

    def open(self, at: dt.datetime | None = None) -> Self:
        """Those that take answers at `at`."""
        at = at or now()
        return self.filter(opened_at__lte=at, closes_at__gt=at)


class CohortSurvey(Tracked):
    """The one survey of a cohort. Answers are taken until `closes_at` and shown only from then."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="surveys")
    cohort = models.OneToOneField(Cohort, on_delete=models.PROTECT, related_name="survey")
    opened_at = models.DateTimeField(default=now, editable=False)
    opened_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    closes_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True, editable=False)
    answers_sha256 = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Over all answers, once it closed."
    )

    objects: ClassVar = CohortSurveyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opened_at")), name="survey_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(sealed_at=None, answers_sha256="")
                | (Q(sealed_at__isnull=False) & ~Q(answers_sha256="")),
                name="survey_sealed_at_and_hash_go_together",
            ),
            models.CheckConstraint(
                condition=Q(sealed_at=None) | Q(sealed_at__gte=F("closes_at")),
                name="survey_is_sealed_after_it_closes",
            ),
        ]

    def __str__(self) -> str:
        return say("Survey of {cohort}", cohort=self.cohort)

    def get_absolute_url(self) -> str:
        """The page where it is answered."""
        return address("oversight:survey", self.pk)

    def is_open(self, at: dt.datetime | None = None) -> bool:
        """Whether answers are taken at `at`; afterwards they may be shown."""
        return (at or now()) < self.closes_at


class SurveyInvitation(Tracked):
    """That a person is asked, and whether they answered; never what."""

    survey = models.ForeignKey(CohortSurvey, on_delete=models.PROTECT, related_name="invitations")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=SurveySide.choices)
    answered = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [models.Index(fields=["person", "answered"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["survey", "person", "side"], name="survey_asks_once_for_each_side"
            ),
            models.CheckConstraint(
                condition=Q(side__in=SurveySide.values), name="survey_invitation_side_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id}: {self.side}"

    @property
    def program_id(self) -> int:
        """The programme, for the ledger."""
        return int(self.survey.program_id)


class SurveyAnswer(Untracked):
    """One answer, with nobody's name and no time: `answers` are points by question, 1 to 5.

    Untracked and with a random key: a history row or an event would name who answered. What all of
    them said together is sealed by its hash when the survey closes
    (docs/adr/0039-a-cohort-reviewed-by-what-is-on-record.md).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(CohortSurvey, on_delete=models.PROTECT, related_name="answers")
    side = models.CharField(max_length=10, choices=SurveySide.choices)
    answers = models.JSONField()
    remark = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(side__in=SurveySide.values), name="survey_answer_side_is_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RecommendationQuerySet(TrackedQuerySet["Recommendation"]):
    """Recommendations by who reads them, and whether they wait."""

    def visible_to(self, user: Any) -> Self:
        """Those of programmes in whose office the person works, and their own."""
        return self.filter(
            Q(program_id__in=realm_ids_where(user, *OFFICE)) | Q(owner_id=user.pk or 0)
        )

    def waiting(self) -> Self:
        """Neither done nor dropped."""
        return self.filter(settled_at=None)

    def for_the_next_call(self, program: Program) -> Self:
        """What waits in the programme, the first due first."""
        return self.waiting().filter(program=program).order_by("due_on", "id")


class Recommendation(Tracked):
    """What a cohort's review asks for before the next call: a task with its owner and its day."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="recommendations")
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="recommendations")
    text = models.CharField(max_length=250)
    why = models.TextField(help_text="The figure or the answer it comes from.")
    owner = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="recommendations")
    due_on = models.DateField()
    made_at = models.DateTimeField(default=now, editable=False)
    made_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(
        PERSON, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, editable=False)
    how = models.TextField(blank=True, help_text="What was done, or why it was dropped.")

    objects: ClassVar = RecommendationQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "id")
        indexes: ClassVar = [
            models.Index(fields=["program", "settled_at", "due_on"]),
            models.Index(fields=["owner", "settled_at", "due_on"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cohort", "text"],
                condition=Q(settled_at=None),
                name="recommendation_waits_once",
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(why=""), name="recommendation_says_what_and_why"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None, settled_by=None, outcome="", how="")
                | (
                    Q(
                        settled_at__isnull=False,
                        settled_by__isnull=False,
                        outcome__in=Outcome.values,
                    )
                    & ~Q(how="")
                ),
                name="recommendation_settled_at_by_outcome_and_how_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        """Its own page."""
        return address("oversight:recommendation", self.pk)
