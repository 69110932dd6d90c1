"""The one button: what is reachable now, the reason, and everything is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import services, suspending
from access.cells import tier
from access.models import AccessSuspension, Dataset, Grant
from access.models.requests import ACCESS_STAFF
from access.places import reads
from access.reach import DatasetAnswers, Reached, reachable_by, recalled
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role, holds_anywhere
from fellowship.history.queries import latest
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from scoping import frame
from scoping.forms import SuspendForm
from scoping.models import Fellowship, Suspension
from scoping.policy import may_suspend as may_suspend_case
from scoping.services import suspend as suspend_case

_LINKED = ("person", "dataset", "by", "lifted_by", "program__realm")


def _of_dataset(one: DatasetAnswers) -> object:
    url = route_to("access:dataset", one.dataset.ref)
    return cells.beside(cells.link(url, one.dataset), tier(one.dataset))


def reach_columns(calendar: WorkCalendar) -> tuple[Column[DatasetAnswers], ...]:
    """What is reachable: dataset, person, operations, until when."""
    return (
        Column(say("Dataset"), _of_dataset),
        Column(say("Person"), lambda one: one.person),
        Column(
            say("Operations"), lambda one: joined(", ", (answer.label for answer in one.allowed))
        ),
        Column(
            say("Until"),
            lambda one: cells.unbroken(cells.until(one.until, calendar, "short")),
            num=True,
        ),
    )


def reached_table(rows: list[dict[str, Any]], calendar: WorkCalendar) -> Table[Reached]:
    """What was reachable when a suspension closed it."""
    columns: tuple[Column[Reached], ...] = (
        Column(say("Dataset"), lambda r: cells.link(route_to("access:dataset", r.dataset), r.name)),
        Column(say("Person"), lambda r: r.person),
        Column(say("Operations"), lambda r: joined(", ", r.operations)),
        Column(
            say("Would have ended"), lambda r: cells.until(r.until, calendar, "short"), num=True
        ),
    )
    return Table(
        say("Reachable until it was suspended"),
        columns,
        recalled(rows),
        empty=say("Nothing was reachable."),
    )


def _standing(row: AccessSuspension) -> object:
    at = now()
    if row.lifted_at is not None:
        return cells.tag(say("Lifted"), "plain")
    return (
        cells.tag(say("In force"), "bad") if row.is_live(at) else cells.tag(say("Ended"), "plain")
    )


SUSPENSIONS: tuple[Column[AccessSuspension], ...] = (
    Column(say("Suspended"), lambda s: cells.link(s.get_absolute_url(), s.subject, s.ref)),
    Column(say("What"), lambda s: say("Person") if s.person_id else say("Dataset")),
    Column(say("Standing"), _standing),
    Column(say("Reached"), lambda s: len(s.reached), num=True),
    Column(say("Since"), lambda s: cells.when(s.starts_at), num=True),
)


@login_required
def suspensions(request: HttpRequest) -> HttpResponse:
    """Suspensions of people and datasets the person may see, the latest first."""
    if not holds_anywhere(request.user, *ACCESS_STAFF):
        raise Http404
    found = AccessSuspension.objects.visible_to(request.user)
    page = paginate(request, found, then=_shown)
    table = Table(
        say("Suspensions, the latest first"),
        SUSPENSIONS,
        page,
        page,
        empty=say("Nothing was suspended yet."),
        hint=say("A suspension closes at once what a person or a case can reach."),
    )
    return render(request, "access/suspensions.html", {"table": table, "page": page})


def _shown(rows: QuerySet[AccessSuspension]) -> QuerySet[AccessSuspension]:
    return rows.select_related("person", "dataset")


@login_required
def suspension(request: HttpRequest, ref: str) -> HttpResponse:
    """One suspension: why, what was reachable, and how it is lifted."""
    rows = AccessSuspension.objects.select_related(*_LINKED)
    found = visible_or_404(rows, request.user, ref=ref)
    live = found.is_live(now())
    watches = has_role(request.user, found.program_id, *ACCESS_STAFF)
    context = {
        "it": found,
        "live": live,
        "reached": reached_table(found.reached, found.program.calendar()),
        "lift_url": reverse("access:lift_suspension", args=[found.ref]),
        "may_lift": suspending.may_lift(found, request.user) if live else None,  # type: ignore[arg-type]
        "watches": watches,
        "events": latest(found, 20),
    }
    return render(request, "access/suspension.html", context)


@verb
def lift(request: HttpRequest, ref: str) -> HttpResponse:
    """Open again what was suspended."""
    found = visible_or_404(AccessSuspension, request.user, ref=ref)
    return act(
        request,
        lambda: services.lift_suspension(
            suspension=found,
            by=request.user,  # type: ignore[arg-type]
            reason=reason_of(request),
        ),
        success=say("Lifted. What was granted is open again as it stands."),
        to=found.get_absolute_url(),
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """What is closed as one: its grants, the suspension in force, and how it is closed."""

    what: str
    calendar: WorkCalendar
    grants: QuerySet[Grant]
    live: AccessSuspension | Suspension | None
    refused: Refusal | None
    close: Callable[..., Any]
    to: str = ""


@login_required
def person(request: HttpRequest, program: str, pk: int) -> HttpResponse:
    """All that a person can reach in a programme, and the button that closes it."""
    where = Program.objects.select_related("realm").filter(realm__slug=program).first()
    cases = Fellowship.objects.visible_to(request.user).filter(program=where, fellow_id=pk)
    found = User.objects.filter(pk=pk).filter(pk__in=cases.values("fellow_id")).first()
    if where is None or found is None or not has_role(request.user, where, *ACCESS_STAFF):
        raise Http404
    whole = Whole(
        say("all access of {found}", found=found),
        where.calendar(),
        Grant.objects.filter(person=found, fellowship__program=where),
        live=AccessSuspension.objects.live().filter(program=where, person=found).first(),
        refused=suspending.may_suspend(where, request.user, person=found),  # type: ignore[arg-type]
        close=lambda **values: services.suspend_person(program=where, person=found, **values),
    )
    return _closing(request, whole)


@login_required
def dataset(request: HttpRequest, ref: str) -> HttpResponse:
    """All that anyone can reach in a dataset, and the button that closes it."""
    rows = Dataset.objects.select_related("program__realm")
    found = visible_or_404(rows, request.user, ref=ref)
    if not has_role(request.user, found.program_id, *ACCESS_STAFF):
        raise Http404
    by: Any = request.user
    whole = Whole(
        say("{found} for everyone", found=found),
        found.program.calendar(),
        Grant.objects.filter(dataset=found),
        live=AccessSuspension.objects.live().filter(dataset=found).first(),
        refused=suspending.may_suspend(found.program_id, by, dataset=found),
        close=lambda **values: services.suspend_dataset(dataset=found, **values),
    )
    return _closing(request, whole)


@login_required
def case(request: HttpRequest, ref: str) -> HttpResponse:
    """All that can be reached through a fellowship, and the button that closes it."""
    found = frame.load(request, ref)
    if not reads(found, request.user):
        raise Http404
    whole = Whole(
        say("everything {ref} can reach", ref=found.ref),
        found.program.calendar(),
        Grant.objects.filter(fellowship=found),
        live=Suspension.objects.live().filter(fellowship=found).first(),
        refused=may_suspend_case(found, request.user, None),  # type: ignore[arg-type]
        close=lambda **values: suspend_case(fellowship=found, **values),
        to=reverse("access:case", args=[found.ref]),
    )
    return _closing(request, whole)


def _closing(request: HttpRequest, whole: Whole) -> HttpResponse:
    """The page that shows what is reachable now and asks why it must close; then closes it."""
    form = SuspendForm(request.POST if request.method == "POST" else None)

    def context() -> dict[str, Any]:
        reach = reachable_by(whole.grants, now())
        columns = reach_columns(whole.calendar)
        return {
            "it": whole,
            "reach": Table(
                say("Reachable now"), columns, reach, empty=say("Nothing is reachable now.")
            ),
            "count": len(reach),
        }

    return form_verb(
        request,
        form,
        lambda: whole.close(by=request.user, **form.cleaned_data),
        template="access/suspend.html",
        context=context,
        to=lambda made: whole.to or made.get_absolute_url(),
        success=say(
            "Suspended: {what}. What was reachable until now is listed below.", what=whole.what
        ),
    )
