"""What reviewers and authors say to each other."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.web import forms
from publications.forms.works import TEXT_MAX
from publications.models import Publication, Version
from publications.policy import TRACK_ROLES
from publications.states import Ask, Ground, ReviewTrack


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
