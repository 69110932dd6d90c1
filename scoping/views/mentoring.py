"""The mentor's weekly screen: five minutes, what asks for them first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.clocks.models import Clock
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import calendars
from scoping.models import CheckIn, Fellowship, Milestone
from scoping.services.common import VERDICT
from scoping.states import FellowshipState, MilestoneState

MOST = 100
"""Fellows on the screen."""


@dataclass(frozen=True, slots=True)
class ToJudge:
    """A milestone that waits for this mentor's verdict, and until when."""

    milestone: Milestone
    due: dt.datetime | None

    @property
    def overdue(self) -> bool:
        """Whether the window for the verdict is over."""
        return self.due is not None and self.due <= now()


@dataclass(frozen=True, slots=True)
class Week:
    """One line of the mentor's weekly screen."""

    case: Fellowship
    blockers: list[CheckIn]
    to_judge: list[ToJudge]
    late: list[Milestone]
    next: Milestone | None
    last: CheckIn | None
    mine: CheckIn | None
    missing: list[str]
    """Who wrote nothing for the month before."""

    @property
    def calendar(self) -> WorkCalendar | None:
        """The working days of its programme."""
        return calendars.of(self.case.program_id)

    @property
    def hours(self) -> Decimal:
        """Hours the mentor noted for this month."""
        return self.mine.hours if self.mine else Decimal(0)

    @property
    def overdue(self) -> bool:
        """Whether a verdict is overdue."""
        return any(one.overdue for one in self.to_judge)

    @property
    def to_write(self) -> bool:
        """Whether the mentor has still to check in this month; in the scope stage nobody does."""
        return self.mine is None and self.case.state != FellowshipState.SCOPE

    @property
    def calm(self) -> bool:
        """Whether nothing asks for the mentor."""
        return not (self.blockers or self.to_judge or self.late or self.missing)

    @property
    def urgency(self) -> tuple[bool, ...]:
        """Blockers first, then overdue verdicts, missing check-ins, verdicts, late milestones."""
        asks = (self.blockers, self.overdue, self.missing, self.to_judge, self.late)
        return tuple(not one for one in asks)


@login_required
@require_safe
def mentoring(request: HttpRequest) -> HttpResponse:
    """My fellows in five minutes a week, each with what to do next."""
    month = now().date().replace(day=1)
    before = (month - dt.timedelta(days=1)).replace(day=1)
    since = (before - dt.timedelta(days=1)).replace(day=1)
    open_milestones: Any = Milestone.objects.open().order_by("due_on")
    recent: Any = CheckIn.objects.filter(month__gte=since).select_related("owner")
    cases = (
        Fellowship.objects.visible_to(request.user)
        .mentored_by(request.user)
        .annotate_suspended()
        .select_related("fellow", "program", "mentor")
        .prefetch_related(
            Prefetch("milestones", open_milestones),
            Prefetch("check_ins", recent),
            "mentorships",
        )
        .order_by("id")[:MOST]
    )
    found = list(cases)
    due = _due(found)
    weeks = [_week(one, month, before, due) for one in found]
    weeks.sort(key=lambda week: (week.urgency, week.case.ref))
    return render(
        request,
        "scoping/mentoring.html",
        {
            "weeks": weeks,
            "asks": sum(not week.calm for week in weeks),
            "to_write": sum(week.to_write for week in weeks),
            "month": month,
            "before": before,
            "is_mentor": holds_anywhere(request.user, roles.MENTOR),
        },
    )


def _due(cases: list[Fellowship]) -> dict[int, dt.datetime]:
    """When the verdict on each delivered milestone is due, in one query."""
    waiting = [
        milestone.pk
        for case in cases
        for milestone in case.milestones.all()
        if milestone.state == MilestoneState.DELIVERED
    ]
    clocks = Clock.objects.open().filter(
        kind=VERDICT, subject_type=Milestone._meta.label_lower, subject_id__in=waiting
    )
    return dict(clocks.values_list("subject_id", "due_at"))


def _week(case: Fellowship, month: dt.date, before: dt.date, due: dict[int, dt.datetime]) -> Week:
    milestones, check_ins = list(case.milestones.all()), list(case.check_ins.all())
    for milestone in milestones:
        milestone.fellowship = case
    for check_in in check_ins:
        check_in.fellowship = case
    fellow = [c for c in check_ins if c.author == CheckIn.Author.FELLOW]
    own = [c for c in check_ins if c.author == CheckIn.Author.MENTOR and c.month == month]
    delivered = [
        m
        for m in milestones
        if m.state == MilestoneState.DELIVERED and m.reviewer_id in (None, case.mentor_id)
    ]
    return Week(
        case=case,
        blockers=[c for c in check_ins if c.is_blocking],
        to_judge=[ToJudge(m, due.get(m.pk)) for m in delivered],
        late=[m for m in milestones if m.is_late],
        next=next((m for m in milestones if m.state == MilestoneState.PLANNED), None),
        last=fellow[0] if fellow else None,
        mine=own[0] if own else None,
        missing=_missing(case, before, check_ins),
    )


def _missing(case: Fellowship, before: dt.date, check_ins: list[CheckIn]) -> list[str]:
    """Who wrote nothing for the month before, where check-ins were due in it."""
    began = [m.starts_at.date().replace(day=1) for m in case.mentorships.all()]
    if not case.is_under_way() or case.state == FellowshipState.SCOPE:
        return []
    if before < max(case.starts_on.replace(day=1), min(began, default=before)):
        return []
    wrote = {c.author for c in check_ins if c.month == before}
    sides = ((CheckIn.Author.FELLOW, case.fellow.get_short_name()), (CheckIn.Author.MENTOR, "you"))
    return [name for author, name in sides if author not in wrote]
