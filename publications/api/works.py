"""The API of a work's text: begun, versions with files, sources, the check, the disclosure plan."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Dataset, Release
from fellowship.kernel.time import now
from fellowship.web.api import Input, VisibleViewSet, replaces
from fellowship.web.shortcuts import visible_or_404
from findings.models import Artifact, Finding
from publications import services, withholding
from publications.api.passages import Passage
from publications.models import DisclosureStep, Hit, Publication, Version
from publications.states import Ground, Kind, WorkClass
from publications.text_states import HitAnswer
from publications.texts import TEXT_MAX
from publications.views.texts import file_of
from scoping.models import Fellowship


class VersionSerializer(serializers.ModelSerializer[Version]):
    """A version by its hashes. `text` is in its own answer alone; offsets count code points."""

    class Meta:
        model = Version
        fields: tuple[str, ...] = (
            "number",
            "text_hash",
            "reading",
            "file_name",
            "file_mime",
            "file_size",
            "file_sha256",
            "unread_because",
            "added_at",
        )
        read_only_fields = fields


class ReadVersionSerializer(VersionSerializer):
    """A version with its text as the person may read it."""

    text = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "text")

    def get_text(self, version: Version) -> str:
        """What is withheld from the person is dotted."""
        return str(self.context["text"])


class HitSerializer(serializers.ModelSerializer[Hit]):
    """What the check found, by its place. What may be secret or personal is dotted in `words`."""

    id = serializers.IntegerField(read_only=True)
    words = serializers.SerializerMethodField()

    class Meta:
        model = Hit
        fields = (
            *("id", "kind", "rule", "about", "start", "end", "sure", "words"),
            *("answer", "reason", "answered_at"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_words(self, hit: Hit) -> str:
        """The passage, in part where it may be a secret."""
        if hit.start is None or hit.end is None:
            return ""
        words = self.context["text"][hit.start : hit.end][:200]
        return withholding.dotted(words) if hit.masked else words


class PreCheckSerializer(serializers.Serializer[Any]):
    """One run of the check over the newest version, and the hits the person may see."""

    version = serializers.IntegerField()
    ran_at = serializers.DateTimeField()
    checks = serializers.DictField(child=serializers.CharField())
    left_out = serializers.IntegerField()
    hits = HitSerializer(many=True)


class StepSerializer(Passage, serializers.ModelSerializer[DisclosureStep]):
    """A step of the plan. `public` is told from the clock."""

    id = serializers.IntegerField(read_only=True)
    public = serializers.SerializerMethodField()

    class Meta:
        model = DisclosureStep
        fields = (
            *("id", "passage", "ground", "summary", "on", "planned_on", "public"),
            *("extended_at", "extended_because", "early_at", "early_because"),
        )
        read_only_fields = fields

    @extend_schema_field(serializers.BooleanField())
    def get_public(self, step: DisclosureStep) -> bool:
        """Whether the passage is public at this instant."""
        return step.out(now())


class VersionInput(Input):
    """A text, or a file whose text is read, as multipart/form-data."""

    text = serializers.CharField(max_length=TEXT_MAX, required=False, allow_blank=True)
    file = serializers.FileField(required=False)


class SourcesInput(Input):
    """All that the work uses: datasets and findings by reference, artifacts and outputs by hash."""

    datasets = serializers.ListField(child=serializers.CharField(), default=list, max_length=200)
    findings = serializers.ListField(child=serializers.CharField(), default=list, max_length=200)
    artifacts = serializers.ListField(child=serializers.CharField(), default=list, max_length=200)
    releases = serializers.ListField(child=serializers.CharField(), default=list, max_length=200)


class PublicationInput(SourcesInput):
    """A work that begins."""

    fellowship = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=300)
    kind = serializers.ChoiceField(choices=Kind.choices)
    work_class = serializers.ChoiceField(choices=WorkClass.choices)
    abstract = serializers.CharField(required=False, allow_blank=True)
    acknowledgement = serializers.CharField(required=False, allow_blank=True, max_length=5_000)
    event = serializers.CharField(required=False, allow_blank=True, max_length=200)
    event_on = serializers.DateField(required=False)
    link = serializers.URLField(required=False, allow_blank=True, max_length=500)
    link_sha256 = serializers.CharField(required=False, allow_blank=True, max_length=64)
    licence = serializers.CharField(required=False, allow_blank=True, max_length=100)


class HitAnswerInput(Input):
    """What a hit is, and why."""

    answer = serializers.ChoiceField(choices=HitAnswer.choices)
    reason = serializers.CharField(max_length=2_000)


class DisclosureStepInput(Input):
    """A passage of the newest version by its offsets in code points, and when it is public."""

    start = serializers.IntegerField(min_value=0, max_value=TEXT_MAX)
    end = serializers.IntegerField(min_value=1, max_value=TEXT_MAX)
    ground = serializers.ChoiceField(choices=Ground.choices)
    summary = serializers.CharField(max_length=500)
    on = serializers.DateTimeField()
    finding = serializers.CharField(max_length=30, required=False)


class ExtendStepInput(Input):
    """To which instant a step is put off, and why."""

    on = serializers.DateTimeField()
    reason = serializers.CharField(max_length=2_000)


class EarlyInput(Input):
    """Why a passage comes out before its date."""

    reason = serializers.CharField(max_length=2_000)


class WorksMixin(VisibleViewSet):
    """Routes of a work's text, beside those of its reviews."""

    @extend_schema(request=PublicationInput)
    def create(self, request: Request) -> Response:
        """Begin a publication of one's fellowship."""
        said = self.validated(PublicationInput)
        case = visible_or_404(Fellowship, request.user, ref=said.pop("fellowship"))
        said |= _uses(case, request.user, said)
        made = services.draft_publication(fellowship=case, by=_by(request), **said)
        return self.created(made)

    @extend_schema(responses=VersionSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        parser_classes=[MultiPartParser, JSONParser],
        pagination_class=None,
        filter_backends=[],
    )
    def versions(self, request: Request, ref: str) -> Response:
        """The versions, the newest first."""
        rows = self.get_object().versions.defer("text", "beneath")
        return Response(VersionSerializer(rows, many=True).data)

    @extend_schema(
        request={"multipart/form-data": VersionInput, "application/json": VersionInput},
        responses={201: VersionSerializer},
    )
    @versions.mapping.post
    def add_version(self, request: Request, ref: str) -> Response:
        """Add a version; the same again is the newest one."""
        work = self.get_object()
        said = self.validated(VersionInput)
        done = services.add_version(publication=work, by=_by(request), **said)
        return Response(VersionSerializer(done).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="publications_version", responses=ReadVersionSerializer)
    @action(detail=True, methods=["get"], url_path=r"versions/(?P<number>\d{1,6})")
    def version(self, request: Request, ref: str, number: str) -> Response:
        """One version with its text, without what is withheld from the person."""
        work = self.get_object()
        found = _numbered(work, number)
        text = withholding.shown(work, found, request.user)
        return Response(ReadVersionSerializer(found, context={"text": text}).data)

    @extend_schema(
        operation_id="publications_version_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], url_path=r"versions/(?P<number>\d{1,6})/file")
    def version_file(self, request: Request, ref: str, number: str) -> HttpResponseBase:
        """The file of a version, for those from whom nothing in it is withheld."""
        work = self.get_object()
        return file_of(work, _numbered(work, number), request.user)

    @replaces
    @extend_schema(request=SourcesInput)
    @action(detail=True, methods=["post"])
    def sources(self, request: Request, ref: str) -> Response:
        """Say what the work uses, all of it."""
        work: Publication = self.get_object()
        uses = _uses(work.fellowship, request.user, self.validated(SourcesInput))
        return self.shown(services.declare_sources(publication=work, by=_by(request), **uses))

    @extend_schema(responses=PreCheckSerializer)
    @action(detail=True, methods=["get"])
    def check(self, request: Request, ref: str) -> Response:
        """What the check found in the newest version; 404 while there is none."""
        return Response(_checked(self.get_object(), request))

    @extend_schema(request=HitAnswerInput, responses=PreCheckSerializer)
    @action(detail=True, methods=["post"], url_path=r"check/(?P<hit>\d+)")
    def answer_hit(self, request: Request, ref: str, hit: str) -> Response:
        """Say what a hit is."""
        work = self.get_object()
        rows = Hit.objects.filter(precheck__version__publication=work)
        found: Hit = visible_or_404(rows, request.user, pk=hit)
        services.answer_hit(hit=found, by=_by(request), **self.validated(HitAnswerInput))
        return Response(_checked(work, request))

    @extend_schema(responses=StepSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def disclosure(self, request: Request, ref: str) -> Response:
        """The steps of the plan in the order of their dates."""
        rows = self.get_object().disclosure_steps.all()
        return Response(StepSerializer(rows, many=True, context={"request": request}).data)

    @extend_schema(request=DisclosureStepInput, responses={201: StepSerializer})
    @disclosure.mapping.post
    def plan_step(self, request: Request, ref: str) -> Response:
        """Plan a passage for later."""
        work: Publication = self.get_object()
        said = self.validated(DisclosureStepInput)
        if named := said.pop("finding", ""):
            said["finding"] = visible_or_404(
                work.fellowship.findings.all(), request.user, ref=named
            )
        version = _newest(work)
        step = services.plan_step(publication=work, version=version, by=_by(request), **said)
        return Response(
            StepSerializer(step, context={"request": request}).data, status.HTTP_201_CREATED
        )

    @extend_schema(request=ExtendStepInput, responses=StepSerializer)
    @action(detail=True, methods=["post"], url_path=r"disclosure/(?P<step>\d+)/extend")
    def extend_step(self, request: Request, ref: str, step: str) -> Response:
        """Put a step off, once."""
        found = self._step(step)
        said = self.validated(ExtendStepInput)
        done = services.extend_step(step=found, by=_by(request), **said)
        return Response(StepSerializer(done, context={"request": request}).data)

    @extend_schema(request=EarlyInput, responses=StepSerializer)
    @action(detail=True, methods=["post"], url_path=r"disclosure/(?P<step>\d+)/release-early")
    def release_early(self, request: Request, ref: str, step: str) -> Response:
        """Let a passage out before its date."""
        found = self._step(step)
        said = self.validated(EarlyInput)
        done = services.release_early(step=found, by=_by(request), **said)
        return Response(StepSerializer(done, context={"request": request}).data)

    def _step(self, pk: str) -> DisclosureStep:
        rows = self.get_object().disclosure_steps.all()
        found: DisclosureStep = visible_or_404(rows, self.request.user, pk=pk)
        return found


def _checked(work: Publication, request: Request) -> dict[str, Any]:
    version = _newest(work)
    check = version.precheck
    hits = Hit.objects.filter(precheck=check).visible_to(request.user).order_by("id")
    shown = HitSerializer(hits, many=True, context={"text": version.text}).data
    return {
        "version": version.number,
        "ran_at": check.ran_at,
        "checks": check.checks,
        "left_out": check.left_out,
        "hits": shown,
    }


def _numbered(work: Publication, number: str) -> Version:
    """The version of this number. Raises Http404."""
    found: Version | None = work.versions.filter(number=int(number)).first()
    if found is None:
        raise Http404
    return found


def _newest(work: Publication) -> Version:
    """The newest version with its check; 404 while there is none."""
    newest: Version | None = work.versions.select_related("precheck").first()
    if newest is None:
        raise Http404
    return newest


def _uses(case: Fellowship, user: Any, said: dict[str, Any]) -> dict[str, list[Any]]:
    """The records these references name; ValidationError for what the person may not name."""
    rows: dict[str, Any] = {
        "datasets": (Dataset.objects.visible_to(user), "ref"),
        "findings": (Finding.objects.filter(fellowship=case), "ref"),
        "artifacts": (Artifact.objects.filter(fellowship=case), "sha256"),
        "releases": (
            Release.objects.filter(request__fellowship=case).select_related("request"),
            "sha256",
        ),
    }
    found: dict[str, list[Any]] = {}
    for name, (among, by) in rows.items():
        wanted = said.pop(name, [])
        found[name] = list(among.filter(**{f"{by}__in": wanted}))
        if missing := sorted(set(wanted) - {getattr(one, by) for one in found[name]}):
            raise serializers.ValidationError({name: [f"Not known here: {', '.join(missing)}."]})
    return found


def _by(request: Request) -> Any:
    return request.user
