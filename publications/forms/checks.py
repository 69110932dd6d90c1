"""What an author says to a hit, and how a passage is staged."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.kernel.saying import dated, say
from fellowship.web import forms
from publications.models import Publication, Version
from publications.states import Ground
from publications.text_states import HitAnswer
from publications.texts import TEXT_MAX

OWN = "own"


class HitForm(forms.Form):
    """What a hit is, and why."""

    answer = forms.ChoiceField(
        label=say("What is it?"), choices=HitAnswer.choices, widget=forms.RadioCards
    )
    reason = forms.Text(
        label=say("Why?"),
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text=say("Reviewers read it beside the hit once you have submitted."),
    )


class StepForm(forms.Form):
    """One passage that comes out later: which, why, when, and what is read meanwhile."""

    passage = forms.Text(
        label=say("The passage"),
        max_length=TEXT_MAX,
        widget=django_forms.Textarea,
        strip=False,
        help_text=say("Copied exactly from the text."),
    )
    ground = forms.ChoiceField(
        label=say("Why it comes later"), choices=Ground.choices, widget=forms.RadioCards
    )
    when = forms.ChoiceField(label=say("When it is public"), widget=forms.RadioCards)
    on = forms.DateField(label=say("Day"), required=False, help_text=say("For a day of your own."))
    summary = forms.Text(
        label=say("What the public reads in its place"),
        max_length=500,
        widget=django_forms.TextInput,
        help_text=say("One sentence."),
    )
    finding = forms.ModelChoiceField(
        label=say("Finding it is about"),
        queryset=None,
        required=False,
        empty_label=say("None"),
        help_text=say("An embargoed finding may be submitted once its passage waits for its end."),
    )

    def __init__(
        self,
        *args: Any,
        publication: Publication,
        version: Version,
        presets: list[tuple[str, Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.version, self.presets = version, dict(presets)
        when: Any = self.fields["when"]
        day = publication.program.calendar().day
        when.choices = [
            *((key, forms.Described(key, dated(day(at)))) for key, at in presets),
            (OWN, say("On a day of its own")),
        ]
        finding: Any = self.fields["finding"]
        finding.queryset = publication.fellowship.findings.all()
        if not finding.queryset.exists():
            del self.fields["finding"]

    def clean_passage(self) -> tuple[int, int]:
        """Where the passage stands in the text; it must stand there once."""
        passage = self.cleaned_data["passage"].replace("\r\n", "\n").strip()
        text = self.version.text
        start = text.find(passage)
        if not passage or start < 0:
            raise django_forms.ValidationError(say("This passage does not stand in the text."))
        if text.find(passage, start + 1) >= 0:
            raise django_forms.ValidationError(
                say("This passage stands in the text more than once. Copy a little more of it.")
            )
        return start, start + len(passage)

    def clean(self) -> dict[str, Any]:
        """A day of its own needs the day."""
        found = super().clean() or {}
        if found.get("when") == OWN and not found.get("on"):
            self.add_error("on", say("Say on which day."))
        return found


class ExtendForm(forms.Form):
    """To which day a step is put off, and why."""

    on = forms.DateField(label=say("New day"))
    reason = forms.Text(
        label=say("Why?"),
        max_length=2_000,
        widget=django_forms.Textarea,
        help_text=say("Everyone concerned reads it. A step is put off once."),
    )


class CompareForm(forms.Form):
    """Which two versions stand side by side."""

    def __init__(self, *args: Any, numbers: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(number), say("Version {number}", number=number)) for number in numbers]
        self.fields["from"] = forms.ChoiceField(label=say("Before"), choices=choices)
        self.fields["to"] = forms.ChoiceField(label=say("After"), choices=choices)

    @property
    def before(self) -> Any:
        """The field named “from”, which a template cannot ask for by itself."""
        return self["from"]
