"""What an author writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms as django_forms

from fellowship.kernel.saying import say
from fellowship.web import forms
from publications.doi import normalise_doi
from publications.states import OutcomeStage


class AuthorsForm(forms.Form):
    """The authors in order, one to a line."""

    asked_as: ClassVar[Mapping[str, str]] = {"orcid": "authors"}

    authors = forms.Text(
        label=say("Authors, one to a line, in order"),
        max_length=10_000,
        widget=django_forms.Textarea,
        help_text=say(
            "Name; ORCID iD; CRediT roles. Such as: Ada Nwosu; 0000-0002-1825-0097; "
            "conceptualization, investigation. Left out, iD and roles are those of the agreement."
        ),
    )

    def clean_authors(self) -> list[dict[str, Any]]:
        """Read the lines; each needs a name."""
        found = []
        for number, line in enumerate(self.cleaned_data["authors"].splitlines(), start=1):
            if not line.strip():
                continue
            name, _, rest = line.partition(";")
            orcid, _, credit = rest.partition(";")
            if not name.strip() or len(name.strip()) > 200:
                raise django_forms.ValidationError(
                    say("Line {number} needs a name.", number=number)
                )
            found.append(
                {
                    "name": name.strip(),
                    "orcid": orcid.strip(),
                    "credit": [c.strip() for c in credit.split(",") if c.strip()],
                }
            )
        return found


class OutcomeForm(forms.Form):
    """What became of the work, and where."""

    stage = forms.ChoiceField(
        label=say("What happened?"),
        choices=[
            (
                OutcomeStage.PREPRINT,
                forms.Described(say("Preprint"), say("It is on a preprint server.")),
            ),
            (
                OutcomeStage.SUBMITTED,
                forms.Described(say("Submitted"), say("A venue has it for review.")),
            ),
            (
                OutcomeStage.ACCEPTED,
                forms.Described(say("Accepted"), say("A venue will publish it.")),
            ),
            (OutcomeStage.PUBLISHED, forms.Described(say("Published"), say("It has appeared."))),
            (
                OutcomeStage.DECLINED,
                forms.Described(say("Declined"), say("A venue did not take it.")),
            ),
        ],
        widget=forms.RadioCards,
    )
    on = forms.DateField(label=say("When"), help_text=say("The day it happened."))
    venue = forms.CharField(
        label=say("Venue"),
        max_length=200,
        required=False,
        help_text=say("Journal, conference or server."),
    )
    doi = forms.CharField(
        label="DOI", max_length=220, required=False, help_text=say("Such as 10.1234/abcd.")
    )
    link = forms.URLField(
        label=say("Address"), max_length=500, required=False, assume_scheme="https"
    )

    def clean_doi(self) -> str:
        """The DOI without what stands before it."""
        given = self.cleaned_data["doi"]
        try:
            return normalise_doi(given) if given else ""
        except ValueError as error:
            raise django_forms.ValidationError(str(error)) from error
