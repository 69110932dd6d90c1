"""The forms of replies and reviews. They read and show; services judge and write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.review_states import GROUND_MEANINGS, Finding, ReviewGround

_FOLLOWS = {
    Finding.UPHOLD: say("On the ground named, nothing shows that it should be decided anew."),
    Finding.SEND_BACK: say(
        "The board votes again, with your reasons before it. You do not decide."
    ),
}


class ReplyForm(forms.Form):
    """What a party replies, once."""

    text = forms.Text(
        label=say("Your reply"),
        max_length=10_000,
        help_text=say(
            "You reply once. The board and the programme manager read it as you write it."
        ),
    )


class AnswerForm(forms.Form):
    """What the chair answers."""

    text = forms.Text(
        label=say("The answer"),
        max_length=10_000,
        help_text=say("The party reads it as you write it. It stays with the decision."),
    )


class AskReviewForm(forms.Form):
    """On which ground a decision should be reviewed, and what is wrong."""

    ground = forms.ChoiceField(
        label=say("On which ground?"),
        choices=[(g.value, forms.Described(g.label, GROUND_MEANINGS[g])) for g in ReviewGround],
        widget=forms.RadioCards,
    )
    text = forms.Text(
        label=say("What is wrong, and where can it be seen?"),
        max_length=10_000,
        help_text=say("Name the sentence of the letter, the fact or the rule you mean."),
    )


class NameForm(forms.Form):
    """Who carries out the review, of those who took no part."""

    reviewers = forms.MultipleChoiceField(
        label=say("Who reviews it?"), widget=forms.Checks, choices=()
    )

    def __init__(
        self, *args: Any, people: Iterable[tuple[User, str]], needed: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["reviewers"]
        self.people = {str(user.pk): user for user, _ in people}
        field.choices = [
            (str(user.pk), forms.Described(str(user), where)) for user, where in people
        ]
        field.help_text = say(
            "Choose {needed}. Nobody here voted, recorded, referred or advised.", needed=needed
        )

    def chosen(self) -> list[User]:
        """The people chosen."""
        return [self.people[pk] for pk in self.cleaned_data["reviewers"]]


class FindingForm(forms.Form):
    """What one reviewer finds, and why."""

    finding = forms.ChoiceField(
        label=say("What do you find?"),
        choices=[(f.value, forms.Described(f.label, _FOLLOWS[f])) for f in Finding],
        widget=forms.RadioCards,
    )
    reasons = forms.Text(
        label=say("Your reasons"),
        max_length=10_000,
        help_text=say("The party and the board read them, without your name beside them."),
    )
