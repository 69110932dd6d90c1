"""Forms at the end of a case and of a cohort."""

from __future__ import annotations

from typing import Any

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.web import forms
from oversight.closing_policy import TEXT_MAX, WHAT_MAX
from oversight.cohort_policy import LINE_MAX, OWNERS, REMARK_MAX, WHY_MAX
from oversight.cohort_review.questions import QUESTIONS
from oversight.states import SCALE, HeldKind, Outcome


class ClosingTextForm(forms.Form):
    """A summary or a review."""

    text = forms.Text(label=say("In your words"), max_length=TEXT_MAX)


class HandbackForm(forms.Form):
    """Something the fellow was handed."""

    kind = forms.ChoiceField(
        label=say("What it is"),
        choices=[
            ("property", forms.Described(say("Property"), say("A laptop, a badge, a key"))),
            ("account", forms.Described(say("Account"), say("A mailbox, a licence, a chat"))),
            (
                "nothing",
                forms.Described(say("Nothing"), say("The fellow was handed nothing at all")),
            ),
        ],
        widget=forms.RadioCards,
    )
    what = forms.CharField(
        label=say("Which one"),
        max_length=WHAT_MAX,
        required=False,
        help_text=say("Its name and number, so that others know which it is."),
    )

    def clean(self) -> dict[str, Any]:
        """A thing has a name."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") not in (None, HeldKind.NOTHING) and not data.get("what"):
            self.add_error("what", say("Name it so that others know which it is."))
        return data


class SurveyForm(forms.Form):
    """Until which day a survey takes answers."""

    closes_on = forms.DateField(label=say("Answers until"), help_text=say("The end of this day."))


class AnswerForm(forms.Form):
    """The questions of one side, nothing preselected."""

    remark = forms.Text(
        label=say("Anything else"),
        max_length=REMARK_MAX,
        required=False,
        help_text=say(
            "Shown word for word beside the others’, without your name. Write nothing by "
            "which one knows you, if you do not want to be known."
        ),
    )

    def __init__(self, side: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.side = side
        for key, text in QUESTIONS[side].items():
            self.fields[key] = forms.TypedChoiceField(
                label=text,
                coerce=int,
                choices=[(point, forms.Described(str(point), words)) for point, words in SCALE],
                widget=forms.RadioScale,
            )
        self.order_fields([*QUESTIONS[side], "remark"])

    def given(self) -> dict[str, int]:
        """The points by question."""
        return {key: self.cleaned_data[key] for key in QUESTIONS[self.side]}


class RecommendationForm(forms.Form):
    """What to do before the next call."""

    text = forms.CharField(label=say("What to do"), max_length=LINE_MAX)
    why = forms.Text(
        label=say("What it comes from"),
        max_length=WHY_MAX,
        help_text=say("The figure or the answer."),
    )
    owner = forms.ModelChoiceField(
        label=say("Who does it"), queryset=User.objects.none(), empty_label=say("Choose a person")
    )
    due_on = forms.DateField(label=say("Due"))

    def __init__(self, program_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["owner"]
        people.queryset = holders(program_id, *OWNERS).order_by("name", "pk")


class SettleForm(forms.Form):
    """What became of a recommendation."""

    outcome = forms.ChoiceField(
        label=say("What became of it"), choices=Outcome.choices, widget=forms.RadioCards
    )
    how = forms.Text(label=say("What was done, or why not"), max_length=WHY_MAX)
