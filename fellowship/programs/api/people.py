"""People of a programme by a list."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts import roles
from fellowship.accounts.queries import realm_ids_where
from fellowship.programs import people_csv, services
from fellowship.programs.models import Program
from fellowship.programs.services.people import Fate
from fellowship.web.api import EndpointView, Input


class PeopleInput(Input):
    """A list of people as CSV; with `dry_run` it is only said what would come of it."""

    csv = serializers.CharField(max_length=500_000, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False)


class BroughtSerializer(serializers.Serializer[Any]):
    """One line of the list and what became of it, or would."""

    line = serializers.IntegerField(source="row.line")
    email = serializers.CharField(source="row.email")
    fate = serializers.ChoiceField(choices=[fate.value for fate in Fate])
    problem = serializers.CharField()


class PeopleView(EndpointView):
    """People of a programme, for its administrators."""

    @extend_schema(request=PeopleInput, responses=BroughtSerializer(many=True))
    def post(self, request: Request, slug: str) -> Response:
        """Give each person on the list an account where they have none, and their role.

        The same list again changes nothing. Lines that are refused say why; the others are done.
        """
        administered = realm_ids_where(request.user, roles.ADMINISTRATOR)
        program = Program.objects.filter(pk__in=administered, realm__slug=slug).first()
        if program is None:
            raise Http404
        given = PeopleInput(data=request.data)
        given.is_valid(raise_exception=True)
        by: Any = request.user
        try:
            rows = people_csv.read(given.validated_data["csv"])
        except people_csv.Unreadable as error:
            raise serializers.ValidationError({"csv": [str(error)]}) from error
        verb = services.try_people if given.validated_data["dry_run"] else services.import_people
        return Response(BroughtSerializer(verb(program=program, rows=rows, by=by), many=True).data)
