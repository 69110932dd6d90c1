"""The component page: every component with believable content, for those who build pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.kernel import time
from fellowship.kernel.refusals import Refusal
from fellowship.web import autosave, charts, forms
from fellowship.web.items import Change, ClockFace, Entry, Link, Row, SeatMark, Task
from fellowship.web.standing import Blocker, Standing
from fellowship.web.tables import Page
from fellowship.web.views import refuse_components

_DAY = dt.timedelta(days=1)
_SCORES = (
    (4, forms.Described("4", "Would change how we work")),
    (3, forms.Described("3", "Solid, with known limits")),
    (2, forms.Described("2", "Unclear whether it can be answered")),
    (1, forms.Described("1", "Not answerable as written")),
)
_POSITIONS = (
    ("approve", forms.Described("Approve")),
    (
        "conditions",
        forms.Described("Approve with conditions", "Opens when each is verified"),
    ),
    ("deny", forms.Described("Deny", "The rationale goes to the fellow")),
    ("abstain", forms.Described("Abstain", "Counts towards the quorum, not towards the outcome")),
)


class SampleForm(forms.Form):
    """One field of every kind."""

    title = forms.CharField(label="Title", help_text="As it will stand in the public list.")
    track = forms.ChoiceField(
        label="Track",
        choices=[("open", "Open methods"), ("controlled", "Controlled access")],
        required=False,
    )
    summary = forms.Text(label="Summary", max_length=600, help_text="Plain language, no jargon.")
    starts = forms.DateField(label="First day", required=False)
    position = forms.ChoiceField(label="Position", choices=_POSITIONS, widget=forms.RadioCards)
    rigour = forms.ChoiceField(label="Rigour", choices=_SCORES, widget=forms.RadioScale)
    outputs = forms.MultipleChoiceField(
        label="Outputs",
        choices=[("paper", "Paper"), ("data", "Dataset"), ("tool", "Tool")],
        widget=forms.Checks,
        required=False,
    )
    evidence = forms.UploadField(label="Evidence", extensions=["pdf", "json"], required=False)
    declared = forms.BooleanField(label="I declare that I hold no conflict of interest")


def components(request: HttpRequest) -> HttpResponse:
    """The page; a POST shows the form with its errors, a button its message."""
    refuse_components()
    if request.method == "POST" and "sample" not in request.POST:
        messages.success(request, "Recorded. The board has it now.")
        return redirect("web:components")
    form = SampleForm(request.POST or None)
    now = time.now()
    context = {"form": form, "now": now, "soon": now + 9 * _DAY, "late": now - 4 * _DAY}
    context |= _states(now) | _lists(now) | _charts(now.date())
    return render(request, "web/components.html", context)


@require_POST
def draft(request: HttpRequest) -> JsonResponse:
    """Where the sample form saves itself: stores nothing; “conflict” shows a conflict."""
    refuse_components()
    number = request.POST.get("version", "")
    version = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 0
    if request.POST.get("title") == "conflict":
        return autosave.stale(version + 7, {"title": "Written in another window"})
    return autosave.saved(version + 1)


def _states(now: dt.datetime) -> dict[str, Any]:
    return {
        "refusal": Refusal(
            "quorum_open",
            "Two of three needed seats have voted, so the ballot cannot close yet.",
            rule="Ballot rules v2",
            clause="4.1",
        ),
        "face": ClockFace(
            5, 1, rule="Publication policy v3", rule_url="#", due=now + 9 * _DAY,
            silence="The text is released.",
        ),
        "standing": Standing(
            where="In review",
            holder="The reviewers",
            with_us=5,
            with_you=1,
            next=("The work is released by itself when the window ends.",),
            silence="It is released.",
            blockers=(
                Blocker(
                    "The policy reviewer", "objects to a marked passage",
                    ("Sensitive security detail", "Personal data"), "It is released.",
                    until=now + 9 * _DAY, rule="Publication policy", names="M. Lindgren",
                ),
            ),
            due=now + 9 * _DAY,
        ),
        "seats": [
            SeatMark("Research", "voted"), SeatMark("Product", "voted"),
            SeatMark("Security", "waiting"), SeatMark("Legal", "recused"),
            SeatMark("Policy", "waiting"),
        ],
        "hash": "9f2c41a77c0be07a41be77c09f2c41a77c0be07a41be77c09f2c41a77c0be07a",
        "old": "The filter is bypassed when the third tool call returns an empty body.",
        "new": "The filter can be bypassed under conditions that we describe after 14 December.",
        "prose": _PROSE,
    }  # fmt: skip


def _lists(now: dt.datetime) -> dict[str, Any]:
    denied = Refusal("incomplete", "Two sections are not finished.", rule="Call FEL-2026-C1")
    rows = [
        ("F-0231", "Tool-call result trusted when the body is empty", "High 8.1", "bad", -2),
        ("F-0229", "Refusals decay after 40 turns (41 of 60)", "Medium 6.4", "warn", 3),
        ("F-0224", "Session limit resets on reconnect", "Medium 5.9", "warn", 11),
    ]
    findings = [
        {"ref": r, "title": t, "severity": s, "tone": c, "due": now + d * _DAY}
        for r, t, s, c, d in rows
    ]
    return {
        "tasks": [
            Task("Summary for the public", "#", "Done", "good"),
            Task("Milestones", "#", "In progress", "accent", "Two of three have a date."),
            Task("Submit the proposal", refusal=denied),
        ],
        "rows": [
            Row("Title", "Refusal drift under long multi-turn pressure", "#"),
            Row("Datasets", "Refusal Logs 2026-Q3 (restricted), 6 of 41 fields", "#"),
            Row("Mentor", "Dr. R. Osei", "#"),
        ],
        "links": [Link("Overview", "/components/"), Link("Findings", "#", 3), Link("Record", "#")],
        "crumbs": [Link("Fellowships", "#"), Link("FEL-2026-014", "#")],
        "page": Page(findings, 2, 3, 412, False, "due", QueryDict()),
        "events": [
            Entry(now, "M. Lindqvist", "objected to a passage",
                  "A reproducible bypass of a live control, before its fix.", (), "FEL-2026-014"),
            Entry(now - _DAY, "J. Abara", "extended the clock", "Holiday of the seat holder",
                  (Change("due", "9 December", "11 December"),)),
            Entry(now - _DAY, "publication policy v3", "released four passages"),
        ],
    }  # fmt: skip


def _charts(today: dt.date) -> dict[str, Any]:
    weeks = ((0, 41, 60), (7, 39, 60), (14, 22, 58), (21, 6, 60), (28, 4, 60))
    return {
        "intervals": charts.intervals(
            [
                charts.Interval("Before", 0.68, 0.56, 0.79),
                charts.Interval("After", 0.07, 0.03, 0.16, "good"),
            ],
            title="Attack success, share of trials",
            unit="%",
            threshold=0.2,
        ),
        "dots": charts.dots(
            [
                charts.DotRow("Importance of the question", [4, 4, 5]),
                charts.DotRow("Rigour", [2, 4, 4, 5]),
                charts.DotRow("Feasibility", [3, 3]),
            ],
            title="Scores per criterion",
        ),
        "bars": charts.bars(
            [
                charts.Bar("With the board", 12, "oldest 31"),
                charts.Bar("With fellows", 4, "oldest 9", "plain"),
                charts.Bar("With policy review", 19, "oldest 44", "warn"),
            ],
            title="Median wait by holder",
            unit="days",
        ),
        "series": charts.series(
            [charts.Point(today - (28 - d) * _DAY, h, n) for d, h, n in weeks],
            title="Attack success by week",
            marks=[charts.Mark(today - 16 * _DAY, "C-088 deployed")],
        ),
        "spark": charts.sparkline([3, 5, 4, 8, 6, 9], title="Submissions per week"),
        "funnel": charts.funnel(
            [
                charts.Step("Submitted", 40),
                charts.Step("In review", 34),
                charts.Step("Accepted", 12),
                charts.Step("Published", 5),
            ],
            title="From call to publication",
        ),
    }


_PROSE = """## What we ask

We ask whether refusal *decays* under sustained pressure, and publish **all** negative results.

| Turns | Trials | Bypassed |
|---|---|---|
| 1 | 60 | 0 |
| 40 | 60 | 41 |

- the model is fixed for the whole study
- see the [method](https://example.org/method)
"""
