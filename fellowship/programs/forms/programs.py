"""The forms of a programme: founding it, its sponsor, its cohorts, its launch checklist."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from fellowship.accounts.forms import Naming, PersonField, zones
from fellowship.kernel.saying import say
from fellowship.programs import people_csv
from fellowship.programs.models import Cohort, Program
from fellowship.web import forms

SLUG = say("Write small letters, digits and hyphens.")


class EvidenceForm(forms.Form):
    """What shows that an item of the launch checklist stands.

    Where the system knows the fact itself, words of one's own may be left out.
    """

    evidence = forms.Text(
        label=say("Evidence"),
        max_length=5_000,
        help_text=say(
            "Name the document, the person or the decision, so that others can look it up."
        ),
    )

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            self.fields["evidence"].required = False
            self.fields["evidence"].help_text = say("Empty, what the system knows is the evidence.")


class FoundForm(Naming):
    """A new programme."""

    name = forms.CharField(label=say("Name"), max_length=200)
    slug = forms.CharField(
        label=say("Short name"),
        max_length=60,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", SLUG)],
        help_text=say("Small letters, digits and hyphens, for addresses. It never changes."),
    )
    purpose = forms.Text(
        label=say("Purpose"),
        max_length=5_000,
        help_text=say("What it is for, as applicants read it."),
    )
    sponsor = PersonField(
        label=say("Sponsor"),
        required=False,
        help_text=say("Who answers for it, by e-mail address or short name. Can be named later."),
    )
    zone = forms.ChoiceField(label=say("Time zone"), choices=zones, initial="UTC")
    holidays = forms.Text(
        label=say("Holidays"),
        required=False,
        help_text=say("Days on which no working day is counted, one a line: 2027-12-25."),
    )

    def clean_holidays(self) -> list[dt.date]:
        """The days, each once, in order."""
        try:
            lines = self.cleaned_data["holidays"].split()
            return sorted({dt.date.fromisoformat(line) for line in lines})
        except ValueError:
            raise ValidationError(say("Write each day as 2027-12-25, one a line.")) from None


class PeopleForm(forms.Form):
    """A list of people: a file, or what was copied out of a spreadsheet."""

    file = forms.UploadField(
        label=say("File"), extensions=["csv", "txt", "tsv"], max_megabytes=2, required=False
    )
    text = forms.Text(
        label=say("Or paste it here"),
        max_length=500_000,
        required=False,
        help_text=say("With the line that names the columns; as copied from a spreadsheet, too."),
    )

    def clean(self) -> dict[str, Any]:
        """The rows, under `rows`, and their text, under `text`."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            if data.get("file"):
                data["text"] = people_csv.decoded(data["file"].read())
            if not data.get("text"):
                raise people_csv.Unreadable(say("Choose a file, or paste its lines."))
            data["rows"] = people_csv.read(data["text"])
            if not data["rows"]:
                raise people_csv.Unreadable(say("There is nobody below the heading."))
        except people_csv.Unreadable as error:
            self.add_error("file" if data.get("file") else "text", str(error))
        return data


class SponsorForm(Naming):
    """Who answers for the programme."""

    sponsor = PersonField(label=say("Sponsor"))


class CohortForm(forms.Form):
    """The fellows of one period."""

    name = forms.CharField(label=say("Name"), max_length=100)
    starts_on = forms.DateField(label=say("First day"))
    ends_on = forms.DateField(label=say("Last day"))

    def __init__(self, *args: Any, program: Program, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.program = program

    def clean_name(self) -> str:
        """A name the programme has not used."""
        name: str = self.cleaned_data["name"]
        if Cohort.objects.filter(program=self.program, name=name).exists():
            raise ValidationError(say("The programme has a cohort of this name."))
        return name

    def clean(self) -> dict[str, Any]:
        """The end comes after the start."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last <= first:
            self.add_error("ends_on", say("The last day must come after the first."))
        return data
