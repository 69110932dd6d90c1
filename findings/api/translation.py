"""The translation matrix and its contests in the API."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realm_ids_where
from fellowship.programs.models import Program
from fellowship.web.api import Input, Named, NoInput, VisibleViewSet, service_action
from findings import atlas, matrix, services
from findings.api.changes import finding_of
from findings.change_states import ANSWERED
from findings.matrix import Shown
from findings.models import Contest
from findings.states import ControlType, Family, FindingClass
from findings.suggesting import suggest
from findings.translation_places import SEE


class ContestSerializer(serializers.ModelSerializer[Contest]):
    """A contested suggestion and its answer."""

    program = serializers.CharField(source="program.slug")
    finding = serializers.CharField(source="finding.ref", default=None)
    raised_by = serializers.CharField(source="raised_by.username")
    ended_by = serializers.CharField(source="ended_by.username", default=None)

    class Meta:
        """Its columns."""

        model = Contest
        fields: ClassVar = (
            "ref",
            "program",
            "finding",
            "finding_class",
            "family",
            "control_type",
            "reason",
            "raised_by",
            "raised_at",
            "due_at",
            "state",
            "answer",
            "instead_family",
            "instead_type",
            "ended_by",
            "ended_at",
        )


class ClassInput(Input):
    """What the finding is about."""

    finding_class = serializers.ChoiceField(choices=FindingClass.choices)


class ContestInput(Input):
    """Which suggestion for a finding is wrong, and why."""

    finding = serializers.CharField(max_length=30)
    family = serializers.ChoiceField(choices=Family.choices)
    control_type = serializers.ChoiceField(choices=ControlType.choices)
    reason = serializers.CharField(max_length=5_000)


class AnswerInput(Input):
    """What becomes of it, and why."""

    outcome = serializers.ChoiceField(choices=[state.value for state in ANSWERED])
    answer = serializers.CharField(max_length=5_000)
    instead_family = serializers.ChoiceField(
        choices=Family.choices, required=False, default="", allow_blank=True
    )
    instead_type = serializers.ChoiceField(
        choices=ControlType.choices, required=False, default="", allow_blank=True
    )


class ContestViewSet(VisibleViewSet):
    """Contested suggestions."""

    queryset = Contest.objects.select_related("program__realm", "finding", "raised_by", "ended_by")
    serializer_class = ContestSerializer
    lookup_field = "ref"
    ordering = "-id"

    answer = service_action("answer", services.answer_contest, subject="contest", input=AnswerInput)
    take_back = service_action(
        "take-back", services.take_back_contest, subject="contest", input=NoInput
    )

    @extend_schema(request=ContestInput, responses={201: ContestSerializer})
    def create(self, request: Request) -> Response:
        """Contest what is suggested for a finding."""
        data = self.validated(ContestInput)
        finding = finding_of(request.user, data.pop("finding"))
        kind = matrix.class_of(finding.finding_class, finding.technique) or FindingClass.OTHER
        by: Any = request.user
        made = services.contest(
            program=finding.program, finding=finding, finding_class=kind, by=by, **data
        )
        return self.created(made)


class MatrixCellSerializer(serializers.Serializer[Any]):
    """One cell: why it is suggested, how often it was chosen, and what that showed."""

    finding_class = serializers.CharField()
    family = serializers.CharField()
    control_type = serializers.CharField()
    why = serializers.CharField()
    chosen = serializers.IntegerField()
    verdicts = serializers.DictField(child=serializers.IntegerField())
    contested = serializers.CharField(allow_null=True)


class MatrixSerializer(serializers.Serializer[Any]):
    """A programme's matrix in its version in force."""

    program = serializers.CharField()
    version = serializers.IntegerField()
    atlas = serializers.CharField()
    cells = MatrixCellSerializer(many=True)


class MatrixChangeInput(Input):
    """A cell of the matrix, whether it is suggested, and why."""

    program = Named(Program)
    finding_class = serializers.ChoiceField(choices=FindingClass.choices)
    family = serializers.ChoiceField(choices=Family.choices)
    control_type = serializers.ChoiceField(choices=ControlType.choices)
    suggested = serializers.BooleanField()
    reason = serializers.CharField(max_length=2_000)


class MatrixVersionSerializer(serializers.Serializer[Any]):
    """The version of the matrix in which it is so."""

    version = serializers.IntegerField()


class MatrixViewSet(VisibleViewSet):
    """Translation matrices of the programmes one works for."""

    queryset = Contest.objects.none()
    serializer_class = MatrixSerializer
    pagination_class: Any = None

    @extend_schema(request=MatrixChangeInput, responses=MatrixVersionSerializer)
    @action(detail=False, methods=["post"])
    def change(self, request: Request) -> Response:
        """Suggest a kind of control for a class of findings from now on, or no longer."""
        by: Any = request.user
        version = services.change_matrix(by=by, **self.validated(MatrixChangeInput))
        return Response(MatrixVersionSerializer({"version": version}).data)

    @extend_schema(
        parameters=[OpenApiParameter("program", str, required=True)], responses=MatrixSerializer
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The matrix in force of `program`."""
        program = _program(request)
        here = matrix.in_force(matrix.changes(program.pk))
        experience = matrix.experience(program.pk)
        rows = Contest.objects.visible_to(request.user).open()
        contested = {
            (c.finding_class, c.family, c.control_type): c.ref
            for c in rows.filter(program=program, finding=None)
        }
        cells = [
            _cell(kind, *cell, why, experience.get(kind, {}).get(cell, Shown()), contested)
            for kind, found in here.cells.items()
            for cell, why in found.items()
        ]
        return Response(
            {
                "program": program.slug,
                "version": here.version,
                "atlas": atlas.table().version,
                "cells": cells,
            }
        )


def _program(request: Request) -> Program:
    slug = request.query_params.get("program", "")
    mine = Program.objects.filter(pk__in=realm_ids_where(request.user, *SEE))
    found = mine.filter(realm__slug=slug).select_related("realm").first()
    if found is None:
        raise NotFound
    return found


def _cell(  # noqa: PLR0917 - a row in the order of its columns
    kind: str,
    family: str,
    control_type: str,
    why: str,
    shown: Shown,
    contested: dict[tuple[str, str, str], str],
) -> dict[str, Any]:
    return {
        "finding_class": str(kind),
        "family": str(family),
        "control_type": str(control_type),
        "why": why,
        "chosen": shown.chosen,
        "verdicts": {str(verdict): n for verdict, n in shown.verdicts.items()},
        "contested": contested.get((kind, family, control_type)),
    }


class SuggestionSerializer(serializers.Serializer[Any]):
    """A kind of control a finding could be turned into, and why."""

    family = serializers.CharField()
    control_type = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    chosen = serializers.IntegerField(source="shown.chosen")
    contested = serializers.CharField(source="contest.ref", default=None)


def suggestions_of(finding: Any) -> list[dict[str, Any]]:
    """What the finding could be turned into, as the API shows it."""
    found: list[dict[str, Any]] = list(SuggestionSerializer(suggest(finding).rows, many=True).data)
    return found
