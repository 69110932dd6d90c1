"""Systems that are sent signed messages, and what each was sent."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realms_where
from fellowship.notices import services
from fellowship.notices.forms import EndpointForm
from fellowship.notices.models import Delivery, Endpoint
from fellowship.notices.models.webhooks import KEEPERS
from fellowship.web.api import Input, NoInput, VisibleViewSet, from_form, service_action


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """Where messages go, and which kinds. Its secret is shown only when it is made."""

    program = serializers.CharField(source="realm.slug")
    kinds = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = ("ref", "program", "name", "url", "kinds", "enabled")


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


NEW = from_form(
    EndpointForm,
    name="NewEndpointInput",
    given=lambda asked: {"realms": realms_where(asked.user, *KEEPERS)},
)
CHANGED = from_form(EndpointForm, leave_out=("realm",))


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


class WholeDeliverySerializer(DeliverySerializer):
    """A message with its body."""

    body = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "body")

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_body(self, delivery: Delivery) -> Any:
        """What it says."""
        return json.loads(delivery.body)


class DeliveryViewSet(VisibleViewSet):
    """Messages to the endpoints one may see; `?endpoint__ref=` and `?state=` narrow them."""

    queryset: Any = Delivery.objects.select_related("endpoint")
    serializer_class: Any = DeliverySerializer
    filterset_fields = ("endpoint__ref", "state", "kind")
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> Any:
        """A list leaves the bodies out."""
        found = super().get_queryset()
        return found.defer("body") if self.action == "list" else found

    def get_serializer_class(self) -> Any:
        """The whole message where it is one."""
        return DeliverySerializer if self.action == "list" else WholeDeliverySerializer

    again = service_action("again", services.send_again, subject="delivery")
