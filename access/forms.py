"""The forms of data access. Services judge; forms read."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from access.judging import find_people
from access.models import AccessEvent, Dataset, EventBatch, EventKey
from access.models.requests import ACCESS_STAFF
from access.states import DeletionMethod, EventKind, Operation, Verdict
from fellowship.accounts.forms import Naming, PersonField
from fellowship.accounts.queries import realm_ids_where
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import filters, forms
from scoping.models import Fellowship

RARE: Final = 1_000
"""A source of so few events is found by their keys."""


class WhyForm(forms.Form):
    """Any person, dataset, operation and time."""

    person = forms.CharField(
        label=say("Person"), max_length=200, help_text=say("E-mail address, short name or number.")
    )
    dataset = forms.CharField(
        label=say("Dataset"), max_length=200, help_text=say("Short name, reference or name.")
    )
    operation = forms.ChoiceField(label=say("Operation"), choices=Operation.choices)
    at = forms.DateTimeField(
        label=say("When"), required=False, help_text=say("In your zone; empty for now.")
    )


class DeletionForm(forms.Form):
    """How a dataset was deleted."""

    method = forms.ChoiceField(
        label=say("How?"), choices=DeletionMethod.choices, widget=forms.RadioCards
    )
    tool = forms.CharField(label=say("With what tool, or by whom?"), max_length=200)
    scope = forms.Text(
        label=say("Which copies?"),
        max_length=4_000,
        help_text=say("Where they were, backups and notebooks included."),
    )
    performed_at = forms.DateTimeField(label=say("When?"), help_text=say("In your zone."))
    evidence = forms.UploadField(
        label=say("Evidence"),
        required=False,
        max_length=None,
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
        help_text=say("A log or report of the tool, where there is one: text, PDF or a picture."),
    )


class IdentityForm(Naming):
    """Whom a source means by a name."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    source = forms.CharField(
        label=say("Source"), max_length=80, help_text=say("The system that reports.")
    )
    identity = forms.CharField(label=say("Name there"), max_length=200)
    person = PersonField(label=say("Who is this?"), help_text=say("E-mail address or short name."))

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["program"]
        field.queryset = programs


class BatchFilter(filters.FilterSet):
    """What narrows the list of batches."""

    source = filters.CharFilter(label=say("Source"), max_length=80)
    refused = filters.BooleanFilter(label=say("With refused rows"), method="with_refused")

    class Meta:
        """On batches."""

        model = EventBatch
        fields: list[str] = []

    def with_refused(self, queryset: Any, name: str, value: bool) -> Any:
        """Those of which something was refused."""
        return queryset.filter(refused__gt=0)


class TrailFilter(filters.FilterSet):
    """What narrows the trail. Each is backed by an index."""

    verdict = filters.ChoiceFilter(label=say("Verdict"), choices=Verdict.choices)
    kind = filters.ChoiceFilter(label=say("Kind"), choices=EventKind.choices)
    person = filters.CharFilter(label=say("Person"), method="by_person", max_length=200)
    dataset = filters.CharFilter(label=say("Dataset"), method="by_dataset", max_length=200)
    case = filters.CharFilter(label=say("Fellowship"), method="by_case", max_length=30)
    source = filters.CharFilter(label=say("Source"), method="by_source", max_length=80)
    since = filters.DateFilter(label=say("From day"), method="by_first_day")
    until = filters.DateFilter(label=say("To day"), method="by_last_day")

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
