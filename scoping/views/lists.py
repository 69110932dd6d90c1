"""The list of fellowships, and the mentor's weekly screen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import calendars, cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.routes import route_to
from fellowship.web.tables import paginate
from scoping.forms import FellowshipFilter
from scoping.models import CheckIn, Fellowship, Milestone
from scoping.states import FellowshipState, MilestoneState

SORTS = {
    "ref": "-id",
    "title": "title",
    "fellow": "fellow__name",
    "stage": "stage_at",
    "ends": "ends_on",
}


def _name(found: Fellowship) -> object:
    url = route_to("scoping:case", found.ref)
    return cells.link(url, found.title, found.ref, found.get_track_display(), found.cohort)


def _stage(found: Any) -> object:
    if found.suspended_now:
        tag = cells.tag("Suspended", "bad")
    elif found.state == FellowshipState.CLOSED:
        tag = cells.tag("Closed", "good")
    else:
        tag = cells.tag(found.stage_label, "accent")
    return markup(
        "<span>{}{}</span>", tag, cells.meta(cells.beside("since", _short(found.stage_at)))
    )


def _ends(found: Fellowship) -> object:
    if found.ended_at:
        return cells.meta(cells.beside("ended", _short(found.ended_at)))
    return _short(found.ends_on)


def _short(day: dt.date) -> object:
    return cells.when(day, "short")


FELLOWSHIPS: tuple[Column[Fellowship], ...] = (
    Column("Fellowship", _name, sort="title"),
    Column("Fellow", lambda f: f.fellow, sort="fellow"),
    Column("Mentor", lambda f: f.mentor or cells.meta("none yet")),
    Column("Stage", _stage, sort="stage"),
    Column("Ends", _ends, sort="ends", num=True),
)


def _shown(rows: QuerySet[Fellowship]) -> QuerySet[Fellowship]:
    found: Any = rows.select_related("fellow", "mentor", "cohort")
    suspended: QuerySet[Fellowship] = found.annotate_suspended()
    return suspended


@login_required
@require_safe
def fellowships(request: HttpRequest) -> HttpResponse:
    """The fellowships the person sees, a page at a time."""
    visible = Fellowship.objects.visible_to(request.user)
    filterset = FellowshipFilter(request.GET, queryset=visible)
    page = paginate(request, filterset.qs, sort=SORTS, default="ref", then=_shown)
    table = Table(
        "Fellowships",
        FELLOWSHIPS,
        page,
        page,
        empty="No fellowship matches.",
        hint="A fellowship begins when the board accepts a proposal.",
    )
    context = {"page": page, "table": table, "filterset": filterset}
    return render(request, "scoping/list.html", context)


@dataclass(frozen=True, slots=True)
class Week:
    """One line of the mentor's weekly screen."""

    case: Fellowship
    blockers: list[CheckIn]
    to_judge: list[Milestone]
    late: list[Milestone]
    next: Milestone | None
    last: CheckIn | None
    mine: CheckIn | None
    hours: Any

    @property
    def calendar(self) -> WorkCalendar | None:
        """The working days of its programme."""
        return calendars.of(self.case.program_id)

    @property
    def to_write(self) -> bool:
        """Whether the mentor has still to check in this month; in the scope stage nobody does."""
        return self.mine is None and self.case.state != FellowshipState.SCOPE

    @property
    def calm(self) -> bool:
        """Whether nothing asks for the mentor."""
        return not (self.blockers or self.to_judge or self.late)


@login_required
@require_safe
def mentoring(request: HttpRequest) -> HttpResponse:
    """My fellows in five minutes: blockers first, then what to judge, then what is late."""
    month = now().date().replace(day=1)
    since = (month - dt.timedelta(days=62)).replace(day=1)
    open_milestones: Any = Milestone.objects.open().order_by("due_on")
    recent: Any = CheckIn.objects.filter(month__gte=since)
    cases = (
        Fellowship.objects.visible_to(request.user)
        .mentored_by(request.user)
        .annotate_suspended()
        .select_related("fellow", "program")
        .prefetch_related(
            Prefetch("milestones", open_milestones),
            Prefetch("check_ins", recent),
        )
        .order_by("id")[:100]
    )
    weeks = [_week(found, month) for found in cases]
    weeks.sort(key=lambda w: (not w.blockers, not w.to_judge, not w.late, w.case.ref))
    asks = sum(not week.calm for week in weeks)
    to_write = sum(week.to_write for week in weeks)
    return render(
        request,
        "scoping/mentoring.html",
        {
            "weeks": weeks,
            "asks": asks,
            "to_write": to_write,
            "month": month,
            "is_mentor": holds_anywhere(request.user, roles.MENTOR),
        },
    )


def _week(found: Fellowship, month: dt.date) -> Week:
    milestones, check_ins = list(found.milestones.all()), list(found.check_ins.all())
    for milestone in milestones:
        milestone.fellowship = found
    for check_in in check_ins:
        check_in.fellowship = found
    fellow = [c for c in check_ins if c.author == CheckIn.Author.FELLOW]
    own = [c for c in check_ins if c.author == CheckIn.Author.MENTOR and c.month == month]
    return Week(
        case=found,
        blockers=[c for c in check_ins if c.is_blocking],
        to_judge=[m for m in milestones if m.state == MilestoneState.DELIVERED],
        late=[m for m in milestones if m.is_late],
        next=next((m for m in milestones if m.state == MilestoneState.PLANNED), None),
        last=fellow[0] if fellow else None,
        mine=own[0] if own else None,
        hours=own[0].hours if own else 0,
    )
