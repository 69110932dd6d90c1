"""The forms of a programme and its calls."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.text import slugify

from fellowship.accounts.forms import PersonField, zones
from fellowship.programs.models import Cohort, FellowshipModel, OutputType, Program, Track
from fellowship.programs.states import Stage
from fellowship.web import forms

TEXT = 200_000
SLUG = "Write small letters, digits and hyphens."


class CallForm(forms.Form):
    """A call as it will be published. Long texts are Markdown."""

    title = forms.CharField(label="Title", max_length=250)
    summary = forms.Text(
        label="Summary", max_length=5_000, help_text="Two or three sentences, shown in lists."
    )
    topics = forms.Text(
        label="Topics", max_length=TEXT, help_text="Markdown. Problems, not themes."
    )
    constraints = forms.Text(label="Constraints", max_length=TEXT)
    eligibility = forms.Text(label="Who may apply", max_length=TEXT)
    publication_rules = forms.Text(label="Publication", max_length=TEXT)
    background = forms.Text(label="Background", max_length=TEXT, required=False)
    cohort = forms.ModelChoiceField(
        label="Cohort", queryset=Cohort.objects.none(), required=False, empty_label="No cohort"
    )
    places = forms.IntegerField(label="Places", min_value=1, max_value=500)
    opens_at = forms.DateTimeField(label="Opens")
    closes_at = forms.DateTimeField(
        label="Closes", help_text="Proposals are taken until just before this instant."
    )

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cohort: Any = self.fields["cohort"]
        cohort.queryset = Cohort.objects.filter(program=program)

    def clean(self) -> dict[str, Any]:
        """The closing comes after the opening."""
        data = super().clean() or self.cleaned_data
        opens, closes = data.get("opens_at"), data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", "The call must close after it opens.")
        return data


class ExtendForm(forms.ReasonForm):
    """A later closing time, and why."""

    closes_at = forms.DateTimeField(label="New closing time")
    field_order = ("closes_at", "reason")


class EvidenceForm(forms.Form):
    """What shows that an item of the launch checklist stands."""

    evidence = forms.Text(
        label="Evidence",
        max_length=5_000,
        help_text="Name the document, the person or the decision, so that others can look it up.",
    )


class FoundForm(forms.Form):
    """A new programme."""

    name = forms.CharField(label="Name", max_length=200)
    slug = forms.CharField(
        label="Short name",
        max_length=60,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", SLUG)],
        help_text="Small letters, digits and hyphens, for addresses. It never changes.",
    )
    purpose = forms.Text(
        label="Purpose", max_length=5_000, help_text="What it is for, as applicants read it."
    )
    sponsor = PersonField(
        label="Sponsor",
        required=False,
        help_text="Who answers for it, by e-mail address or short name. Can be named later.",
    )
    zone = forms.ChoiceField(label="Time zone", choices=zones, initial="UTC")
    holidays = forms.Text(
        label="Holidays",
        required=False,
        help_text="Days on which no working day is counted, one a line: 2027-12-25.",
    )

    def clean_holidays(self) -> list[dt.date]:
        """The days, each once, in order."""
        try:
            lines = self.cleaned_data["holidays"].split()
            return sorted({dt.date.fromisoformat(line) for line in lines})
        except ValueError:
            raise ValidationError("Write each day as 2027-12-25, one a line.") from None


class SponsorForm(forms.Form):
    """Who answers for the programme."""

    sponsor = PersonField(label="Sponsor")


class CohortForm(forms.Form):
    """The fellows of one period."""

    name = forms.CharField(label="Name", max_length=100)
    starts_on = forms.DateField(label="First day")
    ends_on = forms.DateField(label="Last day")

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program

    def clean_name(self) -> str:
        """A name the programme has not used."""
        name: str = self.cleaned_data["name"]
        if Cohort.objects.filter(program=self.program, name=name).exists():
            raise ValidationError("The programme has a cohort of this name.")
        return name

    def clean(self) -> dict[str, Any]:
        """The end comes after the start."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last <= first:
            self.add_error("ends_on", "The last day must come after the first.")
        return data


class Furniture(forms.Form):
    """One row a programme is furnished with; what is there already is not offered again."""

    ADDS: ClassVar[str]
    """The argument of `services.furnish` that takes the row."""
    KEY: ClassVar[str] = "key"

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program
        field: Any = self.fields.get(self.KEY)
        if field is not None:
            there = set(self.there().values_list(self.KEY, flat=True))
            field.choices = [pair for pair in field.choices if pair[0] and pair[0] not in there]

    def there(self) -> Any:
        """The rows the programme has."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """Whether nothing is left to add."""
        field: Any = self.fields.get(self.KEY)
        return field is not None and not field.choices


class TrackForm(Furniture):
    """A research track."""

    ADDS = "tracks"
    key = forms.ChoiceField(label="Track", choices=Track.Key.choices)
    summary = forms.Text(label="What is studied", max_length=5_000)
    approval = forms.Text(label="Who must approve what", max_length=5_000)
    communication = forms.Text(label="What may be said outside, and when", max_length=5_000)

    def there(self) -> Any:
        """The programme's tracks."""
        return self.program.tracks


class ModelForm(Furniture):
    """A fellowship model."""

    ADDS = "models"
    key = forms.ChoiceField(label="Model", choices=FellowshipModel.Key.choices)
    access_level = forms.CharField(label="Access", max_length=200)
    publication_freedom = forms.CharField(label="Freedom to publish", max_length=100)
    best_for = forms.CharField(label="Best for", max_length=200)
    main_risk = forms.CharField(label="Main risk", max_length=200)

    def there(self) -> Any:
        """The programme's models."""
        return self.program.models


class OutputForm(Furniture):
    """An output type. Its key is made of its name."""

    ADDS = "output_types"
    name = forms.CharField(label="Name", max_length=40)
    access_level = forms.CharField(label="Access it takes", max_length=200)
    reviews = forms.CharField(label="Reviews it passes", max_length=200)
    publication_timeline = forms.CharField(label="When it is published", max_length=200)
    milestones = forms.Text(
        label="Milestones", max_length=5_000, help_text="The usual ones in their order, one a line."
    )

    def there(self) -> Any:
        """The programme's output types."""
        return self.program.output_types

    def clean_milestones(self) -> list[str]:
        """Their titles."""
        lines = (line.strip() for line in self.cleaned_data["milestones"].splitlines())
        return [line for line in lines if line]

    def clean(self) -> dict[str, Any]:
        """With the key of a name not used before."""
        data = super().clean() or self.cleaned_data
        if "name" in data:
            data["key"] = slugify(data["name"])
            if not data["key"]:
                self.add_error("name", "Write a name with letters.")
            elif OutputType.objects.filter(program=self.program, key=data["key"]).exists():
                self.add_error("name", "The programme has an output type of this name.")
        return data


class StandardForm(Furniture):
    """The owner and the written standard of a stage."""

    ADDS = "standards"
    KEY = "stage"
    stage = forms.ChoiceField(label="Stage", choices=Stage.choices)
    owner = PersonField(label="Owner")
    standard = forms.Text(label="Standard", max_length=5_000)

    def there(self) -> Any:
        """The programme's standards."""
        return self.program.stage_standards


FURNITURE: dict[str, type[Furniture]] = {
    "track": TrackForm,
    "model": ModelForm,
    "output": OutputForm,
    "standard": StandardForm,
}
