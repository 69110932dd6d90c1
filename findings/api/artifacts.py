"""Results of the research, by their hashes."""

from __future__ import annotations

from rest_framework import serializers

from fellowship.web.api import Named, VisibleViewSet, from_form, service_create
from findings import services
from findings.forms.reports import ArtifactForm
from findings.models import Artifact
from scoping.models import Fellowship


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    """A result by its hash, and the datasets it was made from."""

    fellowship = serializers.CharField(source="fellowship.ref")
    sources = serializers.SerializerMethodField()

    class Meta:
        model = Artifact
        fields = ("id", "fellowship", "name", "kind", "sha256", "size", "location", "sources")

    def get_sources(self, artifact: Artifact) -> list[str]:
        """The references of the datasets."""
        return [source.dataset.ref for source in artifact.sources.all()]


class ArtifactViewSet(VisibleViewSet):
    """Results of the fellowships one sees; the files themselves stay where they are."""

    queryset = Artifact.objects.select_related("fellowship").prefetch_related("sources__dataset")
    serializer_class = ArtifactSerializer
    filterset_fields = ("fellowship__ref", "sha256")
    lookup_value_regex = r"[0-9]{1,18}"

    create = service_create(
        services.register_artifact,
        input=from_form(
            ArtifactForm,
            given=lambda asked: {"fellowship": asked.also["fellowship"], "user": asked.user},
            also={"fellowship": Named(Fellowship)},
        ),
    )
