"""The API of a work's people and of what follows its release: certificate, outcomes."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders, realm_ids_where
from fellowship.programs.models import Program
from fellowship.web import filters
from fellowship.web.api import Input, VisibleViewSet, replaces, service_action
from publications import policy, services
from publications.api.agreements import one_of
from publications.certificate import facts
from publications.models import Objection, Outcome, Publication, SavedWording
from publications.models.ladder import SAVERS
from publications.states import OutcomeStage, ReviewTrack, Saved
from scoping.states import Credit


class OutcomeSerializer(serializers.ModelSerializer[Outcome]):
    """What became of a released work, one step at one venue."""

    class Meta:
        model = Outcome
        fields = ("stage", "on", "venue", "doi", "link", "recorded_at")


class OutcomeInput(Input):
    """A step after the release. The same step at the same venue corrects it."""

    stage = serializers.ChoiceField(choices=OutcomeStage.choices)
    on = serializers.DateField()
    venue = serializers.CharField(max_length=200, required=False, allow_blank=True)
    doi = serializers.CharField(max_length=200, required=False, allow_blank=True)
    link = serializers.URLField(max_length=500, required=False, allow_blank=True)


class AuthorInput(Input):
    """One author. Account, ORCID iD and roles left out are those of the agreement."""

    name = serializers.CharField(max_length=200)
    orcid = serializers.CharField(max_length=60, required=False, allow_blank=True)
    credit = serializers.ListField(
        child=serializers.CharField(max_length=100), max_length=2 * len(Credit), required=False
    )


class AuthorsInput(Input):
    """The authors in their order."""

    authors = serializers.ListField(child=AuthorInput(), min_length=1, max_length=200)


class AssignReviewerInput(Input):
    """Who reviews on which track."""

    track = serializers.ChoiceField(choices=ReviewTrack.choices)
    reviewer = serializers.CharField(max_length=150, help_text="By short name.")


class MediatorInput(Input):
    """Who mediates: by short name, somebody without a part in the case."""

    mediator = serializers.CharField(max_length=150)


class OutcomesMixin(VisibleViewSet):
    """Routes of a work's people, its certificate, and what became of it."""

    @replaces
    @extend_schema(request=AuthorsInput)
    @action(detail=True, methods=["post"])
    def authors(self, request: Request, ref: str) -> Response:
        """Name the authors, all of them in order."""
        work: Publication = self.get_object()
        said = self.validated(AuthorsInput)
        services.set_authors(publication=work, by=_by(request), **said)
        return self.shown(work)

    @extend_schema(request=AssignReviewerInput)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, ref: str) -> Response:
        """Put a person on one track."""
        work: Publication = self.get_object()
        said = self.validated(AssignReviewerInput)
        roles = policy.TRACK_ROLES[ReviewTrack(said["track"])]
        reviewer = one_of(holders(work.program_id, *roles), said["reviewer"], "reviewer")
        services.assign_reviewer(
            publication=work, track=said["track"], reviewer=reviewer, by=_by(request)
        )
        return self.shown(work)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def certificate(self, request: Request, ref: str) -> Response:
        """The release certificate and independence statement, with their SHA-256.

        404 while the work is not released.
        """
        work = facts.released(self.get_object().ref)
        if work is None:
            raise Http404
        said = facts.body(work)
        return Response({"sha256": facts.fingerprint(said), "certificate": said})

    @extend_schema(responses=OutcomeSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def outcomes(self, request: Request, ref: str) -> Response:
        """What became of it, the earliest first."""
        return Response(OutcomeSerializer(self.get_object().outcomes.all(), many=True).data)

    @extend_schema(request=OutcomeInput, responses={201: OutcomeSerializer(many=True)})
    @outcomes.mapping.post
    def record_outcome(self, request: Request, ref: str) -> Response:
        """Record a step; all of them are the answer."""
        work: Publication = self.get_object()
        said = self.validated(OutcomeInput)
        services.record_outcome(publication=work, by=_by(request), **said)
        rows = work.outcomes.order_by("on", "id")
        return Response(OutcomeSerializer(rows, many=True).data, status.HTTP_201_CREATED)


def name_mediator(*, objection: Objection, mediator: str, by: User) -> Objection:
    """Name who mediates a contested passage."""
    among = holders(objection.program_id, *policy.MEDIATING).filter(is_active=True)
    person = one_of(among, mediator, "mediator")
    return services.name_mediator(objection=objection, mediator=person, by=by)


class WordingFilter(filters.FilterSet):
    """Saved wording by programme and use."""

    program = filters.CharFilter(field_name="program__realm__slug", label="Programme")
    use = filters.ChoiceFilter(choices=Saved.choices, label="For")

    class Meta:
        model = SavedWording
        fields: list[str] = []


class SavedWordingSerializer(serializers.ModelSerializer[SavedWording]):
    """Words a programme's reviewers use again."""

    program = serializers.CharField(source="program.realm.slug")
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        model = SavedWording
        fields = ("id", "program", "use", "title", "text", "added_at", "added_by")


class SaveWordingInput(Input):
    """Words to keep. A title that is there for this use gets the new text."""

    program = serializers.CharField(max_length=100, help_text="Short name of the programme.")
    use = serializers.ChoiceField(choices=Saved.choices)
    title = serializers.CharField(max_length=120)
    text = serializers.CharField(max_length=5_000)


class SavedWordingViewSet(VisibleViewSet):
    """Saved wording of the programmes one reviews for."""

    queryset: Any = SavedWording.objects.filter(retired_at=None).select_related(
        "program__realm", "added_by"
    )
    serializer_class = SavedWordingSerializer
    filterset_class = WordingFilter

    @extend_schema(request=SaveWordingInput, responses={201: SavedWordingSerializer})
    def create(self, request: Request) -> Response:
        """Keep words for others."""
        person = _by(request)
        said = self.validated(SaveWordingInput)
        among = Program.objects.filter(pk__in=realm_ids_where(person, *SAVERS))
        program = get_object_or_404(among, realm__slug=said.pop("program"))
        return self.created(services.save_wording(program=program, by=person, **said))

    retire = service_action("retire", services.retire_wording, subject="wording")


def _by(request: Request) -> Any:
    return request.user
