"""Counts: one entered by hand, or a file of them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.web.actions import attempt, form_page, form_verb
from findings import policy, services
from findings.forms import MeasureForm, SeriesForm
from findings.models import ControlMetric, Measurement
from findings.views.control import metric_of, of, url_of


@login_required
def measure(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Record what was counted on one side."""
    control = of(request, ref)
    metric = metric_of(control, number)
    form = MeasureForm(request.POST or None, metric=metric)
    return form_verb(
        request,
        form,
        lambda: services.measure(
            metric=metric,
            by=_by(request),
            sample=form.sample(),
            conditions=form.conditions(),
            **{name: form.cleaned_data[name] for name in ("phase", "taken_on", "note")},
        ),
        template="findings/measure.html",
        context=lambda: {
            "control": control,
            "metric": metric,
            "refused": _refused(request, metric),
        },
        to=url_of(control),
    )


@login_required
def series(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Read counts from a file; what was refused is named on the page that follows."""
    control = of(request, ref)
    metric = metric_of(control, number)
    form = SeriesForm(request.POST or None, request.FILES or None)
    context = {"control": control, "metric": metric, "refused": _refused(request, metric)}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        file = cast("UploadedFile[Any]", given["file"])
        report = attempt(
            form,
            lambda: services.read_series(
                metric=metric,
                data=file.read(),
                by=_by(request),
                **{name: given[name] for name in ("format", "defence", "phase")},
            ),
        )
        if report is not None:
            return render(
                request,
                "findings/series_read.html",
                {**context, "report": report, "name": file.name},
            )
    return form_page(request, "findings/series.html", form, context)


def _refused(request: HttpRequest, metric: ControlMetric) -> Any:
    """Why nobody may count here now; None where either side may be counted."""
    control = metric.control
    found = [policy.may_measure(control, phase, _by(request)) for phase in Measurement.Phase]
    return None if None in found else found[0]


def _by(request: HttpRequest) -> Any:
    return request.user
