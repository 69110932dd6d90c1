"""The forms of the ending: terms, deposits. Services judge; forms read."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from access.ending import CHANGEABLE
from access.release_states import DepositKind, Keeper
from fellowship.web import forms

_KINDS: Final = [
    (DepositKind.METHODS, forms.Described("Methods", "How the work was done: .md, .txt, .pdf")),
    (DepositKind.NOTES, forms.Described("High-level notes", "What was learned: .md, .txt, .pdf")),
    (DepositKind.CODE, forms.Described("Analysis code", ".py, .r, .ipynb without outputs, .zip")),
]


class EndingForm(forms.Form):
    """What is kept otherwise than was agreed. Data is not offered: it takes an exception."""

    thing = forms.ChoiceField(label="What?", choices=[*CHANGEABLE.items()])
    keeper = forms.ChoiceField(
        label="Who keeps it?", choices=Keeper.choices, widget=forms.RadioCards
    )
    until = forms.DateField(label="Until", required=False, help_text="Empty: for good.")
    reason = forms.Text(label="Why?", max_length=2_000, help_text="The fellow reads this.")


class DepositForm(forms.Form):
    """One file of methods, notes or code, and when it may be opened."""

    title = forms.CharField(label="What is it?", max_length=200)
    kind = forms.ChoiceField(label="Of which kind?", choices=_KINDS, widget=forms.RadioCards)
    description = forms.Text(
        label="What would somebody learn from it?",
        max_length=4_000,
        help_text="Enough to know whether it is worth opening.",
    )
    file = forms.UploadField(
        label="File",
        max_length=None,
        help_text="Looked through by a machine, as what leaves is.",
        max_megabytes=settings.MAX_FILE_BYTES // 1_000_000,
    )
    opens_for = forms.Text(
        label="Who may open it, and on what ground?",
        max_length=2_000,
        help_text="A replication, an audit, an incident.",
    )
    review_on = forms.DateField(
        label="Look again on", help_text="When somebody asks whether it is still needed."
    )
    holds_no_raw_data = forms.BooleanField(
        label="It holds no raw data: no records, no excerpts, nothing that names a person."
    )
