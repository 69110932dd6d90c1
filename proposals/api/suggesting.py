"""Reviewers suggested for a whole call: who, why, what speaks against it, and changes by hand."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.programs.models import Call
from fellowship.web.api import (
    Input,
    Named,
    Person,
    VisibleViewSet,
    service_action,
    service_create,
)
from proposals import services
from proposals.models import Proposal, SuggestedPanel, Suggestion, SuggestionRun


class SuggestionLineSerializer(serializers.ModelSerializer[Suggestion]):
    """Somebody suggested for a proposal: why, and what speaks against it."""

    reviewer = serializers.CharField(source="reviewer.username")

    class Meta:
        model = Suggestion
        fields = ("id", "reviewer", "why", "warned", "by_hand", "left_out")


class SuggestedPanelSerializer(serializers.ModelSerializer[SuggestedPanel]):
    """The panel suggested for one proposal, and why places stay empty."""

    proposal = serializers.CharField(source="proposal.ref")
    suggestions = SuggestionLineSerializer(many=True)

    class Meta:
        model = SuggestedPanel
        fields = ("proposal", "need", "missing", "reason", "suggestions")


class SuggestionRunSerializer(serializers.ModelSerializer[SuggestionRun]):
    """A suggestion for a call; `places` are the reviews it lacked, `filled` those it fills."""

    call = serializers.CharField(source="call.ref")
    asked_by = serializers.CharField(source="asked_by.username")

    class Meta:
        model = SuggestionRun
        fields: tuple[str, ...] = (
            *("id", "call", "state", "asked_by", "asked_at", "proposals", "places", "filled"),
            *("worked_out_at", "assigned_at"),
        )


class WholeSuggestionRunSerializer(SuggestionRunSerializer):
    """A suggestion with its panels, of the proposals one may see."""

    panels = serializers.SerializerMethodField()

    class Meta(SuggestionRunSerializer.Meta):
        fields = (*SuggestionRunSerializer.Meta.fields, "panels")

    @extend_schema_field(SuggestedPanelSerializer(many=True))
    def get_panels(self, run: SuggestionRun) -> Any:
        """The fullest need first."""
        rows = panels_of(run, self.context["request"].user).select_related("proposal")
        rows = rows.prefetch_related("suggestions__reviewer").order_by("-missing", "id")
        return SuggestedPanelSerializer(rows, many=True).data


def panels_of(run: SuggestionRun, user: Any) -> Any:
    """Its lines about proposals the person may see, never their own."""
    seen = Proposal.objects.visible_to(user).filter(call=run.call_id).exclude(applicant=user)
    return SuggestedPanel.objects.filter(run=run, proposal__in=seen.values("pk"))


class SuggestInput(Input):
    """The call whose panel needs reviewers."""

    call = Named(Call)


class PutOnInput(Input):
    """Who else shall be asked for a proposal."""

    proposal = serializers.CharField(max_length=30)
    reviewer = Person()


class TakeOffInput(Input):
    """A line of the suggestion, by its number."""

    suggestion = serializers.IntegerField(min_value=1, max_value=2**53)


class SuggestionRunViewSet(VisibleViewSet):
    """Suggestions for the panels one runs or audits."""

    queryset: Any = SuggestionRun.objects.select_related("call__program", "asked_by")
    serializer_class: Any = SuggestionRunSerializer
    filterset_fields = ("call__ref", "state")
    lookup_value_regex = r"[0-9]{1,18}"

    def get_serializer_class(self) -> Any:
        """With its panels where it is one."""
        return SuggestionRunSerializer if self.action == "list" else WholeSuggestionRunSerializer

    create = service_create(services.suggest_reviewers, input=SuggestInput)
    assign = service_action("assign", services.assign_suggested, subject="run")
    set_aside = service_action("set-aside", services.set_aside, subject="run")

    @extend_schema(request=PutOnInput)
    @action(detail=True, methods=["post"])
    def add(self, request: Request, pk: str) -> Response:
        """Put somebody else on the suggested panel of a proposal."""
        by: Any = request.user
        run, said = self.get_object(), self.validated(PutOnInput)
        panel = panels_of(run, by).filter(proposal__ref=said["proposal"]).first()
        if panel is None:
            raise Http404
        services.add_suggested(panel=panel, reviewer=said["reviewer"], by=by)
        return self.shown(run)

    @extend_schema(request=TakeOffInput)
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """Take somebody off a suggested panel; nothing happens where they are not on it."""
        by: Any = request.user
        run, said = self.get_object(), self.validated(TakeOffInput)
        rows = Suggestion.objects.filter(panel__in=panels_of(run, by), pk=said["suggestion"])
        found = rows.select_related("panel__run").first()
        if found is not None:
            services.drop_suggested(suggestion=found, by=by)
        return self.shown(run)
