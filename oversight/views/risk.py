"""The risk register: open escalations, exceptions, access outside the agreements, late controls."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells, files
from fellowship.web.columns import Column, Table
from fellowship.web.components.times import localised
from fellowship.web.sheets.writers import write_csv
from fellowship.web.tables import page_of, told
from oversight.policy import RISK_READERS
from oversight.risk import register as risks
from oversight.risk.asked import PER_PAGE, RiskFilter, asked, number_of
from oversight.risk.register import Wanted
from oversight.risk.sources import SOURCES, TONES, Risk

CSV_MOST: Final = 50_000
COLUMNS: Final = (
    *("source", "kind", "level", "title", "why", "holder", "programme", "since", "due", "page"),
)


@login_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The register: what is gravest first."""
    found, wanted, order = _asked(request)
    asked_for = (number_of(request.GET.get("page", "")) - 1) * PER_PAGE
    part = wanted.read(order, asked_for, PER_PAGE)

    def lines(start: int, many: int) -> list[Risk]:
        """What was read, or the last page that can be reached where a later one was asked for."""
        return part.lines if start == asked_for else wanted.read(order, start, many).lines

    page = page_of(
        request,
        part.total,
        lines,
        more=part.more,
        sort=order,
        down=order == "level",
        per_page=PER_PAGE,
    )
    context = {
        "filter": found,
        "page": page,
        "table": Table(
            say("Risks"),
            _columns(wanted.at),
            page,
            page,
            empty=say("Nothing is open."),
            hint=say("What is open stands here, the gravest first."),
            narrowed=found.applied,
        ),
        "counts": [
            (one.label, told(part.counts[one.key], risks.COUNTED), one.about, f"?source={one.key}")
            for one in SOURCES
            if one.key in part.counts
        ],
        "csv": f"{reverse('oversight:risk_csv')}?{request.GET.urlencode()}",
    }
    return render(request, "oversight/risk.html", context)


@login_required
@require_safe
def register_csv(request: HttpRequest) -> HttpResponse:
    """The same, filtered the same, as CSV that no spreadsheet takes for formulas."""
    _, wanted, order = _asked(request)
    out = io.BytesIO()
    write_csv(out, COLUMNS, (row_of(line, request) for line in wanted.every(order, CSV_MOST)))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, "risks.csv") or ""
    response["Content-Security-Policy"] = files.SANDBOX
    return response


def _asked(request: HttpRequest) -> tuple[RiskFilter, Wanted, str]:
    """What is asked for; 404 for those who read no register anywhere."""
    if not holds_anywhere(request.user, *RISK_READERS):
        raise Http404
    return asked(request, now())


def row_of(line: Risk, request: HttpRequest) -> tuple[Any, ...]:
    """A line as a row of the file."""
    return (
        *(line.source, line.kind, line.level_label, line.title, line.why, line.holder),
        *(line.program, line.since, line.due, request.build_absolute_uri(line.url)),
    )


def _age(line: Risk, at: dt.datetime) -> object:
    return cells.unbroken(cells.count((at - line.since).days, "day"))


def _columns(at: dt.datetime) -> tuple[Column[Risk], ...]:
    return (
        Column(say("Risk"), lambda r: cells.link(r.url, r.title, r.kind, r.program)),
        Column(say("How grave"), lambda r: cells.tag(r.level_label, TONES[r.level]), sort="level"),
        Column(say("Why it stands here"), lambda r: localised(r.why)),
        Column(say("Holder"), lambda r: r.holder),
        Column(say("For how long"), lambda r: _age(r, at), sort="age", num=True),
        Column(say("Due"), lambda r: cells.due(r.due), sort="due"),
    )
