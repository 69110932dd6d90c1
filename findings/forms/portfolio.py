"""What is asked on the portfolio: a topic for the next call, and what to export."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.web import forms
from findings.policy.lessons import TOPIC_MAX, WHY_MAX


class LessonForm(forms.Form):
    """A question for the next fellows."""

    topic = forms.Text(
        label="Topic in one line",
        max_length=TOPIC_MAX,
        help_text="The public reads this line in the call: name the problem, not the finding.",
    )
    why = forms.Text(
        label="What it comes from",
        max_length=WHY_MAX,
        widget=django_forms.Textarea,
        help_text="Only those who run the programme read this.",
    )


class ExportForm(forms.Form):
    """A format."""

    file_format = forms.ChoiceField(
        label="Format",
        choices=[
            ("csv", forms.Described("CSV", "For spreadsheets; fixed columns, version 1.")),
            ("xlsx", forms.Described("XLSX", "The same columns as a workbook.")),
            ("jsonl", forms.Described("JSON Lines", "The same columns, one object a line.")),
            (
                "oscal",
                forms.Described(
                    "OSCAL plan of action (POA&M)",
                    "What is open, by when, under which exception: for a risk team’s own tools.",
                ),
            ),
        ],
        widget=forms.RadioCards,
    )


def lesson_of(title: str, total: int, unmeasured: int) -> dict[str, Any]:
    """A lesson as it may be proposed from a line of the map."""
    noun = "finding" if total == 1 else "findings"
    return {"why": f"{title}: {unmeasured} of {total} {noun} have no measured control."}
