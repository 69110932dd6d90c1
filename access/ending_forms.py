"""The forms of the ending: terms, deposits. Services judge; forms read."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from access.ending import CHANGEABLE
from access.release_states import DepositKind, Keeper
from fellowship.kernel.saying import say
from fellowship.web import forms

_KINDS: Final = [
    (
        DepositKind.METHODS,
        forms.Described(say("Methods"), say("How the work was done: .md, .txt, .pdf")),
    ),
    (
        DepositKind.NOTES,
        forms.Described(say("High-level notes"), say("What was learned: .md, .txt, .pdf")),
    ),
    (
        DepositKind.CODE,
        forms.Described(say("Analysis code"), say(".py, .r, .ipynb without outputs, .zip")),
    ),
]


class EndingForm(forms.Form):
    """What is kept otherwise than was agreed. Data is not offered: it takes an exception."""

    thing = forms.ChoiceField(label=say("What?"), choices=[*CHANGEABLE.items()])
    keeper = forms.ChoiceField(
        label=say("Who keeps it?"), choices=Keeper.choices, widget=forms.RadioCards
    )
    until = forms.DateField(label=say("Until"), required=False, help_text=say("Empty: for good."))
    reason = forms.Text(
        label=say("Why?"), max_length=2_000, help_text=say("The fellow reads this.")
    )


class DepositForm(forms.Form):
    """One file of methods, notes or code, and when it may be opened."""

    title = forms.CharField(label=say("What is it?"), max_length=200)
    kind = forms.ChoiceField(label=say("Of which kind?"), choices=_KINDS, widget=forms.RadioCards)
    description = forms.Text(
        label=say("What would somebody learn from it?"),
        max_length=4_000,
        help_text=say("Enough to know whether it is worth opening."),
    )
    file = forms.UploadField(
        label=say("File"),
        max_length=None,
        help_text=say("Looked through by a machine, as what leaves is."),
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
    )
    opens_for = forms.Text(
        label=say("Who may open it, and on what ground?"),
        max_length=2_000,
        help_text=say("A replication, an audit, an incident."),
    )
    review_on = forms.DateField(
        label=say("Look again on"), help_text=say("When somebody asks whether it is still needed.")
    )
    holds_no_raw_data = forms.BooleanField(
        label=say("It holds no raw data: no records, no excerpts, nothing that names a person.")
    )
