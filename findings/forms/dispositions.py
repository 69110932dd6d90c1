"""What the receiving team decides about a finding."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.web import forms
from findings.models import Finding
from findings.states import Closure, Mapping


class AcceptForm(forms.Form):
    """Accept a finding: what it turns into, who owns it and by when."""

    actionable = forms.ChoiceField(
        label="Does something follow from it?",
        choices=[
            ("yes", forms.Described("Yes, it is actionable", "It gets an owner and a date.")),
            ("no", forms.Described("No, it is exploratory", "It is recorded openly as such.")),
        ],
        widget=forms.RadioCards,
    )
    mapping = forms.ChoiceField(
        label="It turns into",
        choices=[("", "Choose"), *Mapping.choices],
        required=False,
    )
    product_owner = forms.ModelChoiceField(
        label="Product owner", queryset=User.objects.none(), required=False
    )
    due_at = forms.DateField(
        label="Due by",
        required=False,
        help_text="Empty: as the severity's clock says. Earlier is possible, later is not.",
    )
    reason = forms.Text(
        label="Why you accept it",
        max_length=5000,
        widget=django_forms.Textarea,
        help_text="The fellow reads this.",
    )

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product_owner"].queryset = holders(  # type: ignore[attr-defined]
            finding.program_id, roles.PRODUCT_OWNER
        )


class CloseForm(forms.Form):
    """What the closed finding points at."""

    closure = forms.ChoiceField(
        label="It is closed because of",
        choices=[c for c in Closure.choices if c[0] != Closure.DUPLICATE],
        widget=forms.RadioCards,
    )


class DuplicateForm(forms.Form):
    """The earlier finding this one repeats."""

    of = forms.Text(label="Reference of the earlier finding", max_length=30, help_text="F-2026-014")
