"""Findings in the API."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import AccessEvent, Dataset
from fellowship.accounts.models import User
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import now
from fellowship.web.api import (
    Input,
    ReasonInput,
    VisibleViewSet,
    from_form,
    service_action,
)
from findings import policy, services
from findings.api.dispositions import (
    AcceptFindingInput,
    AssignInput,
    CloseInput,
    DeferInput,
    DuplicateInput,
    FindingReplyInput,
    PauseInput,
    RerateInput,
)
from findings.api.translation import ClassInput, SuggestionSerializer, suggestions_of
from findings.chain import first_missing, links
from findings.filters import FindingFilter
from findings.forms.changes import ExceptForm
from findings.models import AffectedSystem, Artifact, Finding, FindingDataset, FindingEvidence
from findings.states import SAID_CLASSES, Confidence, Harm, Severity
from scoping.models import Fellowship


class SettingInput(Input):
    """A condition by name."""

    name = serializers.CharField(max_length=200)
    value = serializers.CharField(max_length=300, allow_blank=True, default="")


class SystemInput(Input):
    """Another system that it affects."""

    name = serializers.CharField(max_length=200)
    version = serializers.CharField(max_length=100, allow_blank=True, default="")


WITHHELD: Final = (
    *("claim", "conditions", "setting", "hits", "trials", "cvss_vector", "reproduction"),
    *("harm_note", "embargo_reason", "evidence", "datasets"),
)
"""What is null while an embargo keeps it from the one who asks."""


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """A finding with its first missing link."""

    fellowship = serializers.CharField(source="fellowship.ref")
    product_owner = serializers.CharField(source="product_owner.username", default=None)
    first_missing_link = serializers.SerializerMethodField()
    setting = SettingInput(many=True)
    also_affects = SystemInput(many=True, source="read_systems")
    evidence = serializers.SerializerMethodField()
    datasets = serializers.SerializerMethodField()
    excepted_until = serializers.SerializerMethodField()
    chain = serializers.SerializerMethodField()
    answer = serializers.CharField(
        source="answer_ref", help_text="Reference of what closed it; empty where that is its text."
    )

    class Meta:
        model = Finding
        fields = (
            "ref",
            "fellowship",
            "title",
            "claim",
            "conditions",
            "setting",
            "hits",
            "trials",
            "system",
            "system_version",
            "also_affects",
            "severity",
            "cvss_vector",
            "cvss_score",
            "severity_reason",
            "technique",
            "harm",
            "harm_note",
            "confidence",
            "embargo_until",
            "embargo_reason",
            "evidence",
            "datasets",
            "finding_class",
            "reproduction",
            "reported_at",
            "state",
            "actionable",
            "product_owner",
            "due_at",
            "mapping",
            "rationale",
            "look_again_at",
            "closure",
            "closed_at",
            "answer",
            "first_missing_link",
            "excepted_until",
            "chain",
        )

    def get_excepted_until(self, finding: Finding) -> dt.datetime | None:
        """When the live exception for it ends; null where there is none."""
        row: Any = finding
        until: dt.datetime | None = row.excepted_until
        return until

    def get_chain(self, finding: Finding) -> dict[str, bool]:
        """Each link from dataset to verdict, in order, and whether it is there."""
        return dict(links(finding))

    def to_representation(self, instance: Finding) -> dict[str, Any]:
        """The finding; what an embargo keeps from the person is null."""
        shown = super().to_representation(instance)
        request = self.context.get("request")
        if policy.withheld(instance, getattr(request, "user", None)):
            shown |= {name: None for name in WITHHELD if name in shown}
        return shown

    def get_evidence(self, finding: Finding) -> list[str]:
        """SHA-256 of each result it rests on."""
        row: Any = finding
        return [item.artifact.sha256 for item in row.read_evidence]

    def get_datasets(self, finding: Finding) -> list[str]:
        """Short name of each dataset it rests on without a result between."""
        row: Any = finding
        return [item.dataset.slug for item in row.read_datasets]

    def get_first_missing_link(self, finding: Finding) -> str:
        """The first link of the chain that is missing; empty when it is whole."""
        return first_missing(finding)


class FindingInput(Input):
    """What a report says."""

    fellowship = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=250)
    claim = serializers.CharField(max_length=20_000)
    conditions = serializers.CharField(
        max_length=5000, required=False, default="", allow_blank=True
    )
    setting: Any = serializers.ListSerializer(
        child=SettingInput(), required=False, default=list, max_length=20
    )
    hits = serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False)
    trials = serializers.IntegerField(min_value=1, max_value=2_000_000_000, required=False)
    system = serializers.CharField(max_length=200)
    system_version = serializers.CharField(max_length=100)
    also: Any = serializers.ListSerializer(
        child=SystemInput(), required=False, default=list, max_length=20
    )
    severity = serializers.ChoiceField(choices=Severity.choices)
    cvss_vector = serializers.CharField(
        max_length=300, required=False, default="", allow_blank=True
    )
    severity_reason = serializers.CharField(
        max_length=2_000, required=False, default="", allow_blank=True
    )
    harm = serializers.ChoiceField(choices=Harm.choices, default=Harm.NOT_JUDGED)
    harm_note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    confidence = serializers.ChoiceField(choices=Confidence.choices, default=Confidence.NOT_STATED)
    technique = serializers.RegexField(
        r"^(AML\.T\d{4}(\.\d{3})?)?$", max_length=20, required=False, default=""
    )
    finding_class = serializers.ChoiceField(
        choices=SAID_CLASSES,
        required=False,
        default="",
        help_text="Where it is `not_sure` or absent, the technique says what it usually means.",
    )
    reproduction = serializers.CharField(
        max_length=20_000, required=False, default="", allow_blank=True
    )
    embargo_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    embargo_reason = serializers.CharField(
        max_length=500, required=False, default="", allow_blank=True
    )
    evidence = serializers.ListField(
        child=serializers.RegexField(r"^[0-9a-f]{64}$"), required=False, default=list, max_length=50
    )
    datasets = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, default=list, max_length=50
    )
    events = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        default=list,
        max_length=50,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Counts come in pairs, and no more hits than trials."""
        hits, trials = attrs.get("hits"), attrs.get("trials")
        if (hits is None) != (trials is None):
            raise serializers.ValidationError({"hits": "Give both counts or neither."})
        if hits is not None and trials is not None and hits > trials:
            raise serializers.ValidationError({"hits": "More hits than trials."})
        return attrs


class EmbargoInput(Input):
    """Until when others than those concerned do not read it; null lifts the embargo."""

    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(max_length=500)


def ask_exception(*, finding: Finding, by: User, expires_on: dt.date, **said: Any) -> Any:
    """Ask the board to let the risk stand for a time; the whole last day counts."""
    until = finding.program.calendar().end_of_day(expires_on)
    return services.ask_exception(finding=finding, by=by, expires_at=until, **said)


def _read_along(rows: Any) -> Any:
    """With the sets that are said of each, as plain lists: a manager for each costs more than they.

    What closed a finding is read where any of the page is closed: most are not, and three joins
    cost every page a hundred columns.
    """
    evidence = FindingEvidence.objects.select_related("artifact")
    datasets = FindingDataset.objects.select_related("dataset")
    return rows.prefetch_related(
        Prefetch("evidence", evidence.only("finding", "artifact__sha256"), "read_evidence"),
        Prefetch("rests_on", datasets.only("finding", "dataset__slug"), "read_datasets"),
        Prefetch("also_affects", AffectedSystem.objects.all(), "read_systems"),
        *("closing_control", "exception", "duplicate_of"),
    )


@read
def _listed(keys: list[int], at: dt.datetime) -> QuerySet[Finding]:
    """Rows of the list: of other records what is said of them alone."""
    own = [field.name for field in Finding._meta.concrete_fields]
    others = ("fellowship__ref", "fellowship__fellow", "product_owner__username")
    rows: Any = (
        Finding.objects.filter(pk__in=keys).order_by().select_related("fellowship", "product_owner")
    )
    listed: QuerySet[Finding] = _read_along(rows.only(*own, *others).with_links(at))
    return listed


class FindingViewSet(VisibleViewSet):
    """Findings."""

    queryset = Finding.objects.select_related("fellowship", "product_owner")
    serializer_class = FindingSerializer
    filterset_class = FindingFilter
    lookup_field = "ref"
    ordering = "-id"

    claim = service_action("claim", services.claim_finding, subject="finding")
    assign = service_action("assign", services.assign_finding, subject="finding", input=AssignInput)
    take = service_action("take", services.take_finding, subject="finding")
    accept = service_action(
        "accept", services.accept_finding, subject="finding", input=AcceptFindingInput
    )
    defer = service_action("defer", services.defer_finding, subject="finding", input=DeferInput)
    reject = service_action("reject", services.reject_finding, subject="finding", input=ReasonInput)
    refer = service_action("refer", services.refer_rejection, subject="finding", input=ReasonInput)
    reconsider = service_action(
        "reconsider", services.reconsider_finding, subject="finding", input=ReasonInput
    )
    rerate = service_action("rerate", services.rerate_finding, subject="finding", input=RerateInput)
    pause = service_action("pause", services.pause_finding, subject="finding", input=PauseInput)
    resume = service_action("resume", services.resume_finding, subject="finding")
    reply = service_action("reply", services.reply, subject="finding", input=FindingReplyInput)
    close = service_action("close", services.close_finding, subject="finding", input=CloseInput)
    duplicate = service_action(
        "duplicate", services.close_as_duplicate, subject="finding", input=DuplicateInput
    )
    reopen = service_action("reopen", services.reopen_finding, subject="finding", input=ReasonInput)

    embargo = service_action(
        "embargo", services.change_embargo, subject="finding", input=EmbargoInput
    )
    ask_exception = service_action(
        "ask-exception",
        ask_exception,
        subject="finding",
        input=from_form(
            ExceptForm, name="FindingExceptionInput", given=lambda asked: {"finding": asked.target}
        ),
    )

    classify = service_action("classify", services.classify, subject="finding", input=ClassInput)

    def get_queryset(self) -> QuerySet[Any]:
        """Visible ones with their links, as of now; of a list only the page is read so."""
        rows: Any = super().get_queryset()
        found: QuerySet[Any] = (
            rows.select_related(None) if self.action == "list" else _read_along(rows.with_links())
        )
        return found

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        """The page, chosen by key alone."""
        keys = [finding.pk for finding in super().paginate_queryset(queryset.only("pk")) or ()]
        rows = {finding.pk: finding for finding in _listed(keys, now())}
        return [rows[key] for key in keys if key in rows]

    @extend_schema(responses=SuggestionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def suggestions(self, request: Request, **kwargs: Any) -> Response:
        """What it could be turned into, each with its reasons; nothing is chosen."""
        return Response(suggestions_of(self.get_object()))

    def create(self, request: Request) -> Response:
        """Report a finding of one's own fellowship."""
        data = self.validated(FindingInput)
        by: Any = request.user
        rows = Fellowship.objects.visible_to(request.user)
        fellowship = rows.filter(ref=data.pop("fellowship")).first()
        if fellowship is None:
            raise Refused(Refusal("not_yours", "There is no such fellowship.", field="fellowship"))
        data |= _rests_on(data, fellowship, by)
        return self.created(services.report_finding(fellowship=fellowship, by=by, **data))


def _rests_on(data: dict[str, Any], case: Fellowship, by: Any) -> dict[str, list[Any]]:
    """Results, datasets and acts as records. Raises ValidationError for one that is not there."""
    found: dict[str, list[Any]] = {
        "evidence": list(Artifact.objects.filter(fellowship=case, sha256__in=data["evidence"])),
        "events": list(AccessEvent.objects.filter(fellowship=case, pk__in=data["events"])),
        "datasets": list(
            Dataset.objects.visible_to(by).filter(
                program_id=case.program_id, slug__in=data["datasets"]
            )
        ),
    }
    for name, rows in found.items():
        if len(rows) != len(set(data[name])):
            raise serializers.ValidationError({name: ["One of these is not there for you."]})
    return found
