"""Systems that are sent signed messages, and what each was sent."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realms_where
from fellowship.notices import services
from fellowship.notices.forms import EndpointForm, ReplayForm
from fellowship.notices.models import Attempt, Delivery, Endpoint
from fellowship.notices.models.webhooks import KEEPERS
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks import kinds
from fellowship.web.api import Input, NoInput, VisibleViewSet, from_form, service_action


class EndpointRowSerializer(serializers.ModelSerializer[Endpoint]):
    """Where messages go, and which kinds. Its secret is shown only when it is made."""

    program = serializers.CharField(source="realm.slug")
    kinds = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = ("ref", "program", "name", "url", "kinds", "enabled")


class EndpointSerializer(EndpointRowSerializer):
    """An endpoint with whether messages arrive."""

    failing_since = serializers.SerializerMethodField()

    class Meta(EndpointRowSerializer.Meta):
        fields = (*EndpointRowSerializer.Meta.fields, "failing_since")

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_failing_since(self, endpoint: Endpoint) -> Any:
        """When the first of the attempts failed of which none since arrived."""
        found = services.failing_since(endpoint)
        return serializers.DateTimeField().to_representation(found) if found else None


class EndpointSecretSerializer(EndpointSerializer):
    """An endpoint with its new signing secret, which is never shown again."""

    secret = serializers.SerializerMethodField()

    class Meta(EndpointSerializer.Meta):
        fields = (*EndpointSerializer.Meta.fields, "secret")

    def get_secret(self, endpoint: Endpoint) -> str:
        """The signing secret of Standard Webhooks."""
        return str(self.context["secret"])


class SwitchInput(Input):
    """Whether messages are sent."""

    enabled = serializers.BooleanField()
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2_000)


class ReplayedSerializer(serializers.Serializer[Any]):
    """How many messages are on their way again."""

    messages = serializers.IntegerField()


class KindSerializer(serializers.Serializer[Any]):
    """A kind of message."""

    kind = serializers.CharField()
    name = serializers.CharField()
    schema = serializers.DictField(help_text="JSON Schema of the whole message.")


NEW = from_form(
    EndpointForm,
    name="NewEndpointInput",
    given=lambda asked: {"realms": realms_where(asked.user, *KEEPERS)},
)
CHANGED = from_form(EndpointForm, leave_out=("realm",))
REPLAY = from_form(ReplayForm)


class EndpointViewSet(VisibleViewSet):
    """Endpoints of the programmes one keeps, watches or audits."""

    queryset = Endpoint.objects.select_related("realm")
    serializer_class = EndpointSerializer
    lookup_field = "ref"

    change = service_action(
        "change", services.change_endpoint, subject="endpoint", input=CHANGED, overwrites=True
    )
    switch = service_action(
        "switch", services.switch_endpoint, subject="endpoint", input=SwitchInput
    )
    test = service_action("test", services.send_test, subject="endpoint")

    def get_serializer_class(self) -> Any:
        """The list without what each one's log says."""
        return EndpointRowSerializer if self.action == "list" else EndpointSerializer

    @extend_schema(request=NEW, responses={201: EndpointSecretSerializer})
    def create(self, request: Request) -> Response:
        """Set up where messages go; this answer alone tells the signing secret."""
        by: Any = request.user
        made, secret = services.add_endpoint(by=by, **self.validated(NEW))
        return self._with_secret(made, secret, status.HTTP_201_CREATED)

    @extend_schema(request=NoInput, responses=EndpointSecretSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, ref: str) -> Response:
        """Make a new signing secret, told in this answer alone; for a day both sign."""
        by: Any = request.user
        endpoint = self.get_object()
        self.validated(NoInput)
        return self._with_secret(endpoint, services.rotate_secret(endpoint=endpoint, by=by), 200)

    @extend_schema(request=REPLAY, responses={202: ReplayedSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, ref: str) -> Response:
        """Send again what was queued in a period, each message under its own id."""
        endpoint, by = self.get_object(), request.user
        asked = self.validated(REPLAY)
        count = services.replay(endpoint=endpoint, by=by, **asked)  # type: ignore[arg-type]
        return Response({"messages": count}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={200: KindSerializer(many=True)})
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def kinds(self, request: Request) -> Response:
        """Which kinds of message there are, each with the JSON Schema of the whole message."""
        return Response(
            [
                {"kind": one.key, "name": one.label, "schema": kinds.envelope(one)}
                for one in kinds.catalogue()
            ]
        )

    def _with_secret(self, endpoint: Endpoint, secret: str, code: int) -> Response:
        told = EndpointSecretSerializer(endpoint, context={"secret": secret})
        return Response(told.data, status=code, headers={"Cache-Control": "no-store"})


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A message: how often it was tried, and what came back."""

    endpoint = serializers.CharField(source="endpoint.ref")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            *("id", "endpoint", "message_id", "kind", "state", "created_at", "attempts"),
            *("next_attempt_at", "delivered_at", "status", "answer"),
        )


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One attempt and what came back."""

    class Meta:
        model = Attempt
        fields = ("at", "url", "taken", "status", "answer", "milliseconds")
        read_only_fields = fields


class WholeDeliverySerializer(DeliverySerializer):
    """A message with its body and the last attempts, the latest first."""

    body = serializers.SerializerMethodField()
    tries = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "body", "tries")

    @extend_schema_field(serializers.DictField())
    def get_body(self, delivery: Delivery) -> Any:
        """Exactly what is sent, as JSON."""
        return json.loads(delivery.body)

    @extend_schema_field(AttemptSerializer(many=True))
    def get_tries(self, delivery: Delivery) -> Any:
        """Attempts, kept for 90 days."""
        return AttemptSerializer(delivery.tries.all()[:50], many=True).data


class DeliveryFilter(django_filters.FilterSet):
    """By endpoint, kind, state and when it was queued."""

    endpoint = django_filters.CharFilter(field_name="endpoint__ref")
    kind = django_filters.CharFilter()
    state = django_filters.ChoiceFilter(choices=DeliveryState.choices)
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()


class DeliveryViewSet(VisibleViewSet):
    """Messages to the endpoints one may see: the log."""

    queryset: Any = Delivery.objects.select_related("endpoint")
    serializer_class: Any = DeliverySerializer
    filterset_class = DeliveryFilter
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        """A list leaves the bodies out."""
        found = super().get_queryset()
        return found.defer("body") if self.action == "list" else found

    def get_serializer_class(self) -> Any:
        """The whole message where it is one."""
        return DeliverySerializer if self.action == "list" else WholeDeliverySerializer

    again = service_action("again", services.send_again, subject="delivery")
