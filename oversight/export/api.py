"""Exports of the record by API: asked for, followed, taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.api import Input, Router, VisibleViewSet
from fellowship.web.forms import no_control_characters
from fellowship.web.sheets import tables
from oversight import looks, services
from oversight.audit.scope import Scope
from oversight.export import handing, making
from oversight.models import Extract


class ExtractSerializer(serializers.ModelSerializer[Extract]):
    """An export: what was asked for, how far it is, and the hash of its file."""

    program = serializers.CharField(source="program.realm.slug")
    asked_by = serializers.CharField(source="person.name", default="")
    format = serializers.CharField(source="file_format")
    history_rows = serializers.IntegerField(source="rows")
    kept_until = serializers.DateTimeField(source="keep_until")

    class Meta:
        """Its columns."""

        model = Extract
        fields = (
            "id",
            "program",
            "asked_by",
            "format",
            "scope",
            "created_at",
            "made_at",
            "failed_at",
            "failure",
            "events",
            "history_rows",
            "log_size",
            "fits",
            "size",
            "sha256",
            "kept_until",
        )


def _key(longest: int) -> serializers.CharField:
    """A key in a list: bounded, which `Input` sees to for fields of its own alone."""
    return serializers.CharField(max_length=longest, validators=[no_control_characters])


class ExportInput(Input):
    """A scope of a programme's record, and the format of its tables. All that narrows may be left
    out; `to` is not inside.
    """

    program = serializers.SlugField()
    format = serializers.ChoiceField(choices=tables.FORMATS)
    from_at = serializers.DateTimeField(required=False)
    to_at = serializers.DateTimeField(required=False)
    as_of = serializers.DateTimeField(required=False)
    actors = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False, max_length=50
    )
    kinds = serializers.ListField(child=_key(60), required=False, max_length=50)
    verbs = serializers.ListField(child=_key(80), required=False, max_length=50)
    reference = serializers.CharField(required=False, max_length=40)
    whole_case = serializers.BooleanField(required=False)
    words = serializers.CharField(required=False, max_length=100)

    def validate_as_of(self, at: dt.datetime) -> dt.datetime:
        """An instant to come has no record yet."""
        if at > now():
            raise serializers.ValidationError("Choose an instant that has passed.")
        return at


@extend_schema_view(
    list=extend_schema(summary="Exports of the programmes one audits, the newest first"),
    retrieve=extend_schema(summary="One export: asked again until it is made"),
)
class ExtractViewSet(VisibleViewSet):
    """Exports of the record, for auditors."""

    queryset = Extract.objects.select_related("program__realm", "person")
    serializer_class = ExtractSerializer

    @extend_schema(request=ExportInput, responses={201: ExtractSerializer})
    def create(self, request: Request) -> Response:
        """Ask for an export. A small one is made at once, others within minutes."""
        said = self.validated(ExportInput)
        user: Any = request.user
        mine = realm_ids_where(user, roles.AUDITOR)
        rows = Program.objects.select_related("realm").filter(pk__in=mine)
        program = rows.filter(realm__slug=said.pop("program")).first()
        if program is None:
            text = "You audit no programme of this name."
            raise Refused(Refusal("unknown_program", text, field="program"))
        file_format, as_of = said.pop("format"), said.pop("as_of", None)
        said["case"] = said.pop("whole_case", False)
        several = ("actors", "kinds", "verbs")
        asked = {key: tuple(v) if key in several else v for key, v in said.items()}
        scope = Scope.of(program, user, **asked)
        extract = services.ask_export(
            program=program,
            scope={**scope.said(), "as_of": as_of},
            file_format=file_format,
            by=user,
        )
        if making.is_small(scope):
            making.make(extract, tell=False)
        return self.created(extract)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], url_path="file", url_name="file")
    def file(self, request: Request, pk: str) -> Any:
        """The ZIP, whole or in ranges, to who asked for it."""
        extract = self.get_object()
        answer = handing.hand_out(request._request, extract)
        looks.record(request._request, extract.program, {"page": "export", "export": extract.pk})
        return answer


router = Router()
router.register("exports", ExtractViewSet, basename="exports")
urlpatterns = router.urls
