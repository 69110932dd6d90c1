"""What programmes offer: its terms in every version, the next one, and the end of an offer."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.programs import services, versions
from fellowship.programs.api.terms import (
    FellowshipModelSerializer,
    OutputTypeSerializer,
    PathStepSerializer,
    ResidencyStageSerializer,
    StageStandardSerializer,
    TermsVersionSerializer,
    TrackSerializer,
)
from fellowship.programs.forms import TERMS, ResidencyForm
from fellowship.programs.models import (
    FellowshipModel,
    OutputType,
    PathStep,
    Program,
    StageStandard,
    Track,
)
from fellowship.web.api import Input, ReasonInput, VisibleViewSet, from_form, service_action
from fellowship.web.api.forms import Asked


def _of_term(asked: Asked) -> dict[str, Any]:
    return {"program": asked.target.program, "term": asked.target}


def revision(part: str) -> Any:
    """The verb that makes the next version of terms of this part of a programme."""
    form = TERMS[part]
    name = f"{form.__name__.removesuffix('Form')}RevisionInput"
    given = from_form(form, name=name, given=_of_term, leave_out=(form.KEY,))
    return service_action("revise", services.revise_terms, subject="term", input=given)


class TermsViewSet(VisibleViewSet):
    """Terms that everyone reads once a call was published; those of a programme by `?program=`."""

    lookup_value_regex = r"[0-9]{1,18}"
    public: ClassVar[bool] = True
    """Whether whoever may apply reads them, or only those in the programme."""

    def get_queryset(self) -> Any:
        """Those of the programmes whose terms the person may read."""
        rows: Any = super(VisibleViewSet, self).get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        known = Program.objects.visible_to(self.request.user)
        if self.public:
            known = Program.objects.with_terms_for(self.request.user)
        return rows.filter(program__in=known)

    @extend_schema(responses=TermsVersionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=None)
    def versions(self, request: Request, pk: str) -> Response:
        """Every version of its terms, the newest first."""
        return Response(
            TermsVersionSerializer(versions.versions(self.get_object()), many=True).data
        )


class OfferViewSet(TermsViewSet):
    """What may be chosen: it can be retired, and offered again."""

    retire = service_action("retire", services.retire_offer, subject="offer", input=ReasonInput)
    offer_again = service_action(
        "offer-again", services.offer_again, subject="offer", input=ReasonInput
    )


class TrackViewSet(OfferViewSet):
    """Research tracks."""

    queryset = Track.objects.select_related("program__realm")
    serializer_class = TrackSerializer
    filterset_fields = ("program__realm__slug",)
    revise = revision("track")


class StagesInput(Input):
    """The stages of a hybrid residency in their order, at least two."""

    version = serializers.IntegerField(min_value=1, max_value=1_000_000)
    reason = serializers.CharField(max_length=2_000)
    stages = ResidencyStageSerializer(many=True)


class FellowshipModelViewSet(OfferViewSet):
    """The ways a fellowship can be arranged."""

    queryset = FellowshipModel.objects.select_related("program__realm")
    serializer_class = FellowshipModelSerializer
    filterset_fields = ("program__realm__slug",)
    revise = revision("model")

    @extend_schema(request=StagesInput)
    @action(detail=True, methods=["post"])
    def stages(self, request: Request, pk: str) -> Response:
        """Set the stages of the hybrid residency, as the next version of its terms."""
        by: Any = request.user
        term, said = self.get_object(), self.validated(StagesInput)
        rows = said.pop("stages")
        named = {
            f"stage-{n}-{key}": value for n, row in enumerate(rows) for key, value in row.items()
        }
        form = ResidencyForm({**said, **named}, term=term)
        if not form.is_valid():
            wrong = [str(error) for errors in form.errors.values() for error in errors]
            raise serializers.ValidationError({"stages": wrong})
        services.revise_terms(term=term, by=by, **said, **form.values())
        return self.shown(term)


class OutputTypeViewSet(OfferViewSet):
    """What a fellowship may be expected to produce."""

    queryset = OutputType.objects.select_related("program__realm")
    serializer_class = OutputTypeSerializer
    filterset_fields = ("program__realm__slug",)
    revise = revision("output")


class PathStepViewSet(OfferViewSet):
    """The steps of the talent path."""

    queryset = PathStep.objects.select_related("program__realm")
    serializer_class = PathStepSerializer
    filterset_fields = ("program__realm__slug",)
    revise = revision("step")


class StageStandardViewSet(TermsViewSet):
    """The owners and standards of the stages, for those in the programme."""

    queryset = StageStandard.objects.select_related("program__realm", "owner")
    serializer_class = StageStandardSerializer
    filterset_fields = ("program__realm__slug",)
    public = False
    revise = revision("standard")
