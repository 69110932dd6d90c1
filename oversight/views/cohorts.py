"""The review of a cohort, cohorts beside each other, and the sponsor's page."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.kernel.saying import joined, say
from fellowship.programs.models import Cohort, Program
from fellowship.web import cells, charts
from fellowship.web.columns import Column, Table
from fellowship.web.items import Row
from fellowship.web.shortcuts import visible_among
from fellowship.web.tables import paginate
from findings.states import Counted, Verdict
from oversight import cohort_policy
from oversight.cohort_review import counts, prediction, questions, times
from oversight.cohort_review.counts import Cut
from oversight.cohort_review.prediction import Relation
from oversight.cohort_review.times import StageTime, Stall
from oversight.models import CohortSurvey, Recommendation
from oversight.office import cohorts, figures, stalls
from oversight.office.figures import View
from oversight.states import SCALE
from oversight.views.beside import of_office
from oversight.views.office import cohort_of, in_office, stats
from oversight.views.programs import choose, links_of
from oversight.views.waits import stalled

TONES = {
    Verdict.REDUCED: "good",
    Verdict.WORSE: "bad",
    Verdict.NOT_SHOWN: "warn",
    Verdict.INSUFFICIENT: "warn",
}
STAGES: tuple[Column[StageTime], ...] = (
    Column(say("Stage"), lambda t: cells.beside(t.label, cells.meta(t.side))),
    Column(say("Cases"), lambda t: t.cases, num=True),
    Column(say("Median"), lambda t: f"{t.median:g}", num=True),
    Column(say("90 % within"), lambda t: t.p90, num=True),
    Column(say("Longest"), lambda t: t.longest, num=True),
    Column(say("There still"), lambda t: t.still or "–", num=True),
    Column(say("Oldest there"), lambda t: "–" if t.oldest is None else t.oldest, num=True),
)
STALLS: tuple[Column[Stall], ...] = (
    Column(say("Waited for"), lambda s: cells.beside(s.what, cells.meta(s.side))),
    Column(say("Times"), lambda s: s.waits, num=True),
    Column(say("Median"), lambda s: f"{s.median:g}", num=True),
    Column(say("90 % within"), lambda s: s.p90, num=True),
    Column(say("Longest"), lambda s: s.longest, num=True),
    Column(say("Past due"), lambda s: s.late or "–", num=True),
    Column(say("Most days past due"), lambda s: s.holder or "–"),
)


def _rho(found: Relation) -> str:
    if found.rho is None:
        return "–"
    return say(
        "{rho:+.2f} ({low:+.2f} to {high:+.2f})", rho=found.rho, low=found.low, high=found.high
    ).replace("-", "−")


def _state(row: Recommendation) -> object:
    if row.settled_at:
        return cells.tag(row.get_outcome_display(), "good" if row.outcome == "done" else "plain")
    late = row.due_on < row.program.today()
    return cells.tag(say("Overdue"), "bad") if late else cells.tag(say("To do"), "warn")


RELATIONS: tuple[Column[Relation], ...] = (
    Column(say("What came of it"), lambda r: r.label),
    Column(say("Fellowships"), lambda r: r.n, num=True),
    Column(say("Rank correlation"), _rho, num=True),
    Column(say("In words"), lambda r: r.words),
)
TASKS: tuple[Column[Recommendation], ...] = (
    Column(say("To do"), lambda r: cells.link(r.get_absolute_url(), r.text)),
    Column(say("Who"), lambda r: r.owner),
    Column(say("Due"), lambda r: cells.when(r.due_on, "date"), num=True),
    Column(say("State"), _state),
)
SHOWN = 12
"""Things waited for on the page of a cohort."""


@in_office
def cohort(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """The review of one cohort: what came of it, where it stalled, what those involved say."""
    found = cohort_of(program, str(pk))
    if found is None:
        raise Http404
    user: Any = request.user
    view, calendar = View.of(program.pk, request.user, found.pk), program.calendar()
    spent, controls = times.stage_times(view, calendar), figures.measured(view)
    relations = prediction.relations(view, controls)
    tasks = Recommendation.objects.filter(cohort=found).select_related("owner", "program")
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "cohort": found,
        "at": view.at,
        "cells": counts.of(view, Cut(cohort=found.pk)),
        "times": Table(
            say("Working days in each stage"),
            STAGES,
            spent,
            empty=say("No case began yet."),
            hint=say("A case begins when the board accepts a proposal of this cohort."),
        ),
        "time_chart": charts.bars(
            [
                charts.Bar(t.label, t.median, say("longest {longest}", longest=t.longest))
                for t in spent
            ],
            title=say("Median working days in each stage"),
            unit=say("days"),
        )
        if spent
        else None,
        "stalls": Table(
            say("Where it stalled and on whom"),
            STALLS,
            times.stalls(view, calendar)[:SHOWN],
            empty=say("Nothing was waited for yet."),
            hint=say("Each wait of the cohort's cases is added up here, by who held it."),
        ),
        "relations": Table(say("Scores and outcomes"), RELATIONS, relations),
        "relation_chart": _relation_chart(relations),
        "sides": cohorts.sides(view, calendar),
        "verdicts": _verdicts(controls),
        "tasks": Table(
            say("Recommendations"),
            TASKS,
            tasks[:50],
            empty=say("Nothing is recommended yet."),
            hint=say("What the next call is to do otherwise, each with an owner and a date."),
        ),
        "may_recommend": cohort_policy.may_recommend(found, user),
        **_survey(found, user),
    }
    return render(request, "oversight/cohort.html", context)


def _survey(cohort: Cohort, user: Any) -> dict[str, Any]:
    """The survey as it may be shown: nothing of its answers while it takes more."""
    survey = CohortSurvey.objects.filter(cohort=cohort).first()
    if survey is None:
        return {"survey": None, "may_open": cohort_policy.may_open_survey(cohort, user)}
    closed = not survey.is_open()
    sides = questions.sides(survey) if closed else []
    points = [words for _, words in SCALE]
    return {
        "survey": survey,
        "survey_open": not closed,
        "survey_sides": [(side, _told(side, points)) for side in sides],
        "answered": survey.invitations.filter(answered=True).count() if not closed else None,
    }


def _told(side: questions.Side, points: Sequence[str]) -> Table[questions.Told]:
    def of(place: int) -> Column[questions.Told]:
        return Column(points[place], lambda told: told.counts[place] or "–", num=True)

    return Table(
        say("What {label} say", label=side.label.lower()),
        (
            Column(say("Question"), lambda told: told.text),
            *(of(place) for place in range(len(points))),
            Column(say("Mean"), lambda told: f"{told.mean:.1f}", num=True),
        ),
        side.told,
    )


@in_office
def compare(request: HttpRequest, program: Program) -> HttpResponse:
    """Cohorts, tracks and models beside each other; each number leads to its cases."""
    view = View.of(program.pk, request.user)
    known, labels = counts.cube(view), counts.labels(program.pk)
    at = reverse("oversight:program", args=[program.slug])
    headings = {"cohort": say("Cohort"), "track": say("Track"), "model": say("Model")}
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "at": view.at,
        "tables": [
            (
                say("By {heading}", heading=heading.lower()),
                _compared(at, heading, counts.compared(known, dimension, labels[dimension])),
            )
            for dimension, heading in headings.items()
        ],
        "cohorts": labels["cohort"],
    }
    return render(request, "oversight/cohorts.html", context)


def _compared(at: str, heading: str, rows: list[counts.Row]) -> Table[counts.Row]:
    def of(place: int, line: counts.Line) -> Column[counts.Row]:
        def cell(row: counts.Row) -> object:
            one = row.cells[place]
            if not one.value:
                return "–"
            return cells.link(f"{at}outcomes/{line.key}/?{one.query}", f"{one.value:,}")

        return Column(line.label, cell, num=True)

    return Table(
        say("By {heading}", heading=heading.lower()),
        (
            Column(heading, lambda row: row.label),
            *(of(place, line) for place, line in enumerate(counts.LINES)),
            Column(say("Accepted of received"), lambda row: row.share, num=True),
        ),
        rows,
        dense=True,
        empty=say("Nothing to count yet."),
        hint=say("Proposals are counted from the first that is sent."),
    )


@in_office
def outcomes(request: HttpRequest, program: Program, key: str) -> HttpResponse:
    """The records behind a number of the review: as many as it says."""
    line = counts.BY_KEY.get(key)
    if line is None:
        raise Http404
    found = cohort_of(program, request.GET.get("cohort", ""))
    names = counts.labels(program.pk)
    cut = Cut(
        found.pk if found else None,
        *(v if (v := request.GET.get(d, "")) in names[d] else "" for d in ("track", "model")),
    )
    page = paginate(request, counts.behind(View.of(program.pk, request.user), key, cut))
    opens = visible_among(page, request.user)
    within = [str(found) if found else "", names["track"].get(cut.track, "")]
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "line": line,
        "within": joined(", ", (w for w in (*within, names["model"].get(cut.model, "")) if w)),
        "page": page,
        "table": Table(
            line.label,
            (
                Column(say("Case"), lambda row: _case(line, row, row.pk in opens)),
                Column(say("State"), lambda row: line.says(row)[1]),
            ),
            page,
            page=page,
            empty=say("None so far."),
            hint=say("Each case that comes so far stands here and is counted in the review."),
        ),
    }
    return render(request, "oversight/outcomes.html", context)


def _case(line: counts.Line, row: Any, opens: bool) -> object:
    title = line.says(row)[0]
    target = row if hasattr(row, "get_absolute_url") else getattr(row, "fellowship", None)
    return cells.link(target.get_absolute_url(), title) if opens and target else title


@login_required
@require_safe
def sponsored(request: HttpRequest) -> HttpResponse:
    """The programmes whose sponsor the person is; straight in where there is one."""
    return choose(
        request,
        roles.SPONSOR,
        route="oversight:sponsor",
        title=say("Sponsor’s page"),
        lede=say("What risk fell, where we stall, who we grew: one page for each programme."),
        beside=of_office,
    )


@in_office
def sponsor(request: HttpRequest, program: Program) -> HttpResponse:
    """One page: what risk fell, where we stall, who we grew."""
    view, calendar = View.of(program.pk, request.user), program.calendar()
    waiting_now = stalls.stalls(view, calendar)
    controls = figures.measured(view)
    proven = [c for c in controls if c.comparison()]
    context = {
        "program": program,
        "links": links_of(program, request.user),
        "at": view.at,
        "measured": [(c, c.comparison(), _tone(c)) for c in proven[:12]],
        "verdicts": _verdicts(controls),
        "risk_chart": _risk_chart(proven),
        "stalls": stalled(program, waiting_now[:5]),
        "counts": stats(
            program,
            figures.count(
                view,
                *("fellowships", "findings", "controls", "verified", "publications", "talent"),
                most=figures.MOST,
            ),
        ),
        "worries": stats(
            program, figures.count(view, "exceptions", "escalations", most=figures.MOST)
        ),
        "sides": cohorts.sides(view, calendar),
        "next": Recommendation.objects.for_the_next_call(program).select_related(
            "owner", "program"
        )[:6],
    }
    return render(request, "oversight/sponsor.html", context)


def _tone(control: Any) -> str:
    comparison = control.comparison()
    return TONES[comparison.verdict] if comparison else "plain"


def _verdicts(controls: list[Any]) -> list[Row]:
    """Controls in use by verdict, those not measured on both sides among them."""
    unmeasured = say("Not measured on both sides")
    tally: Counter[str] = Counter()
    for control in controls:
        comparison = control.comparison()
        tally[comparison.verdict.label if comparison else unmeasured] += 1
    return [Row(label, tally[label]) for label in (*(v.label for v in Verdict), unmeasured)]


def _relation_chart(found: list[Relation]) -> charts.Chart | None:
    """The rank correlations with their intervals; none where none could be computed."""
    lines = [charts.Interval(r.label, r.rho, r.low, r.high) for r in found if r.rho is not None]
    if not lines:
        return None
    return charts.intervals(lines, title=say("Scores and outcomes"), low=-1, high=1, threshold=0)


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
    return charts.intervals(lines, title=say("Measured before and after"), unit="%", low=0, high=1)
