"""A person's own data by API: the copy of it, erasures, what is due by rule, and holds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.stepup import unconfirmed
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.api import (
    Input,
    Named,
    NoInput,
    Person,
    ReasonInput,
    Router,
    VisibleViewSet,
    service_action,
    service_create,
)
from fellowship.web.files import download
from oversight import persons_policy, services
from oversight.models import DueErasure, Erasure, Hold, PersonalCopy
from oversight.states import HoldGround


class PersonalCopySerializer(serializers.ModelSerializer[PersonalCopy]):
    """A copy of one's own data: `kept` says whether its file is there to be taken."""

    kept = serializers.SerializerMethodField()

    class Meta:
        """Its columns."""

        model = PersonalCopy
        fields: ClassVar = (
            *("id", "created_at", "made_at", "failed_at", "sha256", "size", "records", "kept"),
        )

    def get_kept(self, copy: PersonalCopy) -> bool:
        """Whether its file is there."""
        return copy.is_kept(now())


class PersonalCopyViewSet(VisibleViewSet):
    """Copies of what is held about oneself; nobody sees another's."""

    queryset = PersonalCopy.objects.all()
    serializer_class = PersonalCopySerializer

    @extend_schema(request=NoInput)
    def create(self, request: Request) -> Response:
        """Have a copy made; one that is being made is answered. A token needs `decide`."""
        refuse(unconfirmed(request))
        by: Any = request.user
        self.validated(NoInput)
        return self.created(services.ask_copy(by=by))

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], url_path="file", url_name="file")
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """The ZIP file. A token needs `decide`."""
        copy = self.get_object()
        refuse(unconfirmed(request))
        refuse(persons_policy.may_take_copy(copy, request.user, copy.is_kept(now())))
        return download(copy.sha256, "your-data.zip", "application/zip")


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """A request that somebody is forgotten; the words that name them are not repeated here."""

    person = serializers.CharField(source="person.username")
    asked_by = serializers.CharField(source="asked_by.username")
    approved_by = serializers.CharField(source="approved_by.username", default=None)

    class Meta:
        """Its columns."""

        model = Erasure
        fields: ClassVar = (
            *("id", "person", "asked_by", "reason", "created_at", "approved_by", "approved_at"),
            *("refused_at", "answer", "done_at", "rows"),
        )


class ErasureInput(ReasonInput):
    """Whom to forget, oneself unless named, and other words that name them."""

    person = Person(required=False)
    words = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class ErasureViewSet(VisibleViewSet):
    """One's own, and those of the programmes one administers."""

    queryset = Erasure.objects.select_related("person", "asked_by", "approved_by")
    serializer_class = ErasureSerializer

    @extend_schema(request=ErasureInput)
    def create(self, request: Request) -> Response:
        """Ask that somebody is forgotten. A token needs `decide`."""
        refuse(unconfirmed(request))
        said = self.validated(ErasureInput)
        by: Any = request.user
        person = said.pop("person", None) or by
        return self.created(services.ask_erasure(person=person, by=by, **said))

    approve = service_action("approve", services.approve_erasure, subject="erasure", confirmed=True)
    refuse = service_action(
        "refuse", services.refuse_erasure, subject="erasure", input=ReasonInput, confirmed=True
    )


class DueErasureSerializer(serializers.ModelSerializer[DueErasure]):
    """Who is kept longer than the retention rule says: since when, and by which version."""

    person = serializers.CharField(source="person.username")
    program = serializers.CharField(source="program.realm.slug")
    rule = serializers.CharField()
    held = serializers.BooleanField()

    class Meta:
        """Its columns."""

        model = DueErasure
        fields: ClassVar = (
            *("id", "person", "program", "ground", "since", "due_at", "rule", "proposed_at"),
            *("held", "erasure", "ended_at"),
        )


class DueErasureViewSet(VisibleViewSet):
    """What the retention rule proposes, for administrators and auditors."""

    queryset = DueErasure.objects.select_related("person", "program__realm", "rule_version")
    serializer_class = DueErasureSerializer
    ask = service_action("ask", services.ask_due_erasure, subject="due", confirmed=True)

    def get_queryset(self) -> Any:
        """Held or not as of this request."""
        rows: Any = super().get_queryset()
        return rows.annotate_held()


class HoldSerializer(serializers.ModelSerializer[Hold]):
    """Somebody's data kept back until an instant, on a listed ground."""

    person = serializers.CharField(source="person.username")
    program = serializers.CharField(source="program.realm.slug")
    placed_by = serializers.CharField(source="placed_by.username")

    class Meta:
        """Its columns."""

        model = Hold
        fields: ClassVar = (
            *("id", "person", "program", "ground", "reason", "placed_by", "placed_at", "until"),
            *("lifted_at", "lifted_because"),
        )


class HoldInput(Input):
    """Whose data, in which programme, on which ground, why, and the last day."""

    person = Person()
    program = Named(Program)
    ground = serializers.ChoiceField(choices=HoldGround.choices)
    reason = serializers.CharField(max_length=2_000)
    until = serializers.DateField()


class HoldViewSet(VisibleViewSet):
    """Holds of the programmes one administers or audits."""

    queryset = Hold.objects.select_related("person", "program__realm", "placed_by")
    serializer_class = HoldSerializer
    create = service_create(services.hold_data, input=HoldInput)
    lift = service_action("lift", services.lift_hold, subject="hold", input=ReasonInput)


router = Router()
router.register("personal-copies", PersonalCopyViewSet, basename="personal-copies")
router.register("erasures", ErasureViewSet, basename="erasures")
router.register("erasures-due", DueErasureViewSet, basename="erasures-due")
router.register("data-holds", HoldViewSet, basename="data-holds")
urlpatterns = router.urls
