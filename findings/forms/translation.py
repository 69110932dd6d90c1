"""The translation matrix: what a finding is about, contests, answers, changes."""

from __future__ import annotations

from django import forms as django_forms

from fellowship.web import forms
from findings.change_states import ANSWERED, ContestState
from findings.states import ControlType, Family, FindingClass

FAMILIES = [("", "Choose"), *Family.choices]
TYPES = [("", "Choose"), *ControlType.choices]
OUTCOMES = {
    ContestState.UPHELD: ("The suggestion stands", "Nothing changes; your reason is shown"),
    ContestState.REPLACED: ("Another takes its place", "Name it below"),
    ContestState.WITHDRAWN: ("It is suggested no more", "From now on"),
}


class ClassForm(forms.Form):
    """What the finding is about."""

    finding_class = forms.ChoiceField(
        label="It is about", choices=FindingClass.choices, widget=forms.RadioCards
    )


class ContestForm(forms.Form):
    """Why a suggestion is wrong."""

    reason = forms.Text(
        label="Why is this suggestion wrong?",
        max_length=5_000,
        widget=django_forms.Textarea,
        help_text="The programme manager answers by name. The fellow reads both.",
    )


class AnswerForm(forms.Form):
    """What becomes of a contested suggestion, and why."""

    outcome = forms.ChoiceField(
        label="What becomes of it",
        choices=[(state.value, forms.Described(*OUTCOMES[state])) for state in ANSWERED],
        widget=forms.RadioCards,
    )
    instead_family = forms.ChoiceField(label="Family instead", choices=FAMILIES, required=False)
    instead_type = forms.ChoiceField(label="Kind instead", choices=TYPES, required=False)
    answer = forms.Text(
        label="Why",
        max_length=5_000,
        widget=django_forms.Textarea,
        help_text="The product team and the fellow read this, with your name.",
    )


class CellForm(forms.Form):
    """Something more to suggest for a class of findings."""

    family = forms.ChoiceField(label="Family", choices=FAMILIES)
    control_type = forms.ChoiceField(label="Kind of control", choices=TYPES)
    reason = forms.Text(
        label="Why",
        max_length=500,
        help_text="One sentence; it stands beside the suggestion.",
    )
