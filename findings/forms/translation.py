"""The translation matrix: what a finding is about, contests, answers, changes."""

from __future__ import annotations

from django import forms as django_forms

from fellowship.kernel.saying import say
from fellowship.web import forms
from findings.change_states import ANSWERED, ContestState
from findings.states import ControlType, Family, FindingClass

FAMILIES = [("", say("Choose")), *Family.choices]
TYPES = [("", say("Choose")), *ControlType.choices]
OUTCOMES = {
    ContestState.UPHELD: (
        say("The suggestion stands"),
        say("Nothing changes; your reason is shown"),
    ),
    ContestState.REPLACED: (say("Another takes its place"), say("Name it below")),
    ContestState.WITHDRAWN: (say("It is suggested no more"), say("From now on")),
}


class ClassForm(forms.Form):
    """What the finding is about."""

    finding_class = forms.ChoiceField(
        label=say("It is about"), choices=FindingClass.choices, widget=forms.RadioCards
    )


class ContestForm(forms.Form):
    """Why a suggestion is wrong."""

    reason = forms.Text(
        label=say("Why is this suggestion wrong?"),
        max_length=5_000,
        widget=django_forms.Textarea,
        help_text=say("The programme manager answers by name. The fellow reads both."),
    )


class AnswerForm(forms.Form):
    """What becomes of a contested suggestion, and why."""

    outcome = forms.ChoiceField(
        label=say("What becomes of it"),
        choices=[(state.value, forms.Described(*OUTCOMES[state])) for state in ANSWERED],
        widget=forms.RadioCards,
    )
    instead_family = forms.ChoiceField(
        label=say("Family instead"), choices=FAMILIES, required=False
    )
    instead_type = forms.ChoiceField(label=say("Kind instead"), choices=TYPES, required=False)
    answer = forms.Text(
        label=say("Why"),
        max_length=5_000,
        widget=django_forms.Textarea,
        help_text=say("The product team and the fellow read this, with your name."),
    )


class CellForm(forms.Form):
    """Something more to suggest for a class of findings."""

    family = forms.ChoiceField(label=say("Family"), choices=FAMILIES)
    control_type = forms.ChoiceField(label=say("Kind of control"), choices=TYPES)
    reason = forms.Text(
        label=say("Why"),
        max_length=500,
        help_text=say("One sentence; it stands beside the suggestion."),
    )
