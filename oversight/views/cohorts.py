"""The review of a cohort, and the sponsor's page."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.programs.models import Program
from fellowship.web import charts
from fellowship.web.items import Row
from findings.states import Counted, Verdict
from oversight.office import cohorts, figures, stalls
from oversight.office.figures import FUNNEL, View
from oversight.views.office import cohort_of, in_office
from oversight.views.programs import links_of

TONES = {
    Verdict.REDUCED: "good",
    Verdict.WORSE: "bad",
    Verdict.NOT_SHOWN: "warn",
    Verdict.INSUFFICIENT: "warn",
}


@in_office
def cohort(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """The review of one cohort, beside the programme's others."""
    found = cohort_of(program, str(pk))
    if found is None:
        raise Http404
    view, calendar = View.of(program.pk, request.user, found.pk), program.calendar()
    counted = figures.count(view, *FUNNEL, "publications", "talent")
    times = cohorts.stage_times(view, calendar)
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "cohort": found,
        "at": view.at,
        "counts": counted,
        "times": times,
        "time_chart": charts.bars(
            [charts.Bar(t.label, t.median, f"longest {t.longest}") for t in times],
            title="Median working days in each stage",
            unit="days",
        )
        if times
        else None,
        "sides": cohorts.sides(view, calendar),
        "verdicts": _verdicts(view),
    }
    return render(request, "oversight/cohort.html", context)


@in_office
def sponsor(request: HttpRequest, program: Program) -> HttpResponse:
    """One page: what risk fell, where we stall, who we grew."""
    view, calendar = View.of(program.pk, request.user), program.calendar()
    waiting_now = stalls.stalls(view, calendar)
    proven = [c for c in figures.measured(view) if c.comparison()]
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "at": view.at,
        "measured": [(c, c.comparison(), _tone(c)) for c in proven[:12]],
        "verdicts": _verdicts(view),
        "risk_chart": _risk_chart(proven),
        "stalls": waiting_now[:5],
        "counts": figures.count(
            view, "fellowships", "findings", "controls", "verified", "publications", "talent"
        ),
        "worries": figures.count(view, "exceptions", "escalations"),
        "sides": cohorts.sides(view, calendar),
    }
    return render(request, "oversight/sponsor.html", context)


def _tone(control: Any) -> str:
    comparison = control.comparison()
    return TONES[comparison.verdict] if comparison else "plain"


def _verdicts(view: View) -> list[Row]:
    """Controls in use by verdict, those not measured on both sides among them."""
    tally: Counter[str] = Counter()
    for control in figures.measured(view):
        comparison = control.comparison()
        tally[str(comparison.verdict.label) if comparison else "Not measured on both sides"] += 1
    order = [str(v.label) for v in Verdict] + ["Not measured on both sides"]
    return [Row(label, tally[label]) for label in order]


def _risk_chart(controls: list[Any]) -> charts.Chart | None:
    """The latest controls' shares before and after, with their intervals."""
    lines = []
    compared = ((control, control.comparison()) for control in controls)
    shares = ((c, found) for c, found in compared if found.counted == Counted.SHARE)
    for control, comparison in itertools.islice(shares, 4):
        for name, share, tone in (
            ("before", comparison.before, "accent"),
            ("after", comparison.after, TONES[comparison.verdict]),
        ):
            low, high = share.interval()
            lines.append(
                charts.Interval(f"{control.ref} {name}", share.value, low, high, tone=tone)  # type: ignore[arg-type]
            )
    if not lines:
        return None
    return charts.intervals(lines, title="Measured before and after", unit="%", low=0, high=1)
