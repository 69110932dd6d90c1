"""With whom the days of a programme's cases went: with us, or with applicant and fellow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from django.db.models import Q

from fellowship.clocks.models import Clock
from fellowship.clocks.queries import days_of, with_pauses
from fellowship.kernel.worktime import WorkCalendar
from oversight.office.figures import View


@dataclass(frozen=True, slots=True)
class Sides:
    """Working days with the company and with the people from outside."""

    us: int
    you: int
    median_us: float
    median_you: float


def sides(view: View, calendar: WorkCalendar) -> Sides | None:
    """With whom the days of the view's fellowships and proposals went, in two queries.

    Of the cases that ever had a clock; None where none had.
    """
    about = Q(
        subject_type="scoping.fellowship", subject_id__in=view.fellowships().order_by().values("pk")
    ) | Q(
        subject_type="proposals.proposal", subject_id__in=view.proposals().order_by().values("pk")
    )
    cases: dict[tuple[str, int], list[Clock]] = defaultdict(list)
    for clock in with_pauses(Clock.objects.filter(about, realm_id=view.program_id)):
        cases[clock.subject_type, clock.subject_id].append(clock)
    days = [days_of(clocks, view.at, calendar) for clocks in cases.values()]
    if not days:
        return None
    us, you = [d["us"] for d in days], [d["you"] for d in days]
    return Sides(sum(us), sum(you), median(us), median(you))
