"""Tests of control: what they claim, their runs, and the exceptions each run found."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from fellowship.programs.models import Program
from fellowship.web.tables import paginate
from oversight import drawing
from oversight.audit.controls import TESTS, Test
from oversight.audit_forms import TestForm
from oversight.models import ControlRun
from oversight.views.audit.shared import audited, period_of, shown


def _runs(request: HttpRequest, program: Program) -> Any:
    user: Any = request.user
    rows = ControlRun.objects.visible_to(user).filter(program=program)
    return rows.select_related("ran_by", "program__realm")


@audited
@require_safe
def controls(request: HttpRequest, program: Program) -> HttpResponse:
    """The tests, each with its last run."""
    newest = (
        ControlRun.objects.filter(program=program).order_by().values("test").annotate(pk=Max("pk"))
    )
    keys = [row["pk"] for row in newest]
    last = {run.test: run for run in _runs(request, program).filter(pk__in=keys)}
    return shown(
        request,
        "oversight/controls.html",
        program,
        {"page": "controls"},
        tests=[(test, last.get(test.key)) for test in TESTS.values()],
    )


@audited
def control(request: HttpRequest, program: Program, test: str) -> HttpResponse:
    """One test: how it is done, its runs so far; a POST runs it over a period."""
    found = test_of(test)
    user: Any = request.user
    form = TestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        from_at, to_at = period_of(form.cleaned_data)
        run = drawing.run(program=program, test=found, from_at=from_at, to_at=to_at, by=user)
        return redirect(run.get_absolute_url())
    response = shown(
        request,
        "oversight/control.html",
        program,
        {"page": "control", "test": found.key},
        test=found,
        form=form,
        page=paginate(request, _runs(request, program).filter(test=found.key), per_page=25),
    )
    response.status_code = 422 if form.is_bound and form.errors else 200
    return response


@audited
@require_safe
def run(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """One run: each part's numbers, and the exceptions it found."""
    found = _runs(request, program).filter(pk=min(pk, 2**62)).first()
    if found is None:
        raise Http404
    parts = [
        {
            **part,
            "exceptions": [one for one in found.exceptions if one["question"] == part["question"]],
        }
        for part in found.parts
    ]
    return shown(
        request,
        "oversight/control_run.html",
        program,
        {"page": "control run", "run": found.pk},
        run=found,
        test=test_of(found.test),
        parts=parts,
        left_out=found.failed - len(found.exceptions),
    )


def test_of(key: str) -> Test:
    """The test of this key; Http404 for another."""
    if key not in TESTS:
        raise Http404
    return TESTS[key]
