"""Forms of a draft under comments: what one says to it, and the answer."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web import forms
from governance.policy.rulemaking import MOST
from governance.states import CommentOutcome


class CommentForm(forms.Form):
    """What somebody bound by the rule says to its draft."""

    text = forms.Text(
        label=say("Your comment"),
        max_length=MOST,
        help_text=say(
            "Name the sentence or the number you mean, and what you would put in its place. "
            "Everyone in the programme reads it, with your name."
        ),
    )


class AnswerCommentForm(forms.Form):
    """What became of a comment, and why."""

    outcome = forms.ChoiceField(
        label=say("What became of it"), choices=CommentOutcome.choices, widget=forms.RadioCards
    )
    answer = forms.Text(
        label=say("Why"),
        max_length=MOST,
        help_text=say("Its author reads this, and so does the board."),
    )


class OfferForm(forms.Form):
    """Why a later version is offered for a case."""

    reason = forms.Text(
        label=say("Why it would be better for this case"),
        max_length=5_000,
        help_text=say("The person the case belongs to reads this beside what changes."),
    )
