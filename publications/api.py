"""The API of publications."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from fellowship.web.api import ReasonInput, Router, VisibleViewSet, service_action
from publications import services
from publications.models import Objection, Publication
from publications.views.lists import PublicationFilter


class ObjectionSerializer(serializers.ModelSerializer[Objection]):
    """An objection to one passage."""

    class Meta:
        model = Objection
        fields = (
            "ref",
            "ground",
            "passage",
            "passage_start",
            "passage_end",
            "harm",
            "ask",
            "until",
            "public_summary",
            "state",
            "raised_at",
            "settled_at",
        )


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """A work. `state` counts silence: it says released from the instant the window ended."""

    fellowship = serializers.CharField(source="fellowship.ref")
    state = serializers.SerializerMethodField()
    objections = ObjectionSerializer(many=True)

    class Meta:
        model = Publication
        fields = (
            "ref",
            "fellowship",
            "title",
            "abstract",
            "kind",
            "work_class",
            "state",
            "submitted_at",
            "window_ends_at",
            "silence_releases",
            "released_at",
            "release_kind",
            "doi",
            "venue",
            "objections",
        )

    def get_state(self, publication: Publication) -> str:
        """The state at this instant."""
        return str(publication.effective_state())


class PublicationViewSet(VisibleViewSet):
    """Publications."""

    queryset: Any = Publication.objects.select_related("fellowship").prefetch_related("objections")
    serializer_class = PublicationSerializer
    filterset_class = PublicationFilter
    lookup_field = "ref"
    ordering = "-id"

    submit = service_action("submit", services.submit_publication, subject="publication")
    withdraw = service_action(
        "withdraw", services.withdraw_publication, subject="publication", input=ReasonInput
    )


router = Router()
router.register("publications", PublicationViewSet, basename="publications")
urlpatterns = router.urls
