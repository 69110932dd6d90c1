"""The forms of replies and reviews. They read and show; services judge and write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fellowship.accounts.models import User
from fellowship.web import forms
from governance.review_states import GROUND_MEANINGS, Finding, ReviewGround

_FOLLOWS = {
    Finding.UPHOLD: "On the ground named, nothing shows that it should be decided anew.",
    Finding.SEND_BACK: "The board votes again, with your reasons before it. You do not decide.",
}


class ReplyForm(forms.Form):
    """What a party replies, once."""

    text = forms.Text(
        label="Your reply",
        max_length=10_000,
        help_text="You reply once. The board and the programme manager read it as you write it.",
    )


class AnswerForm(forms.Form):
    """What the chair answers."""

    text = forms.Text(
        label="The answer",
        max_length=10_000,
        help_text="The party reads it as you write it. It stays with the decision.",
    )


class AskReviewForm(forms.Form):
    """On which ground a decision should be reviewed, and what is wrong."""

    ground = forms.ChoiceField(
        label="On which ground?",
        choices=[(g.value, forms.Described(g.label, GROUND_MEANINGS[g])) for g in ReviewGround],
        widget=forms.RadioCards,
    )
    text = forms.Text(
        label="What is wrong, and where can it be seen?",
        max_length=10_000,
        help_text="Name the sentence of the letter, the fact or the rule you mean.",
    )


class NameForm(forms.Form):
    """Who carries out the review, of those who took no part."""

    reviewers = forms.MultipleChoiceField(label="Who reviews it?", widget=forms.Checks, choices=())

    def __init__(
        self, *args: Any, people: Iterable[tuple[User, str]], needed: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["reviewers"]
        self.people = {str(user.pk): user for user, _ in people}
        field.choices = [
            (str(user.pk), forms.Described(str(user), where)) for user, where in people
        ]
        field.help_text = f"Choose {needed}. Nobody here voted, recorded, referred or advised."

    def chosen(self) -> list[User]:
        """The people chosen."""
        return [self.people[pk] for pk in self.cleaned_data["reviewers"]]


class FindingForm(forms.Form):
    """What one reviewer finds, and why."""

    finding = forms.ChoiceField(
        label="What do you find?",
        choices=[(f.value, forms.Described(f.label, _FOLLOWS[f])) for f in Finding],
        widget=forms.RadioCards,
    )
    reasons = forms.Text(
        label="Your reasons",
        max_length=10_000,
        help_text="The party and the board read them, without your name beside them.",
    )
