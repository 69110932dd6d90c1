"""Forms of oversight."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms, verbs
from fellowship.web.sheets import tables
from oversight.audit import scope as scopes
from oversight.lineage.chains import LINKS

_FORMATS = (
    ("csv", forms.Described("CSV", "Text tables, for any program")),
    ("xlsx", forms.Described("XLSX", "Sheets, for Excel and LibreOffice")),
    ("jsonl", forms.Described("JSON Lines", "Exact values; rows verify one by one")),
    ("parquet", forms.Described("Parquet", "Typed columns, for data tools")),
)
FORMATS = tuple(choice for choice in _FORMATS if choice[0] in tables.FORMATS)
"""Those that can be written here: Parquet where its library is installed."""


class Period:
    """Two days of which the later does not lie before the earlier."""

    def clean(self) -> Any:
        """The last day comes no sooner than the first."""
        data: dict[str, Any] = super().clean() or {}  # type: ignore[misc]
        from_on, to_on = data.get("from_on"), data.get("to_on")
        if from_on and to_on and to_on < from_on:
            said = f"Choose a day from {from_on:%-d %B %Y} on: the period ends before it begins."
            self.add_error("to_on", said)  # type: ignore[attr-defined]
        return data


class CloseForm(forms.Form):
    """How the case ended, in the words of who closes it."""

    reason = forms.Text(
        label="How it ended",
        max_length=2_000,
        help_text="A sentence or two, kept with your name and in the package's events.",
    )
    notes = forms.Text(label="Notes for later readers", max_length=5_000, required=False)


class ScopeForm(Period, forms.Form):
    """What an auditor asks for. Every field narrows; all are optional."""

    from_on = forms.DateField(label="From", required=False)
    to_on = forms.DateField(label="Up to and with", required=False)
    actor = forms.ModelChoiceField(label="Person", queryset=User.objects.none(), required=False)
    kind = forms.ChoiceField(label="Kind of record", required=False)
    verb = forms.ChoiceField(label="Act", required=False)
    reference = forms.CharField(label="Reference", max_length=40, required=False)
    case = forms.BooleanField(label="The whole case", required=False)

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["actor"]
        people.queryset = scopes.actors(program.pk)
        people.empty_label = "Anyone"
        kinds: Any = self.fields["kind"]
        kinds.choices = [("", "Any"), *scopes.kinds()]
        acts: Any = self.fields["verb"]
        acts.choices = [("", "Any"), *_acts()]

    def asked(self) -> dict[str, Any]:
        """The fields that were understood, as the scope takes them."""
        self.is_valid()
        data = getattr(self, "cleaned_data", {})
        to_on = data.get("to_on")
        return {
            "from_at": midnight(data.get("from_on")),
            "to_at": midnight(to_on + dt.timedelta(days=1)) if to_on else None,
            "actor_id": data["actor"].pk if data.get("actor") else None,
            "kind": data.get("kind") or "",
            "verb": data.get("verb") or "",
            "reference": data.get("reference") or "",
            "case": bool(data.get("case") and data.get("reference")),
        }


def _acts() -> list[tuple[str, str]]:
    """The verbs that are named, by their words."""
    known = [(key, label) for key, label in verbs.known().items()]
    return sorted(known, key=lambda pair: pair[1])


class ChainsForm(forms.Form):
    """Which chains of a case are drawn."""

    finding = forms.CharField(label="Finding", max_length=30, required=False)
    missing = forms.ChoiceField(
        label="First missing link",
        choices=[("", "Any"), *((link, link.capitalize()) for link in LINKS)],
        required=False,
    )


class InstantForm(forms.Form):
    """An instant to look back to."""

    at = forms.DateTimeField(label="As of", required=False)


class PeriodForm(Period, forms.Form):
    """A period in days."""

    from_on = forms.DateField(label="From", required=False)
    to_on = forms.DateField(label="Up to and with", required=False)


class SampleForm(Period, forms.Form):
    """How many records of which population, and the seed of an earlier draw to repeat it."""

    size = forms.IntegerField(label="How many", min_value=1, max_value=1_000)
    seed = forms.CharField(
        label="Seed",
        max_length=64,
        required=False,
        help_text="Leave it empty for a new draw; give an earlier seed to draw the same again.",
    )
    from_on = forms.DateField(label="From", required=False)
    to_on = forms.DateField(label="Up to and with", required=False)
    reason = forms.Text(label="What for", max_length=500, required=False)


class ExportForm(ScopeForm):
    """Any scope of the record, an instant to look back to, and a format."""

    file_format = forms.ChoiceField(label="Format", choices=FORMATS, widget=forms.RadioCards)
    as_of = forms.DateTimeField(
        label="As of",
        required=False,
        help_text="Only what was recorded by then, with each record as it stood.",
    )

    def __init__(self, program: Program, *args: Any, **kwargs: Any) -> None:
        super().__init__(program, *args, **kwargs)
        self.program = program

    def clean_reference(self) -> str:
        """A reference names a record of the programme: an export of nothing serves nobody."""
        reference = str(self.cleaned_data["reference"]).strip()
        if reference and not scopes.resolve(reference, self.program.pk):
            raise ValidationError(f"No record of {self.program} has the reference {reference}.")
        return reference

    def clean_as_of(self) -> Any:
        """An instant to come has no record yet."""
        at = self.cleaned_data["as_of"]
        if at and at > now():
            raise ValidationError("Choose an instant that has passed: nothing is recorded yet.")
        return at


def midnight(day: dt.date | None) -> dt.datetime | None:
    """The instant a day begins in the reader's zone."""
    if day is None:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


def first_instant(program: Program) -> dt.datetime | None:
    """When the programme's record begins."""
    return (
        Event.objects.filter(realm_id=program.pk)
        .order_by("at")
        .values_list("at", flat=True)
        .first()
    )
