"""One control: what it is judged by, its verdicts, and the verbs that ship and prove it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.history.queries import latest
from fellowship.kernel.prepared import hold, read
from fellowship.kernel.saying import say
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import seen_key
from findings import pictures, policy, services
from findings.forms import AmendForm, CostForm
from findings.judging import Judgement, judged
from findings.models import Control, ControlMetric, Measurement, PlanAmendment
from findings.standing import of_control
from findings.statistics import Comparison
from scoping.policy.standing import seen_by


def of(request: HttpRequest, ref: str) -> Control:
    """The control as the person may see it, with its metrics, counts and amendments."""
    key = seen_key(Control, request.user, ref=ref)
    found: Control = _whole(key)[0]
    found.finding.program = found.program
    metrics = _metrics(key)
    keys = [metric.pk for metric in metrics]
    counts, amendments = _measurements(keys), _amendments(keys)
    for metric in metrics:
        metric.control = found
        hold(metric, "measurements", _of(metric, counts))
        hold(metric, "amendments", _of(metric, amendments))
    hold(found, "metrics", metrics)
    seen_by(found.finding.fellowship, request.user)  # type: ignore[arg-type]
    return found


def _of(metric: ControlMetric, rows: list[Any]) -> list[Any]:
    mine = [row for row in rows if row.metric_id == metric.pk]
    for row in mine:
        row.metric = metric
    return mine


@read
def _whole(key: int) -> QuerySet[Control]:
    return Control.objects.filter(pk=key).select_related(
        *("finding__fellowship__fellow", "finding__reported_by", "program", "owner"),
        *("deployed_by", "verified_by", "waived_by"),
    )


@read
def _metrics(key: int) -> QuerySet[ControlMetric]:
    return ControlMetric.objects.filter(control_id=key)


@read
def _measurements(keys: list[int]) -> QuerySet[Measurement]:
    return Measurement.objects.filter(metric_id__in=keys).select_related("measured_by")


@read
def _amendments(keys: list[int]) -> QuerySet[PlanAmendment]:
    return PlanAmendment.objects.filter(metric_id__in=keys).select_related("amended_by")


def metric_of(control: Control, number: int) -> ControlMetric:
    """The control's metric of this number; 404 where there is none."""
    found = next((one for one in control.metrics.all() if one.number == number), None)
    if found is None:
        raise Http404
    return found


def url_of(control: Control) -> str:
    """The control's page."""
    return reverse("findings:control", args=[control.ref])


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The control: benefit and costs, before and after."""
    control = of(request, ref)
    by: Any = request.user
    found = judged(control, by)
    events = latest(control, 20)
    measures = [policy.may_measure(control, phase, by) for phase in Measurement.Phase]
    return render(
        request,
        "findings/control.html",
        {
            "control": control,
            "benefit": _shown(found[0]) if found else None,
            "costs": [_shown(one) for one in found[1:]],
            "standing": of_control(control, since=events[-1].at if events else None),
            "counts": [row for metric in control.metrics.all() for row in _counts(metric)],
            "plans": list(control.metrics.all()),
            "amendments": [a for m in control.metrics.all() for a in m.amendments.all()],
            "events": events,
            "may_count": None in measures,
            "may_add": policy.may_add_metric(control, by),
            "may_waive": policy.may_waive(control, by),
            "may_deploy": policy.may_deploy(control, by),
            "may_verify": policy.may_verify(control, by),
            "may_withdraw": policy.may_withdraw(control, by),
            "closes": control.finding.closing_control_id == control.pk,
            "may_amend": policy.may_triage(control.finding, by),
        },
    )


def _shown(one: Judgement) -> dict[str, Any]:
    """A judged metric with its pictures and figures."""
    return {
        "metric": one.metric,
        "judgement": one,
        "chart": pictures.before_and_after(one),
        "difference": pictures.difference(one) if one.metric.primary else None,
        "series": pictures.over_time(one.metric),
        "figures": pictures.figures(one),
    }


def _counts(metric: ControlMetric) -> list[tuple[Measurement, Comparison | None, bool]]:
    """Each count, the verdict a count after gives, and whether a later one took its place."""
    seen: set[str] = set()
    found = []
    for one in metric.measurements.all():
        shown = metric.comparison(one) if one.phase == Measurement.Phase.AFTER else None
        found.append((one, shown, one.phase in seen))
        seen.add(one.phase)
    return found


@login_required
def add_metric(request: HttpRequest, ref: str) -> HttpResponse:
    """Put a cost beside the benefit."""
    control = of(request, ref)
    form = CostForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.add_metric(control=control, by=_by(request), plan=form.plan()),
        template="findings/metric.html",
        context=lambda: {
            "control": control,
            "refused": policy.may_add_metric(control, _by(request)),
        },
        to=url_of(control),
    )


@login_required
def amend(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Change what a metric is judged by."""
    control = of(request, ref)
    metric = metric_of(control, number)
    form = AmendForm(request.POST or None, metric=metric)
    return form_verb(
        request,
        form,
        lambda: services.amend_plan(
            metric=metric, by=_by(request), plan=form.plan(), reason=form.cleaned_data["reason"]
        ),
        template="findings/amend.html",
        context=lambda: {
            "control": control,
            "metric": metric,
            "refused": policy.may_amend(metric, _by(request)),
        },
        to=url_of(control),
    )


@verb
def deploy(request: HttpRequest, ref: str) -> HttpResponse:
    """Record that it is live."""
    control = of(request, ref)
    return act(
        request,
        lambda: services.deploy_control(control=control, by=_by(request)),
        success=say("Deployed, and the plan is locked. Count again when there is enough."),
        to=url_of(control),
    )


@verb
def waive(request: HttpRequest, ref: str) -> HttpResponse:
    """Go without a baseline, visibly."""
    control = of(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.waive_baseline(control=control, by=_by(request), reason=reason),
        success=say("The baseline is waived, and the reason stands on this page."),
        to=url_of(control),
    )


@verb
def verify(request: HttpRequest, ref: str) -> HttpResponse:
    """Confirm that the measurement shows it."""
    control = of(request, ref)
    return act(
        request,
        lambda: services.verify_control(control=control, by=_by(request)),
        success=say("Verified."),
        to=url_of(control),
    )


def _by(request: HttpRequest) -> Any:
    return request.user
