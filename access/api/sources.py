"""Who reports to the trail: the batches they sent, and whom they mean by their names."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from access import services
from access.forms import IdentityForm
from access.models import EventBatch, SourceIdentity
from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from fellowship.web.api import VisibleViewSet, from_form, service_action, service_create
from fellowship.web.api.forms import Asked


class RefusedRowSerializer(serializers.Serializer[Any]):
    """A row that was refused."""

    index = serializers.IntegerField()
    code = serializers.CharField()
    reason = serializers.CharField()


class EventBatchSerializer(serializers.ModelSerializer[EventBatch]):
    """What was reported together; `root` is the hash that stands in the ledger."""

    program = serializers.CharField(source="program.slug")
    ref = serializers.CharField()
    verdicts = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = EventBatch
        fields: tuple[str, ...] = (
            *("id", "ref", "program", "source", "received_at", "count", "late", "duplicates"),
            *("conflicts", "refused", "verdicts", "first_at", "last_at", "root"),
        )


class WholeEventBatchSerializer(EventBatchSerializer):
    """A batch with its first refused rows."""

    refusals = serializers.SerializerMethodField()

    class Meta(EventBatchSerializer.Meta):
        fields = (*EventBatchSerializer.Meta.fields, "refusals")

    @extend_schema_field(RefusedRowSerializer(many=True))
    def get_refusals(self, batch: EventBatch) -> Any:
        """Row, code and reason."""
        return RefusedRowSerializer(batch.refusals, many=True).data


class EventBatchViewSet(VisibleViewSet):
    """The batches of the programmes whose whole trail one reads."""

    queryset: Any = EventBatch.objects.select_related("program__realm").defer("digests")
    serializer_class: Any = EventBatchSerializer
    filterset_fields = ("program__realm__slug", "source")
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        """A list leaves the refused rows out."""
        rows = super().get_queryset()
        return rows.defer("digests", "refusals") if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        """With its refused rows where it is one."""
        return EventBatchSerializer if self.action == "list" else WholeEventBatchSerializer


class SourceIdentitySerializer(serializers.ModelSerializer[SourceIdentity]):
    """Whom a system means by a name of its own."""

    program = serializers.CharField(source="program.slug")
    person = serializers.CharField(source="person.username")

    class Meta:
        model = SourceIdentity
        fields = ("id", "program", "source", "identity", "person", "ended_at")


def _stewarded(asked: Asked) -> dict[str, Any]:
    return {"programs": Program.objects.filter(pk__in=realm_ids_where(asked.user, roles.STEWARD))}


class SourceIdentityViewSet(VisibleViewSet):
    """The names that the steward explained."""

    queryset = SourceIdentity.objects.select_related("program__realm", "person")
    serializer_class = SourceIdentitySerializer
    filterset_fields = ("program__realm__slug", "source")
    lookup_value_regex = r"[0-9]{1,18}"

    create = service_create(services.name_identity, input=from_form(IdentityForm, given=_stewarded))
    forget = service_action("forget", services.forget_identity, subject="named")
