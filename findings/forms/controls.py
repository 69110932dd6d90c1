"""A control and its measures."""

from __future__ import annotations

from django import forms as django_forms
from django.core.validators import MinValueValidator

from fellowship.web import forms
from findings.models import Measurement
from findings.states import ControlType, Family, Metric


class ControlForm(forms.Form):
    """A control, with its measure fixed before it ships."""

    title = forms.Text(label="Control in one line", max_length=250)
    description = forms.Text(
        label="What it does", max_length=10_000, widget=django_forms.Textarea, required=False
    )
    family = forms.ChoiceField(
        label="Family",
        choices=[
            (Family.PREVENTIVE, forms.Described("Preventive", "Blocks it before it happens")),
            (Family.DETECTIVE, forms.Described("Detective", "Shows it when it happens")),
            (Family.CORRECTIVE, forms.Described("Corrective", "Makes it rarer next time")),
            (
                Family.COMPENSATING,
                forms.Described("Compensating", "Lowers the risk while a lasting fix is built"),
            ),
        ],
        widget=forms.RadioCards,
    )
    control_type = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *ControlType.choices])
    metric = forms.ChoiceField(label="Measured by", choices=[("", "Choose"), *Metric.choices])
    threshold = django_forms.DecimalField(
        label="Least improvement that counts, in percentage points",
        min_value=0,
        max_value=99,
        decimal_places=2,
        help_text="Fixed now, before anything ships. Only a change larger than this counts; with 0 "
        "any change counts that the numbers can show.",
    )
    minimum_trials = django_forms.IntegerField(
        label="Least number of trials on either side", min_value=1, max_value=1_000_000, initial=30
    )
    tracker_url = django_forms.URLField(
        label="Link in your tracker", required=False, assume_scheme="https"
    )


class MeasureForm(forms.Form):
    """A count, never a bare rate."""

    phase = forms.ChoiceField(
        label="Taken", choices=Measurement.Phase.choices, widget=forms.RadioCards
    )
    hits = django_forms.IntegerField(label="It happened in", min_value=0, max_value=2_000_000_000)
    trials = django_forms.IntegerField(
        label="of so many trials",
        max_value=2_000_000_000,
        validators=[MinValueValidator(1, "There must have been at least one trial.")],
    )
    conditions = forms.Text(
        label="Conditions", max_length=5000, widget=django_forms.Textarea, required=False
    )
