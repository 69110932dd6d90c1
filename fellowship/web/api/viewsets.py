"""Viewsets that show what is visible and act only by service verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db.models import Model, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import refuse
from fellowship.web.api.endpoints import RecordEndpoint, replaces
from fellowship.web.api.paging import Cursor
from fellowship.web.forms import TEXT_MAX, no_control_characters


class Input(serializers.Serializer[Any]):
    """Base of inputs: unknown fields are refused, text is bounded, without control characters."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values; names what is not known here."""
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({n: ["This field is not known."] for n in unknown})
        return super().to_internal_value(data)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The declared fields, text ones with a maximum and no control characters."""
        fields = super().get_fields()
        for field in fields.values():
            if isinstance(field, serializers.CharField):
                _bound(field)
        return fields


def _bound(field: serializers.CharField) -> None:
    field.validators.append(no_control_characters)
    if field.max_length is None:
        field.max_length = TEXT_MAX
        field.validators.append(MaxLengthValidator(TEXT_MAX))


class NoInput(Input):
    """A verb that takes nothing."""


class ReasonInput(Input):
    """A verb for which a person gives a reason."""

    reason = serializers.CharField(max_length=2_000)


class VisibleViewSet(
    RecordEndpoint,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Any],
):
    """Lists and shows what `visible_to(request.user)` lets through; everything else is 404."""

    pagination_class = Cursor
    ordering: str | tuple[str, ...] = "-id"

    def get_queryset(self) -> QuerySet[Any]:
        """The class's queryset, narrowed to what the person may see."""
        queryset: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            nothing: QuerySet[Any] = queryset.none()
            return nothing
        visible: QuerySet[Any] = queryset.visible_to(self.request.user)
        return visible

    def get_object(self) -> Any:
        """The visible object of the route; nonsense in the route is 404 as well."""
        try:
            return super().get_object()
        except (ValueError, OverflowError) as error:
            raise Http404 from error

    def validated(self, input: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The request's body as `input` understands it; raises ValidationError (400)."""
        checked = input(data=self.request.data, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def shown(self, instance: Model, code: int = status.HTTP_200_OK) -> Response:
        """`instance` as the person sees it after the verb; 204 when they no longer see it."""
        seen = self.get_queryset().filter(pk=instance.pk).first()
        if seen is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        response = Response(self.get_serializer(seen).data, status=code)
        # What reading it would give as well, and its tag with it, unless reading gives more.
        response.is_record = (  # type: ignore[attr-defined]
            type(self).retrieve is mixins.RetrieveModelMixin.retrieve
        )
        return response

    def created(self, instance: Model) -> Response:
        """201 with what was made."""
        return self.shown(instance, status.HTTP_201_CREATED)


def service_action(
    verb: str,
    service: Callable[..., Any],
    *,
    subject: str,
    input: type[serializers.Serializer[Any]] = NoInput,
    summary: str = "",
    confirmed: bool = False,
    overwrites: bool = False,
) -> Any:
    """A POST route `…/<id>/<verb>/` that calls `service(<subject>=…, by=…, **input)`.

    With `confirmed` it is an act that its person confirms: see `accounts.stepup`. With `overwrites`
    it replaces what others write as well, and asks for `If-Match`.
    """

    def perform(self: VisibleViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        target = self.get_object()
        if confirmed:
            refuse(unconfirmed(request))
        service(**{subject: target}, by=request.user, **self.validated(input))
        return self.shown(target)

    perform.__name__ = verb.replace("-", "_")
    perform.__doc__ = summary or (service.__doc__ or "").partition("\n")[0]
    if overwrites:
        replaces(perform)
    routed = action(detail=True, methods=["post"], url_path=verb, url_name=verb)(perform)
    routed.is_verb = True  # type: ignore[attr-defined]
    return extend_schema(request=input)(routed)
