"""Rules in their versions."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.web.api import Input, VisibleViewSet, service_action
from governance import rules as rulebook
from governance import services
from governance.api.common import program_of
from governance.models import (
    RuleVersion,
)
from governance.states import (
    RuleKind,
)
from governance.views.rules import readable


class RuleSerializer(serializers.ModelSerializer[RuleVersion]):
    """One version of a rule, in words and in parameters."""

    program = serializers.CharField(source="program.realm.slug")
    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = RuleVersion
        fields = (
            "id", "program", "kind", "version", "title", "status", "effective_at", "adopted_at",
            "owner", "rationale", "parameters", "prose", "text_hash",
        )  # fmt: skip


class RuleInput(Input):
    """A draft of the next version."""

    program = serializers.CharField(required=False, default="", max_length=100)
    kind = serializers.ChoiceField(choices=RuleKind.choices)
    title = serializers.CharField(max_length=200)
    rationale = serializers.CharField()
    prose = serializers.CharField(max_length=100_000)
    parameters = serializers.DictField()
    effective_at = serializers.DateTimeField(required=False)


class RuleViewSet(VisibleViewSet):
    """Rules one may read; `?kind=` and `?current=1` narrow."""

    queryset = RuleVersion.objects.select_related("program__realm", "owner")
    serializer_class = RuleSerializer

    def get_queryset(self) -> QuerySet[Any]:
        """What the person may read."""
        if getattr(self, "swagger_fake_view", False):
            return RuleVersion.objects.none()
        rows = readable(self.request.user).select_related("program__realm", "owner")
        if kind := self.request.query_params.get("kind", ""):
            rows = rows.filter(Q(kind=kind))
        if self.request.query_params.get("current") == "1":
            rows = rows.filter(pk__in=RuleVersion.objects.current().order_by().values("pk"))
        return rows

    propose = service_action("propose", services.propose_rule, subject="rule")

    def create(self, request: Request) -> Response:
        """Draft the next version of a rule."""
        user: Any = request.user
        data = self.validated(RuleInput)
        program = program_of(user, data.pop("program"))
        owner = rulebook.in_force(program, data["kind"]).owner
        return self.created(services.draft_rule(program=program, owner=owner, by=user, **data))
