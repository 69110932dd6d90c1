"""How the queue is narrowed, for page and API alike."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from typing import Any, Final
from urllib.parse import urlencode

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, QueryDict
from django_filters.fields import ModelChoiceField
from drf_spectacular.utils import extend_schema_field

from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import filters
from fellowship.web.items import Link
from findings.models import BatchRow, Control, Finding, FindingQuerySet
from findings.models.triage import READERS, WORKERS
from findings.portfolio.ages import Age
from findings.portfolio.gaps import NO_TECHNIQUE
from findings.portfolio.view import standing
from findings.queues import LABELS, Desk
from findings.states import SEVERITY_RANK, ControlState, Family, FindingState, Severity

QUERY_MAX: Final = 600


def _realms(request: HttpRequest | None) -> list[int]:
    return list(realm_ids_where(request.user, *READERS)) if request else []


def _who_works(realms: list[int], at: dt.datetime) -> QuerySet[User]:
    held = RoleAssignment.objects.live(at).filter(realm__in=realms, role__in=WORKERS)
    return User.objects.filter(pk__in=held.values("user_id"))


def _owners(request: HttpRequest | None) -> QuerySet[User]:
    """Those who dispose of findings where the person reads them."""
    return _who_works(_realms(request), now())


def _programs(request: HttpRequest | None) -> QuerySet[Program]:
    return Program.objects.filter(pk__in=_realms(request)).select_related("realm")


@read
def _owner_words(realms: list[int], at: dt.datetime) -> QuerySet[User, Any]:
    return _who_works(realms, at).values_list("username", "name", "email")


@read
def _program_words(realms: list[int]) -> QuerySet[Program, Any]:
    return Program.objects.filter(pk__in=realms).values_list("realm__slug", "name")


def _owners_offered(request: HttpRequest | None) -> list[tuple[str, str]]:
    rows = _owner_words(_realms(request), now())
    return [(username, name or email) for username, name, email in rows]


def _programs_offered(request: HttpRequest | None) -> list[tuple[str, str]]:
    return _program_words(_realms(request))


class _ByShortName(ModelChoiceField):
    """A programme by its short name, which its realm holds."""

    def to_python(self, value: Any) -> Program | None:
        """The programme; refuses a name there is none of."""
        if value in self.empty_values:
            return None
        with contextlib.suppress(ValueError, TypeError):
            found: Program | None = self.queryset.filter(realm__slug=value).first()
            if found:
                return found
        raise ValidationError(
            self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
        )


@extend_schema_field(str)
class _ProgramFilter(filters.ModelChoiceFilter):
    field_class = _ByShortName


class FindingFilter(filters.FilterSet):
    """Findings by queue, state, severity, family of control, owner, programme and clock."""

    q = filters.Search(
        fields=["title", "ref", "technique"],
        signs={"ref": "F-0123456789", "technique": "AML.T0123456789"},
    )
    state = filters.ChoiceFilter(choices=FindingState.choices, label=say("Disposition"))
    severity = filters.ChoiceFilter(
        method="filter_severity",
        choices=[("severe", say("High and above")), *Severity.choices],
        label=say("Severity"),
    )
    family = filters.ChoiceFilter(
        method="filter_family",
        label=say("Control"),
        choices=[("none", say("No control yet")), *Family.choices],
    )
    owner = filters.ModelChoiceFilter(
        field_name="product_owner",
        queryset=_owners,
        offered=_owners_offered,
        to_field_name="username",
        label=say("Owner"),
    )
    program = _ProgramFilter(
        queryset=_programs, offered=_programs_offered, to_field_name="slug", label=say("Programme")
    )
    overdue = filters.BooleanFilter(method="filter_overdue", label=say("Overdue only"))
    technique = filters.CharFilter(
        method="filter_technique",
        label=say("Technique"),
        max_length=20,
        widget=django_forms.HiddenInput,
    )
    age = filters.ChoiceFilter(
        method="filter_age",
        label=say("Reported"),
        choices=[(age.key, age.label) for age in Age],
        widget=django_forms.HiddenInput,
    )
    unmeasured = filters.ChoiceFilter(
        method="filter_unmeasured",
        label=say("Stands without a measured control"),
        choices=Family.choices,
        widget=django_forms.HiddenInput,
    )
    open = filters.BooleanFilter(
        method="filter_open", label=say("Not settled"), widget=django_forms.HiddenInput
    )
    queue = filters.ChoiceFilter(
        method="filter_queue",
        choices=list(LABELS.items()),
        label=say("Queue"),
        widget=django_forms.HiddenInput,
    )
    batch = filters.NumberFilter(
        method="filter_batch",
        label=say("Changed together as"),
        min_value=1,
        max_value=2**62,
        widget=django_forms.HiddenInput,
    )

    reckoned = frozenset({"age"})

    class Meta:
        model = Finding
        fields: list[str] = []

    def filter_severity(self, rows: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        """Findings of this severity, or of high and critical ones."""
        if value == "severe":
            return rows.filter(severity_rank__gte=SEVERITY_RANK[Severity.HIGH])
        return rows.filter(severity_rank=SEVERITY_RANK[Severity(value)])

    def filter_family(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings with a control of this family, or with none at all."""
        controls = Control.objects.exclude(state=ControlState.WITHDRAWN)
        if value == "none":
            return rows.filter(~Exists(controls.filter(finding=OuterRef("pk"))))
        return rows.filter(pk__in=controls.filter(family=value).values("finding_id"))

    def filter_overdue(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings past their due time."""
        return rows.overdue(now()) if value else rows

    def filter_technique(self, rows: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        """Findings that name this ATLAS technique, or none."""
        return rows.filter(technique="" if value == NO_TECHNIQUE else value)

    def filter_age(self, rows: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        """Findings reported so long ago."""
        [age] = [age for age in Age if age.key == value]
        return rows.filter(age.reported(now()))

    def filter_unmeasured(self, rows: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        """Findings that stand and have no measured control of this family."""
        measured = Control.objects.measured().filter(family=value)
        return standing(rows).exclude(pk__in=measured.values("finding_id"))

    def filter_open(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings whose clock runs."""
        return rows.unsettled() if value else rows

    def filter_queue(self, rows: FindingQuerySet, name: str, value: str) -> FindingQuerySet:
        """Findings of one of the person's queues."""
        return self.desk.narrow(rows, value) if value in self.desk.keys else rows

    def filter_batch(self, rows: FindingQuerySet, name: str, value: Any) -> FindingQuerySet:
        """Findings that one batch changed."""
        changed = BatchRow.objects.filter(batch_id=int(value), outcome=BatchRow.Outcome.CHANGED)
        return rows.filter(pk__in=changed.values("finding_id"))

    @property
    def desk(self) -> Desk:
        """The person's queues, known once."""
        if not hasattr(self, "_desk"):
            self._desk = Desk.of(self.request.user)
        return self._desk

    @functools.cached_property
    def applied(self) -> list[Link]:
        """What narrows the queue; which queue it is, its tab says."""
        label = self.filters["queue"].label
        return [link for link in super().applied if not link.label.startswith(f"{label}: ")]


class QueueFilter(FindingFilter):
    """The same on the page: without what would hold a single choice or none."""

    def __init__(self, *args: Any, desk: Desk, **kwargs: Any) -> None:
        self._desk = desk
        super().__init__(*args, **kwargs)
        if len(realm_ids_where(desk.user, *READERS)) < 2:
            del self.filters["program"]
        if not desk.reads:
            del self.filters["owner"]


def query_of(given: QueryDict, *, queue: str = "") -> str:
    """What narrows and orders the queue, as it is kept: known names, none empty, sorted."""
    known = {*FindingFilter.base_filters, "sort"}
    pairs = {name: given.get(name, "") for name in sorted(known)}
    if queue:
        pairs["queue"] = queue
    return urlencode({name: value for name, value in sorted(pairs.items()) if value})
