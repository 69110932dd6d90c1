"""A control and what it is judged by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms as django_forms

from fellowship.kernel.saying import say
from fellowship.web import forms
from findings.models import ControlMetric
from findings.models.conditions import LENGTH
from findings.plans import MetricPlan
from findings.states import COUNTED, ControlType, Counted, Family, Metric, Selection, Setting
from findings.statistics import Conditions

NUMBER = 2_000_000_000


class ConditionFields(forms.Form):
    """Under what it is counted."""

    model = forms.CharField(label=say("Model"), max_length=LENGTH, required=False)
    attack = forms.CharField(
        label=say("Attack or set of requests"), max_length=LENGTH, required=False
    )
    harness = forms.CharField(label=say("Harness"), max_length=LENGTH, required=False)
    harness_version = forms.CharField(
        label=say("Harness version"), max_length=LENGTH, required=False
    )
    context = forms.CharField(
        label=say("Context"),
        max_length=LENGTH,
        required=False,
        help_text=say(
            "What else has to be the same on both sides: language, tools, system prompt."
        ),
    )

    def conditions(self) -> Conditions:
        """Those given."""
        return Conditions.of(self.cleaned_data)


class PlanFields(ConditionFields):
    """What is fixed before it ships, whatever is counted."""

    denominator = forms.CharField(
        label=say("What one of those counted is"),
        max_length=300,
        help_text=say(
            "The denominator: “one attack of the fixed set”, “one session of a paying user”, "
            "“from the alert to the end of the session”."
        ),
    )
    threshold = django_forms.DecimalField(
        label=say("Least improvement that counts"),
        min_value=0,
        max_digits=11,
        decimal_places=4,
        help_text=say(
            "In percentage points for a share, otherwise in its unit. Only a change larger "
            "than this counts; with 0 any change counts that the numbers can show."
        ),
    )
    minimum_n = django_forms.IntegerField(
        label=say("Least number on either side"),
        min_value=1,
        max_value=NUMBER,
        help_text=say(
            "Trials, units of exposure, durations or scores. With fewer the verdict is "
            "“insufficient data”."
        ),
    )
    baseline_from = forms.DateField(label=say("Baseline counted from"))
    baseline_until = forms.DateField(
        label=say("Baseline counted until"), help_text=say("Counts of other days are no baseline.")
    )
    selection = forms.ChoiceField(
        label=say("Why this baseline"),
        choices=[
            (
                Selection.PLANNED,
                forms.Described(say("Planned"), say("Before any number was known")),
            ),
            (
                Selection.STOOD_OUT,
                forms.Described(
                    say("A number stood out"), say("The verdict then warns: such numbers fall.")
                ),
            ),
        ],
        widget=forms.RadioCards,
    )
    setting = forms.ChoiceField(
        label=say("Where it is counted"),
        choices=[
            (Setting.USE, forms.Described(say("In use"), say("Before and after it went live"))),
            (
                Setting.BENCH,
                forms.Described(
                    say("On a test bench"), say("By a harness, with it switched off and on")
                ),
            ),
        ],
        widget=forms.RadioCards,
    )

    def _points(self, counted: str) -> Decimal:
        given: Decimal = self.cleaned_data["threshold"]
        return given / 100 if counted == Counted.SHARE else given

    def _plan(self, metric: str, unit: str) -> MetricPlan:
        data = self.cleaned_data
        names = (
            *("denominator", "minimum_n", "baseline_from", "baseline_until"),
            *("selection", "setting"),
        )
        return MetricPlan(
            metric=metric,
            unit=unit,
            threshold=self._points(COUNTED[Metric(metric)]),
            conditions=self.conditions(),
            **{name: data[name] for name in names},
        )


class MetricForm(PlanFields):
    """One metric, planned."""

    metric = forms.ChoiceField(
        label=say("Measured by"),
        choices=[
            ("", say("Choose")),
            *(
                (
                    m.value,
                    say(
                        "{metric} ({counted})",
                        metric=m.label,
                        counted=COUNTED[m].label.partition(":")[0].lower(),
                    ),
                )
                for m in Metric
            ),
        ],
    )
    unit = forms.CharField(
        label=say("Unit"),
        max_length=60,
        required=False,
        help_text=say(
            "For a rate the exposure, such as “1,000 sessions”; for durations “minutes” or "
            "“hours”. Empty for shares and scores."
        ),
    )
    field_order: tuple[str, ...] = (
        *("metric", "denominator", "unit", "threshold", "minimum_n"),
        *("baseline_from", "baseline_until", "selection", "setting"),
    )

    def plan(self) -> MetricPlan:
        """The plan it describes."""
        return self._plan(self.cleaned_data["metric"], self.cleaned_data["unit"])


class CostForm(MetricForm):
    """A cost beside the benefit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["threshold"].label = say("Largest worsening you accept")
        self.fields["threshold"].help_text = say(
            "In percentage points for a share, otherwise in its unit. The verdict says whether "
            "the cost stayed within it."
        )


class ControlForm(MetricForm):
    """A control, with its measure fixed before it ships."""

    title = forms.Text(
        label=say("Control in one line"), max_length=250, widget=django_forms.TextInput
    )
    description = forms.Text(
        label=say("What it does"), max_length=10_000, widget=django_forms.Textarea, required=False
    )
    family = forms.ChoiceField(
        label=say("Family"),
        choices=[
            (
                Family.PREVENTIVE,
                forms.Described(say("Preventive"), say("Blocks it before it happens")),
            ),
            (Family.DETECTIVE, forms.Described(say("Detective"), say("Shows it when it happens"))),
            (
                Family.CORRECTIVE,
                forms.Described(say("Corrective"), say("Makes it rarer next time")),
            ),
            (
                Family.COMPENSATING,
                forms.Described(
                    say("Compensating"), say("Lowers the risk while a lasting fix is built")
                ),
            ),
        ],
        widget=forms.RadioCards,
    )
    control_type = forms.ChoiceField(
        label=say("Kind"), choices=[("", say("Choose")), *ControlType.choices]
    )
    tracker_url = django_forms.URLField(
        label=say("Link in your tracker"), required=False, assume_scheme="https"
    )
    field_order = (
        *("title", "description", "family", "control_type", "tracker_url"),
        *MetricForm.field_order,
    )

    def control(self) -> dict[str, Any]:
        """The control without what it is measured by."""
        names = ("title", "description", "family", "control_type", "tracker_url")
        return {name: self.cleaned_data[name] for name in names}


class AmendForm(PlanFields):
    """Another plan for a metric; what is counted, and in which unit, stays."""

    reason = forms.Text(
        label=say("Why you change it"),
        max_length=5000,
        widget=django_forms.Textarea,
        help_text=say(
            "Shown beside the verdict, with your name, to everyone who sees the control."
        ),
    )
    field_order = (
        *("denominator", "threshold", "minimum_n", "baseline_from", "baseline_until"),
        *("selection", "setting", *Conditions.__dataclass_fields__, "reason"),
    )

    def __init__(self, *args: Any, metric: ControlMetric, **kwargs: Any) -> None:
        self.of = metric
        initial = {n: getattr(metric, n) for n in self.base_fields if hasattr(metric, n)}
        share = metric.counted == Counted.SHARE
        least = metric.threshold * 100 if share else metric.threshold
        initial["threshold"] = f"{least.normalize():f}"
        super().__init__(*args, initial=initial, **kwargs)
        if not metric.primary:
            self.fields["threshold"].label = say("Largest worsening you accept")
        if not metric.control.locked:
            self.fields["reason"].required = False
            self.fields["reason"].help_text = say("Kept in the record with your name.")

    def plan(self) -> MetricPlan:
        """The plan as amended."""
        return self._plan(self.of.metric, self.of.unit)
