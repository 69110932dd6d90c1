"""The on-call rota of a programme: who is called now and in the weeks ahead, and each change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.accounts.queries import has_role, holders, realm_ids_where
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import forms
from fellowship.web.actions import act as act_on
from fellowship.web.actions import attempt, reason_of, verb
from fellowship.web.items import Link
from fellowship.web.shortcuts import visible_or_404
from governance import roster, services
from governance.forms.oncall import AwayForm, HandOverForm, LineForm, StandInForm
from governance.links import to
from governance.models import OncallAbsence, OncallOverride, Rota, Watch
from governance.models.visibility import ESCALATION_READERS
from governance.policy.oncall import KEEPERS
from governance.services import paging
from governance.services.oncall import next_turn
from governance.states import Severity
from governance.views.common import person

AHEAD = dt.timedelta(weeks=6)
MOST = 50
DONE = {
    "line": say("The line is set."),
    "away": say("Entered. The next of the rota takes the turn."),
    "stand-in": say("Entered. Whoever stands in was told."),
    "hand-over": say("Written down. The next person reads it when they begin."),
}


@login_required
def first(request: HttpRequest) -> HttpResponse:
    """The rota of the first programme whose alarms the person reads."""
    program = _programs(person(request)).first()
    if program is None:
        raise Http404
    return redirect(to("oncall", program.slug))


@login_required
def rota(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is called, and who will be."""
    return _page(request, _program(request, slug))


@login_required
@require_POST
def change(request: HttpRequest, slug: str, act: str) -> HttpResponse:
    """Set a line, enter an absence or who stands in, hand over."""
    program = _program(request, slug)
    if act not in DONE:
        raise Http404
    found = roster.read(program, now(), AHEAD)
    form = _forms(program, found, person(request), act, request.POST)[act]
    by = person(request)
    if form.is_valid() and attempt(form, lambda: _perform(program, act, form, by)):
        messages.success(request, DONE[act])
        return redirect(to("oncall", program.slug))
    return _page(request, program, act=act, form=form)


def _perform(program: Program, act: str, form: forms.Form, by: Any) -> Any:
    if act == "line":
        return services.set_rota(program=program, by=by, **form.cleaned_data)
    if act == "away":
        return services.be_away(program=program, by=by, **form.cleaned_data)
    if act == "stand-in":
        return services.stand_in(program=program, by=by, **form.cleaned_data)
    return services.hand_over(program=program, by=by, **form.cleaned_data)


@verb
def cancel_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an absence back."""
    absence = visible_or_404(OncallAbsence.objects.select_related("program"), request.user, pk=pk)
    services.cancel_away(absence=absence, by=person(request))
    messages.success(request, say("Taken back."))
    return redirect(to("oncall", absence.program.slug))


@verb
def cancel_stand_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back who stands in."""
    rows = OncallOverride.objects.select_related("program")
    override = visible_or_404(rows, request.user, pk=pk)
    services.cancel_stand_in(override=override, by=person(request))
    messages.success(request, say("Taken back: the rota counts again."))
    return redirect(to("oncall", override.program.slug))


@verb
def end_line(request: HttpRequest, pk: int) -> HttpResponse:
    """End a line of the rota."""
    line = visible_or_404(Rota.objects.select_related("program__realm"), request.user, pk=pk)
    return act_on(
        request,
        lambda: services.end_rota(rota=line, by=person(request), reason=reason_of(request)),
        success=say("The line has ended."),
        to=to("oncall", line.program.slug),
    )


@verb
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one has read the handover."""
    watch = visible_or_404(Watch.objects.select_related("program"), request.user, pk=pk)
    services.take_over(watch=watch, by=person(request))
    messages.success(request, say("You have it."))
    return redirect(to("oncall", watch.program.slug))


def _programs(user: Any) -> Any:
    keys = realm_ids_where(user, *ESCALATION_READERS)
    return Program.objects.filter(pk__in=keys).select_related("realm").order_by("name")


def _program(request: HttpRequest, slug: str) -> Program:
    found: Program | None = _programs(person(request)).filter(realm__slug=slug).first()
    if found is None:
        raise Http404
    return found


def _forms(
    program: Program, found: roster.Roster, user: Any, act: str = "", data: Any = None
) -> dict[str, forms.Form]:
    """The forms the person may send, each with ids of its own; `act` names the one that was."""
    called, keeps = has_role(user, program, *roster.CALLED), has_role(user, program, *KEEPERS)
    people = holders(program, *roster.CALLED).filter(is_active=True).order_by("name", "pk")
    away = people if keeps else people.filter(pk=user.pk)
    lines = [(n, f"{n}. {line.name}") for n, line in found.kept(now()).items()]
    able: dict[str, Any] = {
        "line": lambda given, ids: LineForm(
            given, auto_id=ids, people=people, zone=program.calendar().zone
        ),
        "away": lambda given, ids: AwayForm(
            given, auto_id=ids, people=away, initial={"user": user.pk}
        ),
        "stand-in": lambda given, ids: StandInForm(given, auto_id=ids, people=people, lines=lines),
        "hand-over": lambda given, ids: HandOverForm(given, auto_id=ids, lines=lines),
    }
    offered = [
        *(["hand-over"] if called and lines else []),
        *(["away"] if called else []),
        *(["stand-in"] if called and lines else []),
        *(["line"] if keeps else []),
    ]
    if act and act not in offered:
        offered.append(act)
    return {name: able[name](data if name == act else None, f"{name}_%s") for name in offered}


def _page(
    request: HttpRequest, program: Program, *, act: str = "", form: forms.Form | None = None
) -> HttpResponse:
    user, at = person(request), now()
    found = roster.read(program, at, AHEAD + roster.AROUND)
    rule, rule_name = paging.terms(program.pk)
    given = {act: form} if form else {}
    offered = _forms(program, found, user)
    programs = list(_programs(user))
    context = {
        "program": program,
        "links": [Link(p.name, to("oncall", p.slug)) for p in programs]
        if len(programs) > 1
        else [],
        "zone": program.calendar().zone,
        "now": [(n, line.name, *next_turn(found, n, at)) for n, line in found.kept(at).items()],
        "lines": [
            (r, say("End line {line}: {name}", line=r.line, name=r.name))
            for r in found.kept(at).values()
        ],
        "turns": sorted(
            (
                turn
                for line in found.lines
                for turn in found.turns(line, at, found.until)
                if turn.starts_at < at + AHEAD
            ),
            key=lambda t: (t.starts_at, t.line),
        )[:MOST],
        "order": found.calling_order(at),
        "at": at,
        "absences": [a for a in found.absences if a.ends_at > at][:MOST],
        "overrides": [o for o in found.overrides if o.ends_at > at][:MOST],
        "watches": _watches(program, at),
        "user_pk": user.pk,
        "keeps": has_role(user, program, *KEEPERS),
        "rule": rule,
        "rule_name": rule_name,
        "answer": [(Severity(key).label, window) for key, window in rule.answer.items()],
        "forms": [(name, given.get(name) or one) for name, one in offered.items()],
        "wrong": form,
        "act": act,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "governance/oncall.html", context, status=status)


def _watches(program: Program, at: dt.datetime) -> list[Watch]:
    """The latest turns that began, and handovers already written for the next."""
    rows = Watch.objects.filter(program=program).select_related("user", "handed_by")
    return list(rows.order_by("-starts_at", "line")[:8])
