"""Forms of publications and reviews."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from access.models import Dataset
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.web import forms
from findings.models import Finding
from publications.models import Publication, Version
from publications.policy import TRACK_ROLES
from publications.states import Ask, Ground, Kind, ReviewTrack, WorkClass
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


class AssignForm(forms.Form):
    """Who reviews on which track."""

    track = forms.ChoiceField(label="Track", choices=ReviewTrack.choices, widget=forms.RadioCards)
    reviewer = forms.ModelChoiceField(label="Reviewer", queryset=User.objects.none())

    def __init__(self, *args: Any, publication: Publication, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [role for track in TRACK_ROLES.values() for role in track]
        self.fields["reviewer"].queryset = holders(  # type: ignore[attr-defined]
            publication.program_id, *keys
        )


SCORES = [
    (5, forms.Described("5", "Nothing to add")),
    (4, forms.Described("4", "Small remarks")),
    (3, forms.Described("3", "Holds, with gaps named below")),
    (2, forms.Described("2", "Serious gaps")),
    (1, forms.Described("1", "Does not hold")),
]


def _score(label: str, hint: str) -> Any:
    return django_forms.TypedChoiceField(
        label=label, help_text=hint, choices=SCORES, coerce=int, widget=forms.RadioCards
    )


class AdviceForm(forms.Form):
    """The scientific review: advice to the author."""

    soundness = _score("Soundness", "Is the method right for the question?")
    reproducibility = _score("Reproducibility", "Could someone else do it again?")
    support = _score("Support", "Do the results support the claims?")
    advice = forms.Text(
        label="Advice to the author", max_length=50_000, widget=django_forms.Textarea
    )


class ObjectionForm(forms.Form):
    """An objection: passage, ground, harm, what is asked, and what the public will read."""

    passage = forms.Text(
        label="The passage",
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        strip=False,
        help_text="Copied exactly from the text. Select it in the text to fill this in.",
    )
    ground = forms.ChoiceField(label="Ground", choices=Ground.choices, widget=forms.RadioCards)
    harm = forms.Text(
        label="What harm would follow",
        max_length=5000,
        widget=django_forms.Textarea,
        help_text="The author reads this.",
    )
    ask = forms.ChoiceField(label="What you ask for", choices=Ask.choices, widget=forms.RadioCards)
    until = forms.DateField(
        label="Until", required=False, help_text="For a later date or a delay; not for a redaction."
    )
    public_summary = forms.Text(
        label="What the public will read about it", max_length=500, help_text="One sentence."
    )

    def __init__(self, *args: Any, version: Version, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version

    def clean_passage(self) -> tuple[int, int]:
        """Where the passage stands in the text; it must stand there once."""
        passage = self.cleaned_data["passage"].strip()
        text = self.version.text
        start = text.find(passage)
        if not passage or start < 0:
            raise django_forms.ValidationError("This passage does not stand in the text.")
        if text.find(passage, start + 1) >= 0:
            raise django_forms.ValidationError(
                "This passage stands in the text more than once. Copy a little more of it."
            )
        return start, start + len(passage)


class WordingForm(forms.Form):
    """Other wording for the passage."""

    wording = forms.Text(label="Other wording", max_length=20_000, widget=django_forms.Textarea)
    reason = forms.Text(
        label="A word to the reviewer",
        max_length=5000,
        widget=django_forms.Textarea,
        required=False,
    )


class OutcomeForm(forms.Form):
    """Where it appeared."""

    doi = forms.Text(label="DOI or address", max_length=200, required=False)
    venue = forms.Text(label="Venue", max_length=200, required=False)
