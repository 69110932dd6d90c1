"""One control: its measure, its verdict, and the verbs that ship and prove it."""

from __future__ import annotations

from typing import Any, Literal

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from fellowship.history.queries import timeline
from fellowship.web import charts
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from findings import policy, services
from findings.forms import MeasureForm
from findings.models import Control, Measurement
from findings.standing import of_control
from findings.states import Verdict
from findings.statistics import Comparison, Share
from scoping.policy.standing import seen_by

TONES = {
    Verdict.REDUCED: "good",
    Verdict.WORSE: "bad",
    Verdict.NOT_SHOWN: "warn",
    Verdict.INSUFFICIENT: "warn",
}


def _control(request: HttpRequest, ref: str) -> Control:
    rows = Control.objects.select_related(
        "finding__fellowship__fellow", "finding__program", "owner", "deployed_by", "verified_by"
    ).prefetch_related(Prefetch("measurements", Measurement.objects.select_related("measured_by")))
    found: Control = visible_or_404(rows, request.user, ref=ref)
    seen_by(found.finding.fellowship, request.user)  # type: ignore[arg-type]
    return found


def _url(control: Control) -> str:
    return reverse("findings:control", args=[control.ref])


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The control, before and after."""
    control = _control(request, ref)
    by: Any = request.user
    comparison = control.comparison()
    events = list(timeline(control)[:20])
    return render(
        request,
        "findings/control.html",
        {
            "control": control,
            "comparison": comparison,
            "standing": of_control(control, since=events[-1].at if events else None),
            "counts": _counts(control),
            "tone": TONES[comparison.verdict] if comparison else "plain",
            "chart": chart_of(control, comparison),
            "points": points(comparison),
            "events": events,
            "may_measure_before": policy.may_measure(control, Measurement.Phase.BASELINE, by),
            "may_measure_after": policy.may_measure(control, Measurement.Phase.AFTER, by),
            "may_deploy": policy.may_deploy(control, by),
            "may_verify": policy.may_verify(control, by),
        },
    )


def _counts(control: Control) -> list[tuple[Measurement, Comparison | None, bool]]:
    """Each count, the verdict a count after gives, and whether a later one took its place."""
    seen: set[str] = set()
    found = []
    for one in control.measurements.all():
        shown = control.comparison(one) if one.phase == Measurement.Phase.AFTER else None
        found.append((one, shown, one.phase in seen))
        seen.add(one.phase)
    return found


@login_required
def measure(request: HttpRequest, ref: str) -> HttpResponse:
    """Record a count."""
    control = _control(request, ref)
    form = MeasureForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.measure(control=control, by=_by(request), **form.cleaned_data),
        template="findings/measure.html",
        context=lambda: {"control": control},
        to=_url(control),
    )


@verb
def deploy(request: HttpRequest, ref: str) -> HttpResponse:
    """Record that it is live."""
    control = _control(request, ref)
    return act(
        request,
        lambda: services.deploy_control(control=control, by=_by(request)),
        success="Deployed. Measure again when there is enough to count.",
        to=_url(control),
    )


@verb
def waive(request: HttpRequest, ref: str) -> HttpResponse:
    """Go without a baseline, visibly."""
    control = _control(request, ref)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.waive_baseline(control=control, by=_by(request), reason=reason),
        success="The baseline is waived, and the reason stands on this page.",
        to=_url(control),
    )


@verb
def verify(request: HttpRequest, ref: str) -> HttpResponse:
    """Confirm that the measurement shows it."""
    control = _control(request, ref)
    return act(
        request,
        lambda: services.verify_control(control=control, by=_by(request)),
        success="Verified.",
        to=_url(control),
    )


def chart_of(control: Control, comparison: Comparison | None) -> charts.Chart | None:
    """Before and after as intervals, or what there is of them."""
    if comparison is None:
        return None
    return charts.intervals(
        [_interval("Before", comparison.before), _interval("After", comparison.after, "good")],
        title=control.get_metric_display(),
        unit="%",
        low=0,
        high=1,
    )


def points(comparison: Comparison | None) -> dict[str, str] | None:
    """The difference and its interval in percentage points, as text."""
    if comparison is None:
        return None
    low, high = comparison.interval
    return {
        "difference": f"{comparison.difference * 100:+.0f}",
        "low": f"{low * 100:+.0f}",
        "high": f"{high * 100:+.0f}",
        "detectable": f"{comparison.detectable * 100:.0f}",
    }


def _interval(
    label: str, share: Share, tone: Literal["plain", "good"] = "plain"
) -> charts.Interval:
    low, high = share.interval()
    return charts.Interval(f"{label} {share}", share.rate, low, high, tone=tone)


def _by(request: HttpRequest) -> Any:
    return request.user
