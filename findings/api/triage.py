"""The queue in the API: saved filters, absences, and many findings changed at once."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.models import User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import refuse
from fellowship.programs.models import Program
from fellowship.web.api import Input, Person, VisibleViewSet, from_form, service_action
from findings import policy, services
from findings.filters import QUERY_MAX, FindingFilter, query_of
from findings.forms.triage import FilterForm
from findings.models import Batch, BatchRow, Cover, Finding, SavedFilter
from findings.models.triage import READERS, WORKERS
from findings.selection import Selection
from findings.services import bulk


@extend_schema_field(serializers.CharField())
class _Programs(serializers.SlugRelatedField[Program]):
    """A programme by short name, among those in which one holds a role."""

    def __init__(self, *held: str, **kwargs: Any) -> None:
        self.held = held
        super().__init__(
            slug_field="realm__slug", queryset=Program.objects.select_related("realm"), **kwargs
        )

    def get_queryset(self) -> QuerySet[Program]:
        """Those of the person."""
        rows: Any = super().get_queryset()
        request = self.context.get("request")
        user = getattr(request, "user", None)
        found: QuerySet[Program] = rows.filter(pk__in=realm_ids_where(user, *self.held))
        return found


# --- saved filters --------------------------------------------------------------------------


class SavedFilterSerializer(serializers.ModelSerializer[SavedFilter]):
    """A query of the queue by name; without a programme it is its owner's alone."""

    owner = serializers.CharField(source="owner.username")
    program = serializers.CharField(source="program.slug", default=None)
    url = serializers.CharField(source="get_absolute_url")

    class Meta:
        model = SavedFilter
        fields = ("id", "name", "query", "owner", "program", "is_default", "url")


class SavedFilterInput(Input):
    """A name, and the query as the queue's address has it: `severity=high&overdue=true`."""

    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=QUERY_MAX, allow_blank=True)
    program = _Programs(*READERS, required=False, allow_null=True, default=None)
    is_default = serializers.BooleanField(required=False, default=False)


class SavedFilterViewSet(VisibleViewSet):
    """Filters of one's own, and those shared with one."""

    queryset = SavedFilter.objects.select_related("owner", "program__realm")
    serializer_class = SavedFilterSerializer

    @extend_schema(request=SavedFilterInput, responses={201: SavedFilterSerializer})
    def create(self, request: Request) -> Response:
        """Save a query; what the queue does not know in it is left out."""
        data = self.validated(SavedFilterInput)
        data["query"] = query_of(QueryDict(data["query"]))
        by: Any = request.user
        return self.created(services.save_filter(by=by, **data))

    change = service_action(
        "change",
        services.change_filter,
        subject="saved",
        input=from_form(FilterForm, given=lambda asked: {"by": asked.user}),
    )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Remove one of one's own."""
        by: Any = request.user
        services.remove_filter(saved=self.get_object(), by=by)
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- absences -------------------------------------------------------------------------------


class AbsenceSerializer(serializers.ModelSerializer[Cover]):
    """Who is away, from when until when, and who answers for their findings."""

    person = serializers.CharField(source="person.username")
    stand_in = serializers.CharField(source="stand_in.username")
    program = serializers.CharField(source="program.slug")

    class Meta:
        model = Cover
        fields = ("id", "program", "person", "stand_in", "starts_at", "ends_at", "cancelled_at")


class AbsenceInput(Input):
    """An absence: of oneself, or as the manager of another."""

    program = _Programs(*WORKERS)
    person = Person()
    stand_in = Person()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class AbsenceViewSet(VisibleViewSet):
    """Absences of those who dispose of findings."""

    queryset = Cover.objects.select_related("person", "stand_in", "program__realm")
    serializer_class = AbsenceSerializer
    end = service_action("end", services.end_cover, subject="cover")

    @extend_schema(request=AbsenceInput, responses={201: AbsenceSerializer})
    def create(self, request: Request) -> Response:
        """Enter it; who stands in is told."""
        by: Any = request.user
        return self.created(services.enter_cover(by=by, **self.validated(AbsenceInput)))


# --- many at once ---------------------------------------------------------------------------


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """A change of many findings: how many changed, were so already, were refused."""

    program = serializers.CharField(source="program.slug")
    made_by = serializers.CharField(source="made_by.username")

    class Meta:
        model = Batch
        fields = (
            *("id", "action", "program", "reason", "query", "made_by", "made_at"),
            *("changed", "unchanged", "refused", "undo_until", "undone_at"),
        )


class BatchRowSerializer(serializers.ModelSerializer[BatchRow]):
    """What became of one finding, and why where it was refused or not undone."""

    finding = serializers.CharField(source="finding.ref")
    outcome = serializers.CharField()

    class Meta:
        model = BatchRow
        fields = ("finding", "outcome", "why", "undone", "kept_because")


class BatchInput(Input):
    """An action on the findings named, or on all that a query of the queue matches."""

    action = serializers.ChoiceField(choices=[(a.key, a.label) for a in bulk.ACTIONS.values()])
    findings = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, max_length=policy.AT_ONCE
    )
    query = serializers.CharField(max_length=QUERY_MAX, required=False)
    reason = serializers.CharField(max_length=5_000, required=False, default="")
    to = Person(required=False)
    of = serializers.CharField(max_length=30, required=False)
    look_again_at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Findings or a query, and what the action asks."""
        if ("findings" in attrs) == ("query" in attrs):
            raise serializers.ValidationError({"findings": "Name findings, or give a query."})
        asks = {"to", "of", "look_again_at"} & set(bulk.ACTIONS[attrs["action"]].asks)
        given = {"to", "of", "look_again_at"} & set(attrs)
        if missing := sorted(asks - given):
            raise serializers.ValidationError(dict.fromkeys(missing, "This action needs it."))
        if unasked := sorted(given - asks):
            raise serializers.ValidationError(dict.fromkeys(unasked, "This action has none."))
        return attrs


class RunInput(BatchInput):
    """The same, and `seen` as the dry run answered: where others are meant by now, refused."""

    seen = serializers.CharField(max_length=40, required=False, default="")


class RefusedSerializer(serializers.Serializer[Any]):
    """A finding that stays as it is, and why."""

    finding = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()


class OutlookSerializer(serializers.Serializer[Any]):
    """What would become of each finding; nothing is written."""

    seen = serializers.CharField()
    changes = serializers.ListField(child=serializers.CharField())
    same = serializers.ListField(child=serializers.CharField())
    refused = RefusedSerializer(many=True)


class BatchViewSet(VisibleViewSet):
    """Changes of many findings."""

    queryset = Batch.objects.select_related("made_by", "program__realm")
    serializer_class = BatchSerializer
    undo = service_action("undo", services.undo_batch, subject="batch")

    @extend_schema(request=BatchInput, responses={200: OutlookSerializer})
    @action(detail=False, methods=["post"])
    def look(self, request: Request) -> Response:
        """The dry run: what would change, what is so already, what is refused and why."""
        data = self.validated(BatchInput)
        by: Any = request.user
        found = bulk.chosen(by, _keys(request, data))
        refuse(bulk.may_begin(found, by))
        said = {**_said(data, by), "reason": data["reason"]}
        bulk.with_related(found, [by, *([said["to"]] if said.get("to") else [])])
        outlook = bulk.look(bulk.ACTIONS[data["action"]], found, by=by, said=said)
        refused = [
            {"finding": one.ref, "code": refusal.code, "reason": refusal.reason}
            for one, refusal in outlook.refused
        ]
        return Response(
            {
                "seen": bulk.fingerprint(f.pk for f in found),
                "changes": [f.ref for f in outlook.changes],
                "same": [f.ref for f in outlook.same],
                "refused": refused,
            }
        )

    @extend_schema(request=RunInput, responses={201: BatchSerializer})
    def create(self, request: Request) -> Response:
        """Change them, all or nothing; what is refused keeps back no other."""
        data = self.validated(RunInput)
        by: Any = request.user

        batch = services.run_batch(
            key=uuid.uuid4(),
            action=data["action"],
            keys=_keys(request, data),
            by=by,
            said=_said(data, by),
            reason=data["reason"],
            query=query_of(QueryDict(data.get("query", ""))),
            seen=data["seen"],
        )
        return Response(self.get_serializer(batch).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: BatchRowSerializer(many=True)})
    @action(detail=True, methods=["get"])
    def rows(self, request: Request, pk: str) -> Response:
        """Each finding of it that you see."""
        by: Any = request.user
        rows = self.get_object().rows.filter(finding__in=Finding.objects.visible_to(by))
        self.ordering = "id"
        page = self.paginate_queryset(rows.select_related("finding"))
        return self.get_paginated_response(BatchRowSerializer(page, many=True).data)


def _keys(request: Request, data: dict[str, Any]) -> list[int]:
    """Keys of the findings meant. Raises ValidationError for one that is not there."""
    named = tuple(dict.fromkeys(data.get("findings", ())))
    if "query" in data:
        return Selection((), _query(request, data["query"])).keys(request)
    found = Selection(named, "").keys(request)
    if len(found) != len(named):
        raise serializers.ValidationError({"findings": ["One of these is not there for you."]})
    return found


def _query(request: Request, text: str) -> str:
    """A query of the queue as it is kept. What it would leave out is refused: it would widen it."""
    given = QueryDict(text)
    query = query_of(given)
    known = set(QueryDict(query)) | {name for name, value in given.items() if not value}
    if unknown := sorted(set(given) - known):
        raise serializers.ValidationError({"query": [f"The queue has no {unknown[0]}."]})
    nothing = Finding.objects.none()
    if not FindingFilter(QueryDict(query), queryset=nothing, request=request).is_valid():
        raise serializers.ValidationError({"query": ["It holds a value the queue does not know."]})
    return query


def _said(data: dict[str, Any], by: User) -> dict[str, Any]:
    """What was chosen, as the service takes it."""
    said: dict[str, Any] = {n: data[n] for n in ("to", "look_again_at") if n in data}
    if "of" in data:
        said["of"] = Finding.objects.visible_to(by).filter(ref=data["of"]).first()
        if said["of"] is None:
            raise serializers.ValidationError({"of": ["There is no finding with this reference."]})
    return {**said, "covered": services.covered_by(by)}
