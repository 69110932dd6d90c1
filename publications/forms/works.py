"""What an author writes."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.web import forms


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
