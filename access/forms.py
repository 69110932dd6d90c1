"""The forms of data access. Services judge; forms read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from access import handling, policy
from access.judging import find_people
from access.models import AccessEvent, Dataset, EventBatch, EventKey
from access.models.requests import ACCESS_STAFF
from access.states import DeletionMethod, EventKind, Operation, Verdict
from fellowship.accounts.forms import PersonField
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import filters, forms
from fellowship.web.actions import place
from governance.models import RuleVersion
from scoping.models import Fellowship
from scoping.queries import signed_scope

LESSER = "lesser_"
RARE: Final = 1_000
"""A source of so few events is found by their keys."""


class RequestForm(forms.Form):
    """What one asks for. Operations the tier never allows are not offered."""

    operations = forms.MultipleChoiceField(
        label="What would you do with it?", widget=forms.Checks, help_text="Only what you need."
    )
    fields_wanted = forms.MultipleChoiceField(
        label="Which fields?", widget=forms.Checks, help_text="Only those the question needs."
    )
    purpose = forms.Text(
        label="Purpose", max_length=4_000, help_text="What question needs this data, and how."
    )
    why_less_would_not_do = forms.Text(
        label="Why would less not do?",
        max_length=4_000,
        help_text="Fewer fields, fewer rows, a shorter time.",
    )
    starts_on = forms.DateField(label="From")
    ends_on = forms.DateField(label="Last day")

    def __init__(
        self,
        *args: Any,
        dataset: Dataset,
        case: Fellowship,
        rule: RuleVersion,
        lesser: Sequence[Dataset],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lesser_variants = lesser
        self.dataset, self.case, self.rule = dataset, case, rule
        self.fields["operations"].choices = _operations(dataset, case, rule)  # type: ignore[attr-defined]
        self._offer_fields(dataset)
        today = case.program.calendar().local(now()).date()
        last = handling.longest_end(rule, dataset.tier, max(today, case.starts_on))
        self.fields[
            "ends_on"
        ].help_text = f"At the latest {min(last, case.ends_on):%-d %B %Y}, if it begins today."
        for variant in lesser:
            self.fields[f"{LESSER}{variant.pk}"] = forms.Text(
                label=f"Why does “{variant.name}” not serve?",
                max_length=2_000,
                help_text=f"{variant.get_variant_display()}: {variant.description[:200]}",
            )

    def clean(self) -> dict[str, Any]:
        """Everything the policy would refuse, at once and each at its field."""
        data: dict[str, Any] = super().clean() or {}
        problems = policy.request_problems(
            fellowship=self.case,
            dataset=self.dataset,
            rule=self.rule,
            operations=data.get("operations", ()),
            fields=data.get("fields_wanted", ()),
            starts_on=data.get("starts_on"),
            ends_on=data.get("ends_on"),
        )
        for problem in problems:
            if problem.field not in self.errors:
                place(self, problem)
        return data

    def _offer_fields(self, dataset: Dataset) -> None:
        if not dataset.fields:
            del self.fields["fields_wanted"]
            return
        self.fields["fields_wanted"].choices = [  # type: ignore[attr-defined]
            (
                field["name"],
                forms.Described(
                    field["name"] + (" (sensitive)" if field.get("sensitive") else ""),
                    field.get("description", ""),
                ),
            )
            for field in dataset.fields
        ]

    @property
    def lesser_fields(self) -> list[Any]:
        """The bound fields that ask about each lesser variant."""
        return [self[f"{LESSER}{variant.pk}"] for variant in self.lesser_variants]

    def asked(self) -> dict[str, Any]:
        """The arguments of `services.request_access`."""
        data = self.cleaned_data
        return {
            "operations": data["operations"],
            "fields": data.get("fields_wanted", []),
            "purpose": data["purpose"],
            "why_less_would_not_do": data["why_less_would_not_do"],
            "lesser": {v.ref: data[f"{LESSER}{v.pk}"] for v in self.lesser_variants},
            "starts_on": data["starts_on"],
            "ends_on": data["ends_on"],
        }


def _operations(
    dataset: Dataset, case: Fellowship, rule: RuleVersion
) -> list[tuple[str, forms.Described]]:
    scope = signed_scope(case)
    signed = scope.operations if scope else []
    return [
        (
            line.operation,
            forms.Described(
                line.label, "" if line.operation in signed else "Not in the signed scope of work."
            ),
        )
        for line in handling.lines(rule, dataset.tier)
        if line.answer != handling.NO
    ]


class WhyForm(forms.Form):
    """Any person, dataset, operation and time."""

    person = forms.CharField(
        label="Person", max_length=200, help_text="E-mail address, short name or number."
    )
    dataset = forms.CharField(
        label="Dataset", max_length=200, help_text="Short name, reference or name."
    )
    operation = forms.ChoiceField(label="Operation", choices=Operation.choices)
    at = forms.DateTimeField(label="When", required=False, help_text="In your zone; empty for now.")


class DeletionForm(forms.Form):
    """How a dataset was deleted."""

    method = forms.ChoiceField(
        label="How?", choices=DeletionMethod.choices, widget=forms.RadioCards
    )
    tool = forms.CharField(label="With what tool, or by whom?", max_length=200)
    scope = forms.Text(
        label="Which copies?",
        max_length=4_000,
        help_text="Where they were, backups and notebooks included.",
    )
    performed_at = forms.DateTimeField(label="When?", help_text="In your zone.")
    evidence = forms.UploadField(
        label="Evidence",
        required=False,
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        help_text="A log or report of the tool, where there is one: text, PDF or a picture.",
    )


class IdentityForm(forms.Form):
    """Whom a source means by a name."""

    program = forms.ModelChoiceField(label="Programme", queryset=Program.objects.none())
    source = forms.CharField(label="Source", max_length=80, help_text="The system that reports.")
    identity = forms.CharField(label="Name there", max_length=200)
    person = PersonField(label="Who is this?", help_text="E-mail address or short name.")

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["program"]
        field.queryset = programs


class BatchFilter(filters.FilterSet):
    """What narrows the list of batches."""

    source = filters.CharFilter(label="Source", max_length=80)
    refused = filters.BooleanFilter(label="With refused rows", method="with_refused")

    class Meta:
        """On batches."""

        model = EventBatch
        fields: list[str] = []

    def with_refused(self, queryset: Any, name: str, value: bool) -> Any:
        """Those of which something was refused."""
        return queryset.filter(refused__gt=0)


class TrailFilter(filters.FilterSet):
    """What narrows the trail. Each is backed by an index."""

    verdict = filters.ChoiceFilter(label="Verdict", choices=Verdict.choices)
    kind = filters.ChoiceFilter(label="Kind", choices=EventKind.choices)
    person = filters.CharFilter(label="Person", method="by_person", max_length=200)
    dataset = filters.CharFilter(label="Dataset", method="by_dataset", max_length=200)
    case = filters.CharFilter(label="Fellowship", method="by_case", max_length=30)
    source = filters.CharFilter(label="Source", method="by_source", max_length=80)
    since = filters.DateFilter(label="From day", method="by_first_day")
    until = filters.DateFilter(label="To day", method="by_last_day")

    class Meta:
        """On events."""

        model = AccessEvent
        fields: list[str] = []

    def by_person(self, queryset: Any, name: str, value: str) -> Any:
        """Events of the person known by this name, or reported under it.

        Asked through their fellowships where they have any: that is what is indexed.
        """
        person = find_people({value}).get(value)
        if person is None:
            return queryset.filter(identity=value)
        cases = list(Fellowship.objects.filter(fellow=person).values_list("pk", flat=True))
        found = queryset.filter(person_id=person.pk)
        return found.filter(fellowship_id__in=cases) if cases else found

    def by_dataset(self, queryset: Any, name: str, value: str) -> Any:
        """Events on the dataset of this short name, reference or name."""
        visible = Dataset.objects.visible_to(self.request.user)
        found = list(visible.named(value).values_list("pk", flat=True))
        return (
            queryset.filter(dataset_id__in=found) if found else queryset.filter(dataset_name=value)
        )

    def by_source(self, queryset: Any, name: str, value: str) -> Any:
        """Events of a source: of a rare one by their keys, of a frequent one by looking on."""
        keys = EventKey.objects.filter(source=value, program_id__in=self._programs())
        rare = list(keys.order_by().values_list("event", "at")[: RARE + 1])
        if len(rare) > RARE:
            return queryset.filter(source=value)
        days = [at for _, at in rare]
        if not days:
            return queryset.none()
        return queryset.filter(pk__in=[pk for pk, _ in rare], at__range=(min(days), max(days)))

    def by_first_day(self, queryset: Any, name: str, value: dt.date) -> Any:
        """Events since the beginning of the day, in the reader's zone."""
        return queryset.filter(at__gte=_midnight(value))

    def by_last_day(self, queryset: Any, name: str, value: dt.date) -> Any:
        """Events until the end of the day, in the reader's zone."""
        return queryset.filter(at__lt=_midnight(value) + dt.timedelta(days=1))

    def _programs(self) -> list[int]:
        """Those of the reader's trail: what is asked by key is not asked of others' programmes."""
        visible = Fellowship.objects.visible_to(self.request.user).order_by()
        staffed = realm_ids_where(self.request.user, *ACCESS_STAFF)
        return [*staffed, *visible.values_list("program_id", flat=True).distinct()]

    def by_case(self, queryset: Any, name: str, value: str) -> Any:
        """Events of the fellowship of this reference."""
        visible = Fellowship.objects.visible_to(self.request.user).filter(ref=value)
        return queryset.filter(fellowship_id__in=list(visible.values_list("pk", flat=True)))


_FIRST: Final = dt.date(1990, 1, 1)
_LAST: Final = dt.date(2200, 1, 1)


def _midnight(day: dt.date) -> dt.datetime:
    """The beginning of a day; of the nearest in which there can be events."""
    return timezone.make_aware(dt.datetime.combine(min(max(day, _FIRST), _LAST), dt.time.min))
