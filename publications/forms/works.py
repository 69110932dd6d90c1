"""What an author writes."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from access.models import Dataset
from fellowship.accounts.models import User
from fellowship.web import forms
from findings.models import Finding
from publications.states import Kind, WorkClass
from scoping.models import Fellowship

TEXT_MAX = 2_000_000
"""Characters of one text: a long book fits."""


class DraftForm(forms.Form):
    """What the work is, and what it uses."""

    title = forms.Text(label="Title", max_length=300)
    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *Kind.choices])
    work_class = forms.ChoiceField(
        label="Which of these describes it?",
        choices=[
            (
                WorkClass.METHODS,
                forms.Described("Methods, nothing sensitive", "Silence releases it."),
            ),
            (
                WorkClass.RESTRICTED,
                forms.Described("It used restricted-tier data", "Silence takes it to the board."),
            ),
            (
                WorkClass.VULNERABILITY,
                forms.Described("It describes a vulnerability", "Silence takes it to the board."),
            ),
        ],
        widget=forms.RadioCards,
    )
    abstract = forms.Text(
        label="Abstract", max_length=20_000, widget=django_forms.Textarea, required=False
    )
    acknowledgement = forms.Text(
        label="Acknowledgements", max_length=5000, widget=django_forms.Textarea, required=False
    )
    datasets = forms.ModelMultipleChoiceField(
        label="Datasets it uses",
        help_text="Public data, and what was granted to this fellowship.",
        queryset=Dataset.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )
    findings = forms.ModelMultipleChoiceField(
        label="Findings it reports",
        queryset=Finding.objects.none(),
        required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, fellowship: Fellowship, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        datasets = Dataset.objects.visible_to(user).open_to(fellowship)
        self.fields["datasets"].queryset = datasets  # type: ignore[attr-defined]
        self.fields["findings"].queryset = fellowship.findings.all()  # type: ignore[attr-defined]


class TextForm(forms.Form):
    """A version of the text."""

    text = forms.Text(
        label="Text",
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        help_text="Markdown or plain text. Reviewers mark passages in exactly this text.",
    )


class AuthorsForm(forms.Form):
    """The authors in order, one to a line."""

    authors = forms.Text(
        label="Authors, one to a line, in order",
        max_length=10_000,
        widget=django_forms.Textarea,
        help_text="Name; ORCID iD; CRediT roles. Such as: Ada Nwosu; 0000-0002-1825-0097; "
        "conceptualization, investigation",
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
                raise django_forms.ValidationError(f"Line {number} needs a name.")
            found.append(
                {
                    "name": name.strip(),
                    "orcid": orcid.strip(),
                    "credit": [c.strip() for c in credit.split(",") if c.strip()],
                }
            )
        return found


class OutcomeForm(forms.Form):
    """Where it appeared."""

    doi = forms.Text(label="DOI or address", max_length=200, required=False)
    venue = forms.Text(label="Venue", max_length=200, required=False)
