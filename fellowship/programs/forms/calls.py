"""The forms of a call: its text, and the moving of its end."""

from __future__ import annotations

from typing import Any

from fellowship.kernel.saying import say
from fellowship.programs.models import Cohort, Program
from fellowship.web import forms

TEXT = 200_000
PUBLIC_REASON = say("Everyone who reads the call sees it, and everyone with a draft is told.")


class CallForm(forms.Form):
    """A call as it will be published. Long texts are Markdown."""

    title = forms.CharField(label=say("Title"), max_length=250)
    summary = forms.Text(
        label=say("Summary"),
        max_length=5_000,
        help_text=say("Two or three sentences, shown in lists."),
    )
    topics = forms.Text(
        label=say("Topics"), max_length=TEXT, help_text=say("Markdown. Problems, not themes.")
    )
    constraints = forms.Text(label=say("Constraints"), max_length=TEXT)
    eligibility = forms.Text(label=say("Who may apply"), max_length=TEXT)
    publication_rules = forms.Text(label=say("Publication"), max_length=TEXT)
    background = forms.Text(label=say("Background"), max_length=TEXT, required=False)
    cohort = forms.ModelChoiceField(
        label=say("Cohort"),
        queryset=Cohort.objects.none(),
        required=False,
        empty_label=say("No cohort"),
    )
    places = forms.IntegerField(label=say("Places"), min_value=1, max_value=500)
    blind = forms.BooleanField(
        label=say("Blind review: reviewers do not learn who applies"),
        required=False,
        help_text=say(
            "They read a redacted copy, which the manager checks first. The board reads "
            "the whole proposal once the reviews are in. It cannot be changed once the "
            "call is published."
        ),
    )
    opens_at = forms.DateTimeField(label=say("Opens"))
    closes_at = forms.DateTimeField(
        label=say("Closes"), help_text=say("Proposals are taken until just before this instant.")
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
            self.add_error("closes_at", say("The call must close after it opens."))
        return data


class EndForm(forms.ReasonForm):
    """A closing time other than was said, and why."""

    closes_at = forms.DateTimeField(label=say("New closing time"))
    field_order = ("closes_at", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, hint=PUBLIC_REASON, **kwargs)
