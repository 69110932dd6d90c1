"""`/api/v1/access/targets`: target systems ask what to let through, and say that they do."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from access.forms_targets import TargetForm
from access.models import TargetSystem
from access.services import acknowledge, add_target, change_target, enforcement, retire_target
from access.target_policy import may_keep_targets
from fellowship.accounts.models import ApiToken
from fellowship.kernel.refusals import refuse
from fellowship.programs.models import Program
from fellowship.web.api import Input, Named, ReasonInput, VisibleViewSet, from_form, service_action
from fellowship.web.api.forms import Asked

SCOPE = "access:enforce"


class TargetSerializer(serializers.ModelSerializer[TargetSystem]):
    """A target system, and how far it was told."""

    program = serializers.CharField(source="program.slug")

    class Meta:
        """Its columns."""

        model = TargetSystem
        fields: ClassVar[tuple[str, ...]] = (
            "ref",
            "name",
            "kind",
            "program",
            "revision",
            "alarm_after_minutes",
            "retired_at",
        )


class _Person(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.EmailField()
    username = serializers.CharField()


class _Dataset(serializers.Serializer[Any]):
    ref = serializers.CharField()
    slug = serializers.CharField()


class _Permission(serializers.Serializer[Any]):
    grant = serializers.CharField()
    operations = serializers.ListField(child=serializers.CharField())
    row_filters = serializers.ListField(child=serializers.CharField())
    until = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        """`fields` cannot be declared by that name on a serializer."""
        return {**super().get_fields(), "fields": serializers.ListField()}


class _Assignment(serializers.Serializer[Any]):
    person = _Person()
    dataset = _Dataset()
    revision = serializers.IntegerField()
    permissions = _Permission(many=True)
    until = serializers.DateTimeField(allow_null=True)


class AssignmentsSerializer(serializers.Serializer[Any]):
    """What a target should let through, as of a revision."""

    target = serializers.CharField()
    revision = serializers.IntegerField()
    assignments = _Assignment(many=True)


class NewTargetSerializer(TargetSerializer):
    """A target that was set up, with the secret that signs its messages; told this once."""

    secret = serializers.SerializerMethodField()

    class Meta(TargetSerializer.Meta):
        """Its columns."""

        fields = (*TargetSerializer.Meta.fields, "secret")

    def get_secret(self, target: TargetSystem) -> str:
        """The signing secret; empty for a system that asks."""
        return str(self.context["secret"])


# Who may not keep targets is told so before the account they name is looked for.


def _of_target(asked: Asked) -> dict[str, Any]:
    refuse(may_keep_targets(asked.target.program_id, asked.user))
    return {"program": asked.target.program, "target": asked.target}


def _of_program(asked: Asked) -> dict[str, Any]:
    program = asked.also["program"]
    refuse(may_keep_targets(program.pk, asked.user))
    return {"program": program}


NEW = from_form(
    TargetForm,
    name="NewTargetInput",
    given=_of_program,
    also={"program": Named(Program)},
)
CHANGED = from_form(TargetForm, given=_of_target, leave_out=("name", "kind", "url"))


class AcknowledgeInput(Input):
    """The revision the target enforces."""

    revision = serializers.IntegerField(min_value=0, max_value=2_147_483_647)


class AcknowledgedSerializer(serializers.Serializer[Any]):
    """How many assignments that settled."""

    settled = serializers.IntegerField()


class TargetViewSet(VisibleViewSet):
    """Target systems of one's programmes; a system's own account sees that system."""

    queryset = TargetSystem.objects.select_related("program__realm")
    serializer_class = TargetSerializer
    lookup_field = "ref"
    token_scope = SCOPE

    change = service_action(
        "change", change_target, subject="target", input=CHANGED, overwrites=True
    )
    retire = service_action("retire", retire_target, subject="target", input=ReasonInput)

    @extend_schema(request=NEW, responses={201: NewTargetSerializer})
    def create(self, request: Request) -> Response:
        """Set up a system that enforces access; this answer alone tells its signing secret."""
        by: Any = request.user
        made, secret = add_target(by=by, **self.validated(NEW))
        told = NewTargetSerializer(made, context={"secret": secret})
        return Response(told.data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(
        parameters=[OpenApiParameter("since", int, description="Only what changed after it.")],
        responses=AssignmentsSerializer,
    )
    @action(detail=True, methods=["get"])
    def assignments(self, request: Request, **kwargs: Any) -> Response:
        """What the target should let through: all of it, or what changed after `since`.

        An assignment without permissions closes everything for that person and dataset. Asked by
        the target's own account, it counts as told.
        """
        target = self.get_object()
        since = _since(request)
        data = enforcement.told(target, target.assignments.filter(revision__gt=since))
        if request.user == target.account:
            enforcement.taken(target, data["revision"])
        return Response(data)

    @extend_schema(request=AcknowledgeInput, responses=AcknowledgedSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, **kwargs: Any) -> Response:
        """Say that the target enforces everything up to `revision`."""
        target = self.get_object()
        revision = self.validated(AcknowledgeInput)["revision"]
        settled = acknowledge(
            target=target,
            revision=revision,
            by=request.user,  # type: ignore[arg-type]
        )
        return Response({"settled": settled})

    def check_permissions(self, request: Request) -> None:
        """A token acknowledges by its own scope alone; that scope does nothing else but read."""
        super().check_permissions(request)
        token = request.auth if isinstance(request.auth, ApiToken) else None
        needed = SCOPE if self.action == "acknowledge" else "write"
        if token and request.method not in SAFE_METHODS and needed not in token.scopes:
            raise PermissionDenied(f"The token lacks the scope “{needed}”.")


def _since(request: Request) -> int:
    given = request.query_params.get("since", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise ValidationError({"since": ["Give the revision you have, a whole number."]})
    return int(given)
