"""Many people at once: a list is read, what would come of it is shown, then it is done."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.kernel.saying import say
from fellowship.programs import people_csv, policy, services
from fellowship.programs.forms import PeopleForm
from fellowship.programs.models import Program
from fellowship.programs.people_csv import PersonRow
from fellowship.programs.services.people import WORDS, Brought, Fate, fingerprint
from fellowship.programs.views.common import person, program_of
from fellowship.web import cells
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.tables import page_of

SHORT = {
    Fate.INVITED: say("New"),
    Fate.GRANTED: say("Role"),
    Fate.HELD: say("No change"),
    Fate.REFUSED: say("Left out"),
}
TONES = {Fate.INVITED: "good", Fate.GRANTED: "good", Fate.HELD: "plain", Fate.REFUSED: "bad"}


def _role(one: Brought) -> object:
    if not isinstance(one.row, PersonRow):
        known = roles.ROLES.get(one.row.role)
        return known.label if known else cells.shown(one.row.role)
    label = roles.ROLES[one.row.role].label
    return (
        say("{label}, {label2} seat", label=label, label2=roles.Seat(one.row.seat).label.lower())
        if one.row.seat
        else label
    )


def _who(one: Brought) -> object:
    return cells.beside(one.row.email or "–", cells.meta(say("line {line}", line=one.row.line)))


def _fate(one: Brought) -> object:
    tag = cells.tag(SHORT[one.fate], TONES[one.fate])
    return cells.beside(tag, one.problem or f"{WORDS[one.fate]}.")


COLUMNS: tuple[Column[Brought], ...] = (
    Column(say("E-mail address"), _who),
    Column(say("Name"), lambda one: cells.shown(one.row.name)),
    Column(say("Role"), _role),
    Column(say("What happens"), _fate),
)


@login_required
def bring(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring people by a list: first what would come of each row, then, confirmed, the doing."""
    program = _administered(request, slug)
    form = PeopleForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        context = {"program": program, "roles": roles.ROLES.values(), "seats": roles.Seat.values}
        return form_page(request, "programs/people.html", form, context)
    rows, expected = form.cleaned_data["rows"], request.POST.get("expected", "")
    if expected:
        done = attempt(
            form,
            lambda: services.import_people(
                program=program, rows=rows, by=person(request), expected=expected
            ),
        )
        if done is not None:
            messages.success(request, _said(done))
            return redirect("accounts:people")
    tried = attempt(
        form, lambda: services.try_people(program=program, rows=rows, by=person(request))
    )
    context = {
        "program": program,
        "text": form.cleaned_data["text"],
        **_shown(request, tried or []),
    }
    return form_page(request, "programs/people_check.html", form, context)


def _shown(request: HttpRequest, tried: list[Brought]) -> dict[str, Any]:
    first = sorted(tried, key=lambda one: (one.fate != Fate.REFUSED, one.row.line))
    page = page_of(request, len(first), lambda start, count: first, per_page=len(first) or 1)
    counts = Counter(one.fate for one in tried)
    return {
        "table": Table(say("What happens to each row"), COLUMNS, page, page, empty=say("Nobody.")),
        "counts": [(WORDS[fate], counts[fate]) for fate in Fate if counts[fate]],
        "works": counts[Fate.INVITED] + counts[Fate.GRANTED],
        "refused": counts[Fate.REFUSED],
        "expected": fingerprint(tried),
    }


def _said(done: list[Brought]) -> str:
    counts = Counter(one.fate for one in done)
    made = counts[Fate.INVITED] + counts[Fate.GRANTED]
    words = say(
        "{count} given, {counts} invited by mail",
        count=cells.count(made, "role"),
        counts=counts[Fate.INVITED],
    )
    if counts[Fate.REFUSED]:
        words += say("; {count} left out", count=cells.count(counts[Fate.REFUSED], "row"))
    return f"{words}."


@login_required
@require_safe
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """A file to begin with."""
    _administered(request, slug)
    response = HttpResponse(people_csv.TEMPLATE, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="people.csv"'
    return response


def _administered(request: HttpRequest, slug: str) -> Program:
    """The programme, for whoever gives its roles; 404 for anyone else."""
    program = program_of(request, slug)
    if policy.may_administer(program, person(request)):
        raise Http404
    return program
