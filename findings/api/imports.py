"""Files of findings in the API: read, looked over, confirmed."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.kernel.refusals import refuse
from fellowship.web import files
from fellowship.web.api import Input, VisibleViewSet, service_action
from findings import policy, services
from findings.models import FindingImport, ImportRow
from findings.states import SAID_CLASSES, ImportFormat, Severity
from findings.views.importing import MARKS
from scoping.models import Fellowship


class ImportSerializer(serializers.ModelSerializer[FindingImport]):
    """A file with what becomes of its rows in numbers; nothing is reported before it is
    confirmed."""

    fellowship = serializers.CharField(source="fellowship.ref")

    class Meta:
        model = FindingImport
        fields = (
            "ref",
            "fellowship",
            "file_format",
            "name",
            "sha256",
            "size",
            "new",
            "duplicates",
            "refused",
            "warnings",
            "read_at",
            "confirmed_at",
        )


class ImportRowSerializer(serializers.ModelSerializer[ImportRow]):
    """What becomes of one row, why, and the finding it became or repeats."""

    finding = serializers.CharField(source="finding.ref", default=None)

    class Meta:
        model = ImportRow
        fields = ("place", "title", "outcome", "reason", "finding")


class ImportInput(Input):
    """A file, its format and the case it is brought for."""

    fellowship = serializers.CharField(max_length=30)
    file_format = serializers.ChoiceField(choices=ImportFormat.choices)
    file = serializers.FileField(max_length=200)


class MarkInput(Input):
    """What becomes of the row at this place of the file."""

    place = serializers.IntegerField(min_value=0, max_value=2_000_000_000)
    mark = serializers.ChoiceField(choices=MARKS)


class ConfirmInput(Input):
    """What holds where the file says nothing; asked for only where it does not."""

    severity = serializers.ChoiceField(choices=Severity.choices, required=False, default="")
    system = serializers.CharField(max_length=200, required=False, default="")
    system_version = serializers.CharField(max_length=100, required=False, default="")
    finding_class = serializers.ChoiceField(choices=SAID_CLASSES, required=False, default="")


class FindingImportViewSet(VisibleViewSet):
    """Files of findings."""

    queryset = FindingImport.objects.select_related("fellowship__fellow", "program")
    serializer_class = ImportSerializer
    lookup_field = "ref"
    ordering = "-id"

    confirm = service_action(
        "confirm", services.confirm_import, subject="brought", input=ConfirmInput
    )

    def get_parsers(self) -> list[Any]:
        """A file comes as multipart/form-data; everything else as JSON."""
        if getattr(self, "action_map", {}).get("post") == "create":
            return [MultiPartParser()]
        return super().get_parsers()

    @extend_schema(request=MarkInput, responses={200: ImportRowSerializer})
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, ref: str) -> Response:
        """Leave a row out, report it all the same, or judge it again."""
        by: Any = request.user
        brought, said = self.get_object(), self.validated(MarkInput)
        row = brought.rows.filter(place=said["place"]).first()
        if row is None:
            raise Http404
        row.belongs_to = brought
        done = services.mark_row(row=row, mark=said["mark"], by=by)
        return Response(ImportRowSerializer(done).data)

    @extend_schema(
        operation_id="finding_imports_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, ref: str) -> HttpResponseBase:
        """The file as it was brought, for those who may read its findings."""
        brought = self.get_object()
        refuse(policy.may_read_file(brought, request.user))
        return files.download(brought.sha256, brought.name, "application/octet-stream")

    @extend_schema(request={"multipart/form-data": ImportInput}, responses={201: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Read a file. The same file again answers 200 with what stands."""
        data = self.validated(ImportInput)
        cases = Fellowship.objects.visible_to(request.user).select_related("program", "fellow")
        case = cases.filter(ref=data["fellowship"]).first()
        if case is None:
            raise serializers.ValidationError(
                {"fellowship": ["There is no such fellowship for you."]}
            )
        by: Any = request.user
        file = data["file"]
        brought = services.read_import(
            fellowship=case,
            file_format=data["file_format"],
            name=file.name or "",
            data=file.read(),
            by=by,
        )
        again = brought.confirmed_at is not None
        return self.shown(brought, status.HTTP_200_OK if again else status.HTTP_201_CREATED)

    @extend_schema(responses={200: ImportRowSerializer(many=True)})
    @action(detail=True, methods=["get"])
    def rows(self, request: Request, ref: str) -> Response:
        """The rows in the order of the file, paged."""
        rows = self.get_object().rows.select_related("finding")
        self.ordering = "id"
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ImportRowSerializer(page, many=True).data)
