"""The API of what comes after a cohort: its review, its survey, and what is recommended."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.http import Http404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.saying import say
from fellowship.programs.models import Cohort
from fellowship.web.api import EndpointView, Input, Person, Router, VisibleViewSet, service_action
from oversight import services
from oversight.cohort_policy import LINE_MAX, REMARK_MAX, WHY_MAX
from oversight.cohort_review import counts, prediction, questions, times
from oversight.models import CohortSurvey, Recommendation
from oversight.office import figures
from oversight.policy import OFFICE
from oversight.states import Outcome, SurveySide

MOST: Final = 2**31
"""Keys from here on no record has."""


class RecommendationSerializer(serializers.ModelSerializer[Recommendation]):
    """What a cohort's review asks for before the next call."""

    program = serializers.CharField(source="program.slug")
    owner = serializers.CharField(source="owner.username")

    class Meta:
        """Its columns."""

        model = Recommendation
        fields: ClassVar = (
            "id",
            "program",
            "cohort",
            "text",
            "why",
            "owner",
            "due_on",
            "made_at",
            "settled_at",
            "outcome",
            "how",
        )


class RecommendationInput(Input):
    """A task for the next call; `owner` by what they sign in with."""

    cohort = serializers.IntegerField(min_value=1, max_value=MOST - 1)
    text = serializers.CharField(max_length=LINE_MAX)
    why = serializers.CharField(max_length=WHY_MAX)
    owner = Person()
    due_on = serializers.DateField()


class SettleRecommendationInput(Input):
    """What became of it."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    how = serializers.CharField(max_length=WHY_MAX)


class RecommendationViewSet(VisibleViewSet):
    """Recommendations of the programmes in whose office one works, and one's own."""

    queryset = Recommendation.objects.select_related("program__realm", "owner")
    serializer_class = RecommendationSerializer
    settle = service_action(
        "settle",
        services.settle_recommendation,
        subject="recommendation",
        input=SettleRecommendationInput,
    )

    @extend_schema(request=RecommendationInput, responses={201: RecommendationSerializer})
    def create(self, request: Request) -> Response:
        """Recommend something; what waits already is answered as it is."""
        data, user = self.validated(RecommendationInput), _user(request)
        cohort = _cohort(user, data.pop("cohort"))
        return self.created(services.recommend(cohort=cohort, by=user, **data))


class SurveyAnswerInput(Input):
    """One's points by question, 1 to 5, for the side one is asked for."""

    side = serializers.ChoiceField(choices=SurveySide.choices)
    answers = serializers.DictField(child=serializers.IntegerField(min_value=1, max_value=5))
    remark = serializers.CharField(
        max_length=REMARK_MAX, required=False, default="", allow_blank=True
    )


class SurveySerializer(serializers.ModelSerializer[CohortSurvey]):
    """A survey; its answers are in the cohort's review once it is closed."""

    class Meta:
        """Its columns."""

        model = CohortSurvey
        fields: ClassVar = ("id", "cohort", "opened_at", "closes_at", "answers_sha256")


class SurveyInput(Input):
    """The cohort that is asked, and the last day of answers."""

    cohort = serializers.IntegerField(min_value=1, max_value=MOST - 1)
    closes_on = serializers.DateField()


class SurveyViewSet(VisibleViewSet):
    """Surveys one reads the results of, or is asked in."""

    queryset = CohortSurvey.objects.select_related("cohort", "program")
    serializer_class = SurveySerializer
    answer = service_action(
        "answer", services.answer_survey, subject="survey", input=SurveyAnswerInput
    )

    @extend_schema(request=SurveyInput, responses={201: SurveySerializer})
    def create(self, request: Request) -> Response:
        """Ask a cohort's fellows and mentors; one opened already is answered as it is."""
        data, user = self.validated(SurveyInput), _user(request)
        cohort = _cohort(user, data.pop("cohort"))
        return self.created(services.open_survey(cohort=cohort, by=user, **data))


class NumberSerializer(serializers.Serializer[Any]):
    """One number of a review."""

    key = serializers.CharField(source="line.key")
    label = serializers.CharField(source="line.label")  # type: ignore[assignment] # a field like any other
    value = serializers.IntegerField()


class StageSerializer(serializers.Serializer[Any]):
    """Working days in a stage."""

    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    side = serializers.CharField()
    cases = serializers.IntegerField()
    median = serializers.FloatField()
    p90 = serializers.IntegerField()
    longest = serializers.IntegerField()
    still = serializers.IntegerField()
    oldest = serializers.IntegerField(allow_null=True)


class StallSerializer(serializers.Serializer[Any]):
    """Working days waited for one thing, and who had it longest past its time."""

    what = serializers.CharField()
    side = serializers.CharField()
    waits = serializers.IntegerField()
    median = serializers.FloatField()
    p90 = serializers.IntegerField()
    longest = serializers.IntegerField()
    late = serializers.IntegerField()
    holder = serializers.CharField()


class RelationSerializer(serializers.Serializer[Any]):
    """Scores against one outcome: rank correlation, its interval of 95 %, or why there is none."""

    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    n = serializers.IntegerField()
    rho = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()
    words = serializers.CharField()


class ToldSerializer(serializers.Serializer[Any]):
    """How many gave each point of a question."""

    text = serializers.CharField()
    counts = serializers.ListField(child=serializers.IntegerField())
    mean = serializers.FloatField()


class SurveySideSerializer(serializers.Serializer[Any]):
    """What one side said; nothing below the fewest answers."""

    label = serializers.CharField()  # type: ignore[assignment] # a field like any other
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    told = ToldSerializer(many=True)
    remarks = serializers.ListField(child=serializers.CharField())


class CohortReviewSerializer(serializers.Serializer[Any]):
    """The review of a cohort, counted at `at`."""

    cohort = serializers.CharField()
    at = serializers.DateTimeField()
    numbers = NumberSerializer(many=True)
    stages = StageSerializer(many=True)
    stalls = StallSerializer(many=True)
    scores = RelationSerializer(many=True)
    survey = SurveySideSerializer(many=True)


class CohortReviewView(EndpointView):
    """The review of a cohort, for its programme's manager, chair and sponsor."""

    @extend_schema(operation_id="cohort_reviews_retrieve", responses=CohortReviewSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Numbers, times, waits, scores against outcomes, and the survey once it is closed."""
        user = _user(request)
        rows = Cohort.objects.select_related("program")
        mine = realm_ids_where(user, *OFFICE)
        cohort = rows.filter(pk=pk, program_id__in=mine).first() if pk < MOST else None
        if cohort is None:
            raise Http404
        view = figures.View.of(cohort.program_id, user, cohort.pk)
        calendar = cohort.program.calendar()
        survey = CohortSurvey.objects.filter(cohort=cohort).first()
        found = {
            "cohort": str(cohort),
            "at": view.at,
            "numbers": counts.of(view, counts.Cut(cohort=cohort.pk)),
            "stages": times.stage_times(view, calendar),
            "stalls": times.stalls(view, calendar),
            "scores": prediction.relations(view, figures.measured(view)),
            "survey": questions.sides(survey) if survey and not survey.is_open() else [],
        }
        return Response(CohortReviewSerializer(found).data)


def _user(request: Request) -> Any:
    return request.user


def _cohort(user: Any, pk: int) -> Cohort:
    """A cohort of a programme in whose office the person works; raises Refused for none."""
    mine = realm_ids_where(user, *OFFICE)
    found = Cohort.objects.filter(pk=pk, program_id__in=mine).select_related("program").first()
    if found is None:
        raise Refused(Refusal("not_yours", say("There is no such cohort."), field="cohort"))
    return found


router = Router()
router.register("recommendations", RecommendationViewSet, basename="recommendations")
router.register("surveys", SurveyViewSet, basename="surveys")
urlpatterns = [
    path("cohorts/<int:pk>/review/", CohortReviewView.as_view(), name="cohort-review"),
    *router.urls,
]
