"""Forms of oversight."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from fellowship.kernel.saying import say
from fellowship.web import forms
from fellowship.web.sheets import tables
from oversight.lineage.chains import LINKS

_FORMATS = (
    ("csv", forms.Described("CSV", say("Text tables, for any program"))),
    ("xlsx", forms.Described("XLSX", say("Sheets, for Excel and LibreOffice"))),
    ("jsonl", forms.Described(say("JSON Lines"), say("Exact values; rows verify one by one"))),
    ("parquet", forms.Described(say("Parquet"), say("Typed columns, for data tools"))),
)
FORMATS = tuple(choice for choice in _FORMATS if choice[0] in tables.FORMATS)
"""Those that can be written here: Parquet where its library is installed."""


class Period:
    """Two days of which the later does not lie before the earlier."""

    def clean(self) -> Any:
        """The last day comes no sooner than the first."""
        data: dict[str, Any] = super().clean() or {}  # type: ignore[misc]
        from_on, to_on = data.get("from_on"), data.get("to_on")
        if from_on and to_on and to_on < from_on:
            said = say(
                "Choose a day from {from_on:%-d %B %Y} on: the period ends before it begins.",
                from_on=from_on,
            )
            self.add_error("to_on", said)  # type: ignore[attr-defined]
        return data


class CloseForm(forms.Form):
    """How the case ended, in the words of who closes it."""

    reason = forms.Text(
        label=say("How it ended"),
        max_length=2_000,
        help_text=say("A sentence or two, kept with your name and in the package's events."),
    )
    notes = forms.Text(label=say("Notes for later readers"), max_length=5_000, required=False)


class ChainsForm(forms.Form):
    """Which chains of a case are drawn."""

    finding = forms.CharField(label=say("Finding"), max_length=30, required=False)
    missing = forms.ChoiceField(
        label=say("First missing link"),
        choices=[("", say("Any")), *((link, link.capitalize()) for link in LINKS)],
        required=False,
    )


class PeriodForm(Period, forms.Form):
    """A period in days."""

    from_on = forms.DateField(label=say("From"), required=False)
    to_on = forms.DateField(label=say("Up to and with"), required=False)


def midnight(day: dt.date | None) -> dt.datetime | None:
    """The instant a day begins in the reader's zone."""
    if day is None:
        return None
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
