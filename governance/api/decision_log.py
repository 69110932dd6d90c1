"""The decision log, and one decision as the board had it before it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.history.models import Event
from fellowship.web.api import Cursor, Endpoint
from governance import decision_log as book
from governance import reconstruction
from governance.decision_log import Act


class EntrySerializer(serializers.Serializer[Any]):
    """One line of the log; `rule` is the version decided under, or in force at that moment."""

    number = serializers.IntegerField()
    uid = serializers.UUIDField()
    at = serializers.DateTimeField()
    act = serializers.ChoiceField(choices=Act.choices)
    what = serializers.CharField()
    subject = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    rule = serializers.CharField()
    dossier_hash = serializers.CharField()
    actor = serializers.CharField()
    people = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    leaf_hash = serializers.CharField()


class DecisionLogViewSet(Endpoint, mixins.ListModelMixin, viewsets.GenericViewSet[Event]):
    """Every decision, condition, override, delegated and automated act; `?act=` narrows."""

    queryset = Event.objects.none()
    serializer_class = EntrySerializer
    pagination_class = Cursor
    ordering = "-id"

    def get_queryset(self) -> QuerySet[Event]:
        """What the person may read of the log."""
        if getattr(self, "swagger_fake_view", False):
            return Event.objects.none()
        rows = book.rows(self.request.user).select_related("actor").defer("body")
        act = self.request.query_params.get("act", "")
        return book.of_act(rows, act) if act in Act.values else rows

    @extend_schema(responses=EntrySerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The latest first."""
        page: Any = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(EntrySerializer(book.entries(page), many=True).data)


class MomentSerializer(serializers.Serializer[Any]):
    """Everything the board had before it when it decided, and whether each hash still agrees."""

    matter = serializers.CharField()
    question = serializers.CharField()
    outcome = serializers.CharField()
    decided_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    letter = serializers.CharField()
    rule = serializers.CharField()
    ballot_rule = serializers.DictField()
    held_to = serializers.ListField(child=serializers.CharField())
    dossier = serializers.DictField()
    dossier_number = serializers.IntegerField()
    dossier_sha256 = serializers.CharField()
    sound = serializers.BooleanField()
    checks = serializers.ListField(child=serializers.DictField())
    openings = serializers.ListField(child=serializers.DictField())
    seats = serializers.ListField(child=serializers.DictField())
    recusals = serializers.ListField(child=serializers.DictField())
    conditions = serializers.ListField(child=serializers.DictField())
    event = serializers.CharField(allow_null=True)
    leaf_hash = serializers.CharField(allow_null=True)


def moment(found: reconstruction.Moment) -> dict[str, Any]:
    """The moment as plain values."""
    decision, event = found.decision, found.event
    return {
        "matter": decision.matter.ref,
        "question": decision.matter.question,
        "outcome": decision.outcome,
        "decided_at": decision.decided_at,
        "decided_by": decision.decided_by.username,
        "letter": decision.letter,
        "rule": str(found.ballot.rule_version),
        "ballot_rule": found.ballot.rule,
        "held_to": [str(rule) for rule in found.held_to],
        "dossier": found.body,
        "dossier_number": found.dossier.number,
        "dossier_sha256": found.dossier.sha256,
        "sound": found.sound,
        "checks": [asdict(one) for one in found.checks],
        "openings": [asdict(one) for one in found.openings],
        "seats": [asdict(one) for one in found.seats],
        "recusals": [asdict(one) for one in found.recusals],
        "conditions": [asdict(one) for one in found.conditions],
        "event": str(event.uid) if event else None,
        "leaf_hash": event.leaf_hash if event else None,
    }
