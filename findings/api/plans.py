"""What a control is judged by, fixed before it ships: planned, amended, read from files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from fellowship.web.api import Input, from_form
from findings import services
from findings.forms.measurements import SeriesForm
from findings.models import Control, ControlMetric
from findings.plans import MetricPlan
from findings.states import ControlType, Family, Metric, Selection, Setting
from findings.statistics import Conditions

CONDITIONS = tuple(Conditions.__dataclass_fields__)
LARGEST = 2_000_000_000


class PlanFieldsInput(Input):
    """What is enough, of what and when it is counted; `threshold` is in the metric's unit."""

    denominator = serializers.CharField(max_length=300)
    threshold = serializers.DecimalField(max_digits=11, decimal_places=4, min_value=Decimal(0))
    minimum_n = serializers.IntegerField(min_value=1, max_value=LARGEST)
    baseline_from = serializers.DateField()
    baseline_until = serializers.DateField()
    selection = serializers.ChoiceField(choices=Selection.choices)
    setting = serializers.ChoiceField(choices=Setting.choices)
    model = serializers.CharField(max_length=200, required=False)
    attack = serializers.CharField(max_length=200, required=False)
    harness = serializers.CharField(max_length=200, required=False)
    harness_version = serializers.CharField(max_length=200, required=False)
    context = serializers.CharField(max_length=200, required=False)  # type: ignore[assignment]


class MetricPlanInput(PlanFieldsInput):
    """One metric, planned; `unit` for a rate or for durations."""

    metric = serializers.ChoiceField(choices=[(m.value, m.label) for m in Metric])
    unit = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class ControlPlanInput(MetricPlanInput):
    """A control for a finding, with its measure fixed before it ships."""

    finding = serializers.CharField(max_length=30)
    title = serializers.CharField(max_length=250)
    description = serializers.CharField(
        max_length=10_000, required=False, default="", allow_blank=True
    )
    family = serializers.ChoiceField(choices=Family.choices)
    control_type = serializers.ChoiceField(choices=ControlType.choices)
    tracker_url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)


class AmendPlanInput(PlanFieldsInput):
    """The plan of the metric of this number as it should stand, and why it changes."""

    number = serializers.IntegerField(min_value=1, max_value=100)
    reason = serializers.CharField(max_length=5_000, required=False, default="", allow_blank=True)


SERIES = from_form(
    SeriesForm, also={"number": serializers.IntegerField(min_value=1, max_value=100)}
)
"""A file of results for the metric of this number."""


class BadRowSerializer(serializers.Serializer[Any]):
    """A row that was not taken."""

    row = serializers.CharField()
    reason = serializers.CharField()


class SeriesSerializer(serializers.Serializer[Any]):
    """What became of a file's rows."""

    taken = serializers.IntegerField()
    known = serializers.IntegerField()
    passed_over = serializers.IntegerField()
    refused = BadRowSerializer(many=True)


def plan_of(said: dict[str, Any], metric: ControlMetric | None = None) -> MetricPlan:
    """The plan in what was said, which it takes out; of `metric`, what is counted stays."""
    under = {name: said.pop(name) for name in CONDITIONS if name in said}
    if metric is not None:
        said |= {"metric": metric.metric, "unit": metric.unit}
    names = (
        *("metric", "unit", "denominator", "threshold", "minimum_n"),
        *("baseline_from", "baseline_until", "selection", "setting"),
    )
    return MetricPlan(conditions=Conditions.of(under), **{name: said.pop(name) for name in names})


def add_metric(*, control: Control, by: Any, **said: Any) -> ControlMetric:
    """Put a cost beside the benefit, before the control ships."""
    return services.add_metric(control=control, plan=plan_of(said), by=by)
