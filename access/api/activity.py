"""What was done with a case's data or a dataset, what of it is unusual, and what on-call found."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access import activity, anomalies
from access.activity import WINDOWS, Activity
from access.models import AnomalyReview, Dataset
from access.models.requests import ACCESS_STAFF, fellowships_of
from access.services.anomalies import review_anomaly
from access.states import AnomalyKind, EventKind, Operation, Verdict
from fellowship.accounts.models import User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.time import now
from fellowship.web.api import Input, VisibleViewSet
from scoping.models import Fellowship


class ActsSerializer(serializers.Serializer[Any]):
    """How often somebody did something with a dataset, by the verdict on it."""

    person = serializers.CharField(allow_null=True)
    dataset = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(choices=EventKind.choices)
    operation = serializers.ChoiceField(choices=Operation.choices)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    number = serializers.IntegerField()


class UnusualSerializer(serializers.Serializer[Any]):
    """Something that stands out, why, and what on-call found; `key` names it."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=AnomalyKind.choices)
    person = serializers.CharField(allow_null=True)
    dataset = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    finding = serializers.CharField(allow_null=True)


class ActivitySerializer(serializers.Serializer[Any]):
    """The acts of a time, and what of them is unusual."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    used = ActsSerializer(many=True)
    unusual = UnusualSerializer(many=True)


class LookInput(Input):
    """What an anomaly was; the person concerned reads it."""

    key = serializers.CharField(max_length=200)
    finding = serializers.CharField(max_length=4_000)


DAYS = OpenApiParameter("days", int, enum=list(WINDOWS), description="How far back; 90 if not said")


class ActivityRowSerializer(serializers.Serializer[Any]):
    """A case or a dataset whose acts one may read; ask for one to read them."""

    ref = serializers.CharField()


class ActivityViewSet(VisibleViewSet):
    """What both have in common: one answers with its acts, and what it was is said of them."""

    serializer_class: Any = ActivityRowSerializer
    lookup_field = "ref"

    def found(self, subject: Any, since: dt.datetime, until: dt.datetime) -> Activity:
        """The acts of that time."""
        raise NotImplementedError

    @extend_schema(parameters=[DAYS], responses=ActivitySerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was done, and what of it is unusual."""
        subject = self.get_object()
        return Response(_told(self._activity(subject), subject.program))

    @extend_schema(parameters=[DAYS], request=LookInput, responses=ActivitySerializer)
    @action(detail=True, methods=["post"])
    def look(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """On-call says what an anomaly was."""
        by: Any = request.user
        subject, said = self.get_object(), self.validated(LookInput)
        activity = self._activity(subject)
        one = next((one for one in anomalies.of(activity)[0] if one.key == said["key"]), None)
        if one is None:
            raise Http404
        review_anomaly(anomaly=one, program=subject.program, finding=said["finding"], by=by)
        return Response(_told(activity, subject.program))

    def _activity(self, subject: Any) -> Activity:
        given = self.request.query_params.get("days", "")
        days = next((days for days in WINDOWS if str(days) == given), 90)
        until = now()
        return self.found(subject, until - dt.timedelta(days=days), until)


def _told(activity: Activity, program: Any) -> Any:
    unusual = anomalies.of(activity)[0]
    rows: list[Any] = [*activity.cells, *unusual]
    people = dict(
        User.objects.filter(pk__in={row.person or 0 for row in rows}).values_list("pk", "username")
    )
    data = dict(
        Dataset.objects.filter(pk__in={row.dataset or 0 for row in rows}).values_list("pk", "ref")
    )
    reviews = dict(
        AnomalyReview.objects.filter(
            program=program, key__in=[one.key for one in unusual]
        ).values_list("key", "finding")
    )
    counted: dict[tuple[Any, ...], int] = {}
    for cell in activity.cells:
        key = (cell.person, cell.dataset, cell.kind, cell.operation, cell.verdict)
        counted[key] = counted.get(key, 0) + cell.number
    told = {
        "since": activity.since,
        "until": activity.until,
        "used": [
            {
                "person": people.get(person),
                "dataset": data.get(dataset),
                "kind": kind,
                "operation": operation,
                "verdict": verdict,
                "number": number,
            }
            for (person, dataset, kind, operation, verdict), number in counted.items()
        ],
        "unusual": [
            {
                "key": one.key,
                "kind": one.kind,
                "person": people.get(one.person or 0),
                "dataset": data.get(one.dataset or 0),
                "at": one.at,
                "reason": one.reason,
                "finding": reviews.get(one.key),
            }
            for one in unusual
        ],
    }
    return ActivitySerializer(told).data


class CaseActivityViewSet(ActivityViewSet):
    """What was done in the fellowships whose data one may read about."""

    queryset: Any = Fellowship.objects.all()

    def get_queryset(self) -> Any:
        """The cases whose data the person may read about."""
        if getattr(self, "swagger_fake_view", False):
            return Fellowship.objects.none()
        return fellowships_of(self.request.user).select_related("program__realm", "proposal")

    def found(self, subject: Any, since: dt.datetime, until: dt.datetime) -> Activity:
        """The acts of a fellowship."""
        return activity.of_case(subject, since, until)


class DatasetActivityViewSet(ActivityViewSet):
    """What anyone did with the datasets of the programmes whose trail one watches."""

    queryset: Any = Dataset.objects.select_related("program__realm")

    def get_queryset(self) -> Any:
        """Those of the programmes whose trail the person watches."""
        rows = super().get_queryset()
        return rows.filter(program_id__in=realm_ids_where(self.request.user, *ACCESS_STAFF))

    def found(self, subject: Any, since: dt.datetime, until: dt.datetime) -> Activity:
        """The acts on a dataset."""
        return activity.of_dataset(subject, since, until)
