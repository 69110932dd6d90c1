"""What is asked on the portfolio: a topic for the next call, and what to export."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms

from fellowship.kernel.saying import say, say_n
from fellowship.web import forms
from findings.policy.lessons import TOPIC_MAX, WHY_MAX


class LessonForm(forms.Form):
    """A question for the next fellows."""

    topic = forms.Text(
        label=say("Topic in one line"),
        max_length=TOPIC_MAX,
        help_text=say("The public reads this line in the call: name the problem, not the finding."),
    )
    why = forms.Text(
        label=say("What it comes from"),
        max_length=WHY_MAX,
        widget=django_forms.Textarea,
        help_text=say("Only those who run the programme read this."),
    )


class ExportForm(forms.Form):
    """A format."""

    file_format = forms.ChoiceField(
        label=say("Format"),
        choices=[
            ("csv", forms.Described("CSV", say("For spreadsheets; fixed columns, version 1."))),
            ("xlsx", forms.Described("XLSX", say("The same columns as a workbook."))),
            (
                "jsonl",
                forms.Described(say("JSON Lines"), say("The same columns, one object a line.")),
            ),
            (
                "oscal",
                forms.Described(
                    say("OSCAL plan of action (POA&M)"),
                    say(
                        "What is open, by when, under which exception: for a risk team’s own tools."
                    ),
                ),
            ),
        ],
        widget=forms.RadioCards,
    )


def lesson_of(title: str, total: int, unmeasured: int) -> dict[str, Any]:
    """A lesson as it may be proposed from a line of the map."""
    return {
        "why": say_n(
            total,
            "{title}: {unmeasured} of {n} finding has no measured control.",
            "{title}: {unmeasured} of {n} findings have no measured control.",
            title=title,
            unmeasured=unmeasured,
        )
    }
