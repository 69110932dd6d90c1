"""Whose days are over by the retention rule, and what holds them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.accounts.stepup import recently_authenticated
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells, forms, work
from fellowship.web.actions import form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from oversight import retention_policy as policy
from oversight import services
from oversight.models import DueErasure, Hold, RetentionRun
from oversight.models.retention import READERS
from oversight.states import HoldGround

HOLDS_SHOWN = 20
COUNTED = 500
"""Due erasures counted for the first page."""


class HoldForm(forms.ReasonForm):
    """Why somebody's data is kept back, on which ground, and until when."""

    program = forms.ModelChoiceField(label=say("Programme"), queryset=Program.objects.none())
    ground = forms.ChoiceField(
        label=say("On which ground?"), choices=HoldGround.choices, widget=forms.RadioCards
    )
    until = forms.DateField(
        label=say("Until"), help_text=say("The whole day counts. Then it ends by itself.")
    )

    def __init__(self, *args: Any, programs: QuerySet[Program], **kwargs: Any) -> None:
        super().__init__(*args, label=say("Why?"), **kwargs)
        self.fields["program"].queryset = programs  # type: ignore[attr-defined]
        self.order_fields(["program", "ground", "until", "reason"])


def _reads(user: Any) -> bool:
    return bool(user.is_superuser) or holds_anywhere(user, *READERS)


def _answered(user: Any) -> QuerySet[Program]:
    """The programmes for whose people one answers."""
    rows = Program.objects.select_related("realm").order_by("name")
    if user.is_superuser:
        return rows
    return rows.filter(pk__in=realm_ids_where(user, roles.ADMINISTRATOR))


@login_required
@require_safe
def due_erasures(request: HttpRequest) -> HttpResponse:
    """Who is kept longer than the rule says, and why; the longest first."""
    user: Any = request.user
    if not _reads(user):
        raise Http404
    rows = DueErasure.objects.visible_to(user).open().annotate_held()
    rows = rows.select_related("person", "program", "rule_version", "erasure")
    page = paginate(request, rows, sort={"due": "due_at", "since": "since"}, default="due")
    table = Table(
        say("Erasures due"),
        COLUMNS,
        page,
        page,
        empty=say("Nobody is kept longer than that."),
        hint=say("Each night the programmes are looked through; whoever is due stands here."),
    )
    answers = user.is_superuser or holds_anywhere(user, roles.ADMINISTRATOR)
    context = {"page": page, "table": table, "runs": _runs(user), "answers": answers}
    return render(request, "oversight/due_erasures.html", context)


def _runs(user: Any) -> list[RetentionRun]:
    """When each programme was looked at last, of those one reads."""
    runs = RetentionRun.objects.select_related("program")
    if not user.is_superuser:
        runs = runs.filter(program_id__in=realm_ids_where(user, *READERS))
    last: dict[int, RetentionRun] = {}
    for run in runs.filter(at__gt=now() - dt.timedelta(days=7)).order_by("at"):
        last[run.program_id] = run
    return sorted(last.values(), key=lambda run: run.program.name)


@login_required
@require_safe
def due_erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """One person who is due: why, and what holds them back."""
    user: Any = request.user
    found = _one(request, pk)
    context = {
        "due": found,
        "holds": Hold.objects.visible_to(user)
        .filter(person=found.person)
        .select_related("program")[:HOLDS_SHOWN],
        "askable": found.askable,
        "refusal": policy.may_ask_due(found, user),
        "answers": policy.administers(user, found.program_id) is None,
    }
    return render(request, "oversight/due_erasure.html", context)


@verb
@recently_authenticated
def ask_due(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the erasure, as the first of two."""
    user: Any = request.user
    services.ask_due_erasure(due=_one(request, pk), by=user)
    return redirect("oversight:due_erasures")


@login_required
@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    """What is held back, and what was."""
    if not _reads(request.user):
        raise Http404
    rows = Hold.objects.visible_to(request.user).select_related("person", "program", "placed_by")
    page = paginate(request, rows, sort={"until": "until"}, default="-until")
    table = Table(
        say("What is held back"),
        HOLDS,
        page,
        page,
        empty=say("Nothing is held back."),
        hint=say("A hold is placed on the page of a person who is due, on a listed ground."),
    )
    return render(request, "oversight/holds.html", {"page": page, "table": table})


@login_required
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep somebody's data back."""
    user: Any = request.user
    programs = _answered(user)
    known = programs.filter(realm__role_assignments__user=pk) | programs.filter(
        pk__in=DueErasure.objects.filter(person=pk).values("program_id")
    )
    person = User.objects.filter(pk=min(pk, 2**62)).first()
    if person is None or not known.exists():
        raise Http404
    form = HoldForm(request.POST or None, programs=known.distinct())
    return form_verb(
        request,
        form,
        lambda: services.hold_data(person=person, by=user, **form.cleaned_data),
        template="oversight/hold.html",
        context=lambda: {"person": person},
        to=reverse("oversight:holds"),
        success=say("It is held back. It ends by itself after that day."),
    )


@login_required
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """One hold; sent, it is lifted before its day."""
    user: Any = request.user
    found = visible_or_404(
        Hold.objects.select_related("person", "program", "placed_by", "lifted_by"), user, pk=pk
    )
    form = forms.ReasonForm(request.POST or None, label=say("Why does it hold no more?"))
    return form_verb(
        request,
        form,
        lambda: services.lift_hold(hold=found, by=user, **form.cleaned_data),
        template="oversight/lift_hold.html",
        context=lambda: {"hold": found, "refusal": policy.may_lift(found, user, "x")},
        to=reverse("oversight:holds"),
        success=say("It is lifted."),
    )


def _one(request: HttpRequest, pk: int) -> DueErasure:
    rows = DueErasure.objects.select_related("person", "program", "rule_version", "erasure")
    return visible_or_404(rows, request.user, pk=pk)


def _standing(due: Any) -> Any:
    if due.held:
        return cells.tag(say("Held back"), "warn")
    if due.erasure and not due.erasure.refused_at:
        return cells.tag(due.erasure.state, "plain")
    return cells.tag(say("Nobody has asked yet"), "bad")


@work.register_for(roles.ADMINISTRATOR)
def to_answer(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What is due and nobody has asked yet, in one line for each programme."""
    mine = realm_ids_where(user, roles.ADMINISTRATOR)
    rows = DueErasure.objects.filter(program_id__in=mine).waiting(at).order_by("due_at")
    found: dict[int, list[DueErasure]] = {}
    for one in rows.select_related("program")[: COUNTED + 1]:
        found.setdefault(one.program_id, []).append(one)
    capped = sum(map(len, found.values())) > COUNTED
    for dues in found.values():
        due = {"count": cells.count(len(dues), "erasure"), "program": dues[0].program}
        yield work.WorkItem(
            title=say("Retention: at least {count} due in {program}", **due)
            if capped
            else say("Retention: {count} due in {program}", **due),
            url=reverse("oversight:due_erasures"),
            due=dues[0].due_at,
            silence=say("Nothing is erased by itself: they stay named, and the list says so."),
            kind="retention",
            program_id=dues[0].program_id,
        )


COLUMNS: tuple[Column[DueErasure], ...] = (
    Column(say("Who"), lambda d: cells.link(d.get_absolute_url(), d.person, d.program)),
    Column(say("Why"), lambda d: d.get_ground_display()),
    Column(
        say("Their part ended"),
        lambda d: cells.when(d.since, "date", d.program.calendar()),
        sort="since",
    ),
    Column(
        say("Due since"),
        lambda d: cells.until(d.due_at, d.program.calendar(), "date"),
        sort="due",
    ),
    Column(say("By"), lambda d: d.rule),
    Column(say("State"), _standing),
)
HOLDS: tuple[Column[Hold], ...] = (
    Column(say("Who"), lambda h: cells.link(route_to("oversight:hold", h.pk), h.person, h.program)),
    Column(say("Ground"), lambda h: h.get_ground_display()),
    Column(say("Held by"), lambda h: h.placed_by),
    Column(
        say("Until"), lambda h: cells.until(h.until, h.program.calendar(), "date"), sort="until"
    ),
    Column(say("State"), lambda h: cells.tag(h.state, "warn" if h.lasts(now()) else "plain")),
)
