"""Target systems: what each should let through against what it acknowledged."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Min, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from access import enforced, services, target_policy
from access.forms_targets import TargetForm
from access.models import Assignment, TargetDataset, TargetSystem
from access.models.targets import TARGET_READERS
from access.states import TargetKind
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.history.queries import latest
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.actions import act, attempt, form_page, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.components.times import span
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate


def _listed(at: dt.datetime) -> tuple[Column[Any], ...]:
    def state(target: Any) -> object:
        if target.retired_at:
            return cells.tag(say("Retired"))
        if target.late_since:
            return cells.tag(say("Not closed for {span}", span=span(at - target.late_since)), "bad")
        if target.waits:
            return cells.tag(say("{waits:,} not acknowledged", waits=target.waits), "warn")
        return cells.tag(say("All enforced"), "good")

    return (
        Column(
            say("System"), lambda t: cells.link(t.get_absolute_url(), t.name, t.ref), sort="name"
        ),
        Column(say("Programme"), lambda t: t.program),
        Column(say("Learns"), lambda t: t.get_kind_display()),
        Column(say("Datasets"), lambda t: f"{t.datasets or 0:,}", num=True),
        Column(say("State"), state),
    )


@login_required
def targets(request: HttpRequest) -> HttpResponse:
    """The systems that enforce access, and which keep us waiting."""
    if not holds_anywhere(request.user, *TARGET_READERS):
        raise Http404
    at = now()
    page = paginate(
        request,
        TargetSystem.objects.visible_to(request.user),
        sort={"name": "name"},
        default="name",
        then=lambda rows: _counted(rows, at),
    )
    programs = _kept(request.user)
    table = Table(
        say("Target systems"),
        _listed(at),
        page,
        page,
        empty=say("No system enforces access yet."),
        hint=say("Until one does, people open and close access by hand."),
    )
    context = {"page": page, "table": table, "programs": programs}
    return render(request, "access/targets.html", context)


def _counted(rows: QuerySet[TargetSystem], at: dt.datetime) -> QuerySet[TargetSystem]:
    def of(model: Any, **which: Any) -> Any:
        return model.objects.filter(target=OuterRef("pk"), **which).order_by().values("target")

    number, waiting = Count("pk"), of(Assignment, acknowledged_revision__lt=F("revision"))
    late = of(Assignment, narrowed_at__isnull=False, overdue_at__lte=at)
    return rows.select_related("program").annotate(
        datasets=Subquery(of(TargetDataset).annotate(n=number).values("n")),
        waits=Subquery(waiting.annotate(n=number).values("n")),
        late_since=Subquery(late.annotate(first=Min("narrowed_at")).values("first")),
    )


def _kept(user: Any) -> list[Program]:
    """The programmes whose target systems the person sets up."""
    keys = realm_ids_where(user, *target_policy.KEEPERS)
    return list(Program.objects.filter(pk__in=keys).select_related("realm").order_by("name"))


def _assigned(at: dt.datetime, calendar: WorkCalendar) -> tuple[Column[Assignment], ...]:
    def state(row: Assignment) -> object:
        said = enforced.standing(row, at)
        return cells.tag(said.words, said.tone)

    return (
        Column(say("Person"), lambda r: markup("{}{}", r.person, cells.meta(r.dataset))),
        Column(say("Should let through"), lambda r: enforced.permissions(r.desired)),
        Column(say("Acknowledged"), _acknowledged),
        Column(say("State"), state),
        Column(say("Ends"), lambda r: cells.until(r.until, calendar, "short"), num=True),
        Column(say("Changed"), lambda r: cells.when(r.changed_at), sort="changed", num=True),
    )


def _acknowledged(row: Assignment) -> object:
    if not row.acknowledged_revision:
        return cells.NONE
    same = row.acknowledged == row.desired
    return say("The same") if same else enforced.permissions(row.acknowledged)


@never_cache
@login_required
def target(request: HttpRequest, ref: str) -> HttpResponse:
    """One target system: desired against acknowledged, person by person."""
    rows = TargetSystem.objects.select_related(
        "program__realm", "endpoint", "owner", "account", "retired_by"
    )
    found = visible_or_404(rows, request.user, ref=ref)
    at = now()
    shown = Assignment.objects.filter(target=found).select_related("person", "dataset")
    waiting = shown.unacknowledged()
    if request.GET.get("show") == "waiting":
        shown = waiting
    page = paginate(request, shown, sort={"changed": "changed_at"}, default="-changed")
    late = [row for row in page if row.overdue_at and row.overdue_at <= at]
    first_late = Assignment.objects.overdue(at).filter(target=found).order_by("overdue_at").first()
    context = {
        "it": found,
        "page": page,
        "table": Table(
            say("Desired against acknowledged"),
            _assigned(at, found.program.calendar()),
            page,
            page,
            empty=say("Nobody may do anything with its datasets now."),
            picked=lambda row: row in late,
        ),
        "waiting": waiting.count(),
        "late": first_late,
        "datasets": [row.dataset for row in found.serves.select_related("dataset")],
        "keeps": target_policy.may_change(found, request.user) is None,  # type: ignore[arg-type]
        "secret": request.session.pop(_key(found), ""),
        "webhook": found.kind == TargetKind.WEBHOOK,
        "retire_url": reverse("access:retire_target", args=[found.ref]),
        "events": latest(found, 10),
    }
    return render(request, "access/target.html", context)


def _key(target: TargetSystem) -> str:
    return f"target_secret_{target.pk}"


@never_cache
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Set up a target system of a programme one keeps."""
    wanted = request.GET.get("program", "")
    program = next((p for p in _kept(request.user) if not wanted or p.slug == wanted), None)
    if program is None:
        raise Http404
    form = TargetForm(request.POST or None, program=program, initial={"alarm_after_minutes": 15})
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.add_target(
                program=program,
                by=request.user,  # type: ignore[arg-type]
                **form.cleaned_data,
            ),
        )
        if made:
            target, secret = made
            request.session[_key(target)] = secret
            return redirect(target)
    return form_page(request, "access/target_form.html", form, {"program": program})


@login_required
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """Other datasets, owner, account or time to the alarm."""
    rows = TargetSystem.objects.select_related("program__realm", "account")
    found = visible_or_404(rows, request.user, ref=ref)
    if target_policy.may_change(found, request.user):  # type: ignore[arg-type]
        raise Http404
    initial = {
        "account": found.account.email if found.account else "",
        "datasets": list(found.serves.values_list("dataset_id", flat=True)),
        "owner": found.owner_id,
        "alarm_after_minutes": found.alarm_after_minutes,
    }
    form = TargetForm(request.POST or None, program=found.program, target=found, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.change_target(
            target=found,
            by=request.user,  # type: ignore[arg-type]
            **form.cleaned_data,
        ),
        template="access/target_form.html",
        context=lambda: {"program": found.program, "it": found},
        to=found.get_absolute_url(),
        success=say("Changed. What that opens or closes is told within a minute."),
    )


@verb
def retire(request: HttpRequest, ref: str) -> HttpResponse:
    """The system is no more."""
    found = visible_or_404(TargetSystem, request.user, ref=ref)
    return act(
        request,
        lambda: services.retire_target(
            target=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success=say("Retired: it is told nothing any more."),
        to=found.get_absolute_url(),
    )
