"""The plan of action and the lessons of a programme, in the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.programs.models import Call, Program
from fellowship.web.api import EndpointView, Input, ReasonInput, VisibleViewSet, service_action
from findings import services
from findings.exports.files import PLAN, handed
from findings.models import Finding, Lesson
from findings.models.lessons import READERS
from findings.policy.lessons import TOPIC_MAX, WHY_MAX


class PlanView(EndpointView):
    """A programme's plan of action and milestones."""

    @extend_schema(responses={(200, "application/json"): dict})
    def get(self, request: Request, slug: str) -> FileResponse:
        """OSCAL 1.2.1: the findings and exceptions you see. That you took it is recorded."""
        user: Any = request.user
        program = get_object_or_404(
            Program, pk__in=realm_ids_where(user, *READERS), realm__slug=slug
        )
        made = handed(program, PLAN, Finding.objects.none(), user)
        return FileResponse(made.content, content_type=made.media_type)


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """A topic that findings propose for the next call."""

    program = serializers.CharField(source="program.slug")
    call = serializers.CharField(source="call.ref", default=None)

    class Meta:
        """Its columns."""

        model = Lesson
        fields: ClassVar = (
            "id",
            "program",
            "topic",
            "why",
            "technique",
            "state",
            "call",
            "proposed_at",
            "settled_at",
        )


class LessonInput(Input):
    """A topic."""

    program = serializers.SlugField(max_length=60)
    topic = serializers.CharField(max_length=TOPIC_MAX)
    why = serializers.CharField(max_length=WHY_MAX)


class TakeInput(Input):
    """The call it goes into."""

    call = serializers.CharField(max_length=30)


class LessonViewSet(VisibleViewSet):
    """Lessons of the programmes whose portfolio one reads."""

    queryset = Lesson.objects.select_related("program__realm", "call")
    serializer_class = LessonSerializer
    set_aside = service_action(
        "set-aside", services.set_lesson_aside, subject="lesson", input=ReasonInput
    )

    @extend_schema(request=LessonInput, responses={201: LessonSerializer})
    def create(self, request: Request) -> Response:
        """Propose a topic; one that waits already is answered as it is."""
        data = self.validated(LessonInput)
        user: Any = request.user
        mine = realm_ids_where(user, *READERS)
        program = Program.objects.filter(pk__in=mine, realm__slug=data.pop("program")).first()
        if program is None:
            raise Refused(Refusal("not_yours", "There is no such programme.", field="program"))
        return self.created(services.propose_lesson(program=program, by=user, **data))

    @extend_schema(request=TakeInput, responses={200: LessonSerializer})
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """Write it into a call that is not published yet."""
        lesson = self.get_object()
        ref = self.validated(TakeInput)["call"]
        call = Call.objects.filter(program=lesson.program_id, ref=ref).first()
        if call is None:
            raise Refused(Refusal("no_call", "There is no such call here.", field="call"))
        user: Any = request.user
        return self.shown(services.take_lesson(lesson=lesson, call=call, by=user))
