"""What mediators, reviewers and authors say on the steps of the ladder."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import forms
from publications import terms
from publications.models import Objection, Publication
from publications.policy import MEDIATING, REASON_MAX, TRACK_ROLES, may_mediate
from publications.states import Ground, Proposal, ReviewTrack, Saved


class MediatorForm(forms.Form):
    """Who mediates: people of the programme who have no part in the case."""

    mediator = forms.ModelChoiceField(
        label=say("Mediator"),
        queryset=User.objects.none(),
        help_text=say("Nobody who reviews this work, and nobody in the fellow’s chain."),
    )

    def __init__(self, *args: Any, objection: Objection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = holders(objection.program_id, *MEDIATING)
        apart = [one.pk for one in people if may_mediate(objection, one) is None]
        self.fields["mediator"].queryset = people.filter(pk__in=apart)  # type: ignore[attr-defined]


_MEANS = {
    Proposal.KEEP: say("The objection falls."),
    Proposal.WORDING: say("The passage is replaced by your words."),
    Proposal.LATER: say("The passage joins the plan of staged disclosure."),
    Proposal.REDACT: say("The passage stays out."),
}


class ProposalForm(forms.Form):
    """One way for the passage, and why."""

    proposal = forms.ChoiceField(
        label=say("What you propose"),
        choices=[(k.value, forms.Described(k.label, _MEANS[k])) for k in Proposal],
        widget=forms.RadioCards,
    )
    wording = forms.Text(
        label=say("The wording"),
        max_length=20_000,
        widget=django_forms.Textarea,
        required=False,
        help_text=say("Only where you propose other wording."),
    )
    until = forms.DateField(
        label=say("From which date"),
        required=False,
        help_text=say("Only where you propose a later date."),
    )
    reasons = forms.Text(
        label=say("Why"),
        max_length=5000,
        widget=django_forms.Textarea,
        help_text=say("Both sides read it; so does the board, if a side says no."),
    )


class ExtensionForm(forms.Form):
    """The one extension of a window."""

    ground = forms.ChoiceField(label=say("Ground"), choices=Ground.choices, widget=forms.RadioCards)
    reason = forms.Text(
        label=say("Why more time is needed"),
        max_length=REASON_MAX,
        widget=django_forms.Textarea,
        help_text=say("The author reads this."),
    )
    new_due = forms.DateField(label=say("New end of the window"))
    owner = forms.ModelChoiceField(
        label=say("Who answers for it"),
        queryset=User.objects.none(),
        required=False,
        empty_label=say("I do"),
    )

    def __init__(self, *args: Any, publication: Publication, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meanings = terms.params_of(publication.fellowship).grounds
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            (key, forms.Described(label, meanings[key].meaning))
            for key, label in Ground.choices
            if key in meanings
        ]
        self.fields["owner"].queryset = holders(  # type: ignore[attr-defined]
            publication.program_id, *TRACK_ROLES[ReviewTrack.POLICY]
        )


class QuestionForm(forms.Form):
    """A question to the author."""

    question = forms.Text(
        label=say("Your question"),
        max_length=5000,
        widget=django_forms.Textarea,
        help_text=say("What you must know to judge. The author reads it at once."),
    )


class ReplyForm(forms.Form):
    """The author's answer."""

    answer = forms.Text(label=say("Your answer"), max_length=20_000, widget=django_forms.Textarea)


class SavedWordingForm(forms.Form):
    """Words for others to use again."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    use = forms.ChoiceField(
        label=say("What it is for"), choices=Saved.choices, widget=forms.RadioCards
    )
    title = forms.CharField(
        label=say("Title"), max_length=120, help_text=say("How reviewers find it.")
    )
    text = forms.Text(label=say("The words"), max_length=5000, widget=django_forms.Textarea)

    def __init__(self, *args: Any, programs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]
