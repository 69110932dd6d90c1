"""What reviewers and authors say to each other."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.web import forms
from publications import terms
from publications.marking import NotMarked, locate
from publications.models import Publication, Version
from publications.policy import TRACK_ROLES
from publications.states import Ask, Ground, ReviewTrack
from publications.texts import TEXT_MAX


class AssignForm(forms.Form):
    """Who reviews on which track."""

    track = forms.ChoiceField(
        label=say("Track"), choices=ReviewTrack.choices, widget=forms.RadioCards
    )
    reviewer = forms.ModelChoiceField(label=say("Reviewer"), queryset=User.objects.none())

    def __init__(self, *args: Any, publication: Publication, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [role for track in TRACK_ROLES.values() for role in track]
        self.fields["reviewer"].queryset = holders(  # type: ignore[attr-defined]
            publication.program_id, *keys
        )


SCORES = [
    (5, forms.Described("5", say("Nothing to add"))),
    (4, forms.Described("4", say("Small remarks"))),
    (3, forms.Described("3", say("Holds, with gaps named below"))),
    (2, forms.Described("2", say("Serious gaps"))),
    (1, forms.Described("1", say("Does not hold"))),
]


def _score(label: str, hint: str) -> Any:
    return django_forms.TypedChoiceField(
        label=label, help_text=hint, choices=SCORES, coerce=int, widget=forms.RadioCards
    )


class AdviceForm(forms.Form):
    """The scientific review: advice to the author."""

    soundness = _score(say("Soundness"), say("Is the method right for the question?"))
    reproducibility = _score(say("Reproducibility"), say("Could someone else do it again?"))
    support = _score(say("Support"), say("Do the results support the claims?"))
    advice = forms.Text(
        label=say("Advice to the author"), max_length=50_000, widget=django_forms.Textarea
    )
    read = django_forms.IntegerField(required=False, widget=django_forms.HiddenInput)


class ObjectionForm(forms.Form):
    """An objection: passage, ground, harm, what is asked, and what the public will read."""

    passage = forms.Text(
        label=say("The passage"),
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        strip=False,
        required=False,
        help_text=say(
            "Its exact words, or its first and last words with … between them. Selecting "
            "words in the text fills this in."
        ),
    )
    paragraphs = forms.CharField(
        label=say("Its paragraphs"),
        required=False,
        max_length=15,
        help_text=say(
            "Such as 3, or 3–5. Alone they are the passage; with words they say which one."
        ),
    )
    at = django_forms.IntegerField(
        required=False, min_value=0, max_value=TEXT_MAX, widget=django_forms.HiddenInput
    )
    read = django_forms.IntegerField(required=False, widget=django_forms.HiddenInput)
    ground = forms.ChoiceField(label=say("Ground"), choices=Ground.choices, widget=forms.RadioCards)
    harm = forms.Text(
        label=say("What harm would follow"),
        max_length=5000,
        widget=django_forms.Textarea,
        help_text=say("The author reads this."),
    )
    ask = forms.ChoiceField(
        label=say("What you ask for"), choices=Ask.choices, widget=forms.RadioCards
    )
    until = forms.DateField(
        label=say("Until"),
        required=False,
        help_text=say("For a later date or a delay; not for a redaction."),
    )
    public_summary = forms.Text(
        label=say("What the public will read about it"),
        max_length=500,
        help_text=say("One sentence."),
    )
    owner = forms.ModelChoiceField(
        label=say("Who answers for it"),
        queryset=User.objects.none(),
        required=False,
        empty_label=say("I do"),
        help_text=say("They may settle it as you may, and are told of each step."),
    )

    def __init__(self, *args: Any, version: Version, text: str, **kwargs: Any) -> None:
        """`text` is the version's as the person reads it: a passage is found in what is seen."""
        super().__init__(*args, **kwargs)
        self.version, self.text = version, text
        work = version.publication
        meanings = terms.params_of(work.fellowship).grounds
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            (key, forms.Described(label, meanings[key].meaning))
            for key, label in Ground.choices
            if key in meanings
        ]
        self.fields["owner"].queryset = holders(  # type: ignore[attr-defined]
            work.program_id, *TRACK_ROLES[ReviewTrack.POLICY]
        )

    def clean(self) -> dict[str, Any]:
        """Where the passage stands in the text: once, or in the paragraphs that are named.

        A version added since the page was opened is read first: what was marked may not be there.
        """
        said = super().clean() or {}
        number = self.version.number
        if (said.get("read") or number) != number:
            new = say(
                "The author added version {number} meanwhile. Mark the passage in it.",
                number=number,
            )
            self.add_error("passage", new)
        elif not {"passage", "paragraphs"} & set(self.errors):
            try:
                said["span"] = locate(
                    self.text,
                    said.get("passage", ""),
                    said.get("paragraphs", ""),
                    said.get("at"),
                )
            except NotMarked as error:
                self.add_error(error.field, str(error))
        return said


class WordingForm(forms.Form):
    """Other wording for the passage."""

    wording = forms.Text(
        label=say("Other wording"), max_length=20_000, widget=django_forms.Textarea
    )
    reason = forms.Text(
        label=say("A word to the reviewer"),
        max_length=5000,
        widget=django_forms.Textarea,
        required=False,
    )
