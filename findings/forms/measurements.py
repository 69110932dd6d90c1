"""A count, as the metric keeps it: never a bare rate."""

from __future__ import annotations

import re
from typing import Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator

from fellowship.kernel.saying import say
from fellowship.web import forms
from findings.forms.controls import NUMBER, ConditionFields
from findings.models import ControlMetric, Measurement
from findings.series import FORMATS
from findings.states import Counted
from findings.statistics import (
    LONGEST,
    Conditions,
    Durations,
    Rate,
    Sample,
    Scores,
    Share,
)

_APART = re.compile(r"[\s;]+|,(?=\s|$)")


def _whole(label: str, least: int = 0, **options: Any) -> django_forms.IntegerField:
    return django_forms.IntegerField(label=label, min_value=least, max_value=NUMBER, **options)


def _decimal(label: str, **options: Any) -> django_forms.DecimalField:
    return django_forms.DecimalField(label=label, max_digits=16, decimal_places=4, **options)


class MeasureForm(ConditionFields):
    """What was counted, of what, on which side, when and under which conditions."""

    phase = forms.ChoiceField(
        label=say("Taken"), choices=Measurement.Phase.choices, widget=forms.RadioCards
    )
    taken_on = forms.DateField(label=say("Counted on"))
    note = forms.Text(
        label=say("Note"), max_length=5000, widget=django_forms.Textarea, required=False
    )

    def __init__(self, *args: Any, metric: ControlMetric, **kwargs: Any) -> None:
        self.of = metric
        planned = {name: getattr(metric, name) for name in Conditions.__dataclass_fields__}
        today = metric.control.program.today()
        super().__init__(*args, initial={"taken_on": today, **planned}, **kwargs)
        self._ask(Counted(metric.counted))
        for name, value in planned.items():
            if value:
                self.fields[name].help_text = say(
                    "As planned: {value}. Unlike counts are not compared.", value=value
                )

    def sample(self) -> Sample:
        """What was counted, as a value."""
        return self._sample

    def clean(self) -> dict[str, Any]:
        """The count must be one that can be."""
        data = super().clean() or self.cleaned_data
        if not any(name in self.errors for name in self._asked):
            try:
                self._sample = self._read(data)
            except ValueError as error:
                self.add_error(self._asked[0], _sentence(error))
        return data

    def _ask(self, counted: Counted) -> None:
        asked = _FIELDS[counted](self.of.unit)
        self._asked = tuple(asked)
        self.fields.update(asked)
        self.order_fields(["phase", *asked, "taken_on", *Conditions.__dataclass_fields__, "note"])

    def _read(self, data: dict[str, Any]) -> Sample:
        match Counted(self.of.counted):
            case Counted.RATE:
                return Rate(data["hits"], float(data["exposure"]))
            case Counted.DURATIONS:
                return Durations(_numbers(data["durations"]))
            case Counted.SCORES:
                return Scores(data["trials"], float(data["mean"]), float(data["spread"]))
        return Share(data["hits"], data["trials"])


def _share(unit: str) -> dict[str, django_forms.Field]:
    return {
        "hits": _whole(say("It happened in")),
        "trials": django_forms.IntegerField(
            label=say("of so many trials"),
            max_value=NUMBER,
            validators=[MinValueValidator(1, say("There must have been at least one trial."))],
        ),
    }


def _rate(unit: str) -> dict[str, django_forms.Field]:
    return {
        "hits": _whole(say("It happened so many times")),
        "exposure": _decimal(say("in so many × {unit}", unit=unit), min_value=0),
    }


def _durations(unit: str) -> dict[str, django_forms.Field]:
    return {
        "durations": forms.Text(
            label=say("Each duration, in {unit}", unit=unit),
            max_length=40_000,
            help_text=say(
                "One a line, or with spaces between. At most {LONGEST:,}.", LONGEST=LONGEST
            ),
        )
    }


def _scores(unit: str) -> dict[str, django_forms.Field]:
    return {
        "trials": _whole(say("Number of scores"), 2),
        "mean": django_forms.FloatField(label=say("Their mean")),
        "spread": django_forms.FloatField(label=say("Their standard deviation"), min_value=0),
    }


_FIELDS = {
    Counted.SHARE: _share,
    Counted.RATE: _rate,
    Counted.DURATIONS: _durations,
    Counted.SCORES: _scores,
}


def _numbers(text: str) -> tuple[float, ...]:
    """The numbers of a text; raises ValidationError that names the first that is none."""
    found = []
    for number, word in enumerate((w for w in _APART.split(text) if w), start=1):
        try:
            found.append(float(word))
        except ValueError as error:
            said = say(
                "The {number}. entry, “{word}”, is not a number.", number=number, word=word[:40]
            )
            raise ValidationError(said) from error
    return tuple(found)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


class SeriesForm(forms.Form):
    """A file of results, read into counts."""

    format = forms.ChoiceField(
        label=say("What the file is"),
        choices=[(key, forms.Described(f.label, f.hint)) for key, f in FORMATS.items()],
        widget=forms.RadioCards,
    )
    file = forms.UploadField(
        label=say("File"), extensions=("csv", "json", "jsonl"), max_megabytes=20
    )
    defence = forms.CharField(
        label=say("Name of the control in the file"),
        max_length=200,
        required=False,
        help_text=say(
            "AgentDojo lists each defence by name, such as tool_filter. Rows without one are "
            "the baseline, rows with this name are after. Rows of other defences are refused."
        ),
    )
    phase = forms.ChoiceField(
        label=say("Taken"),
        choices=[("", say("As the file says")), *Measurement.Phase.choices],
        required=False,
        help_text=say("garak’s files do not say on which side they were taken: say it here."),
    )
