"""The review of a cohort: how long each stage took, with whom, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from fellowship.clocks.queries import days_with_each
from fellowship.kernel.worktime import WorkCalendar
from oversight.office.figures import View
from oversight.office.stalls import percentile
from scoping.models import Fellowship
from scoping.states import ORDER, FellowshipState


@dataclass(frozen=True, slots=True)
class StageTime:
    """Working days cases spent in a stage: those that left it, and those still there."""

    label: str
    cases: int
    median: float
    p90: int
    longest: int


@dataclass(frozen=True, slots=True)
class Sides:
    """Working days with the company and with the people from outside."""

    us: int
    you: int
    median_us: float
    median_you: float


def sides(view: View, calendar: WorkCalendar) -> Sides | None:
    """With whom the days of the cohort's fellowships and proposals went, in four queries."""
    pairs = [
        *days_with_each(list(view.fellowships()), view.at, calendar).values(),
        *days_with_each(list(view.proposals()), view.at, calendar).values(),
    ]
    if not pairs:
        return None
    us, you = [p["us"] for p in pairs], [p["you"] for p in pairs]
    return Sides(sum(us), sum(you), median(us), median(you))


def stage_times(view: View, calendar: WorkCalendar) -> list[StageTime]:
    """How long cases stayed in each stage, from the history of the fellowships, in one query."""
    history = Fellowship.history.model
    rows = (
        history.objects.filter(id__in=view.fellowships().values("pk"))
        .order_by("id", "history_id")
        .values_list("id", "state", "stage_at")
    )
    entered: dict[int, dict[str, object]] = {}
    for pk, state, stage_at in rows:
        entered.setdefault(pk, {}).setdefault(state, stage_at)
    spent: dict[str, list[int]] = {}
    for stages in entered.values():
        ordered = sorted(stages.items(), key=lambda pair: ORDER.index(pair[0]))
        ends = [at for _, at in ordered[1:]] + [view.at]
        for (stage, start), end in zip(ordered, ends, strict=True):
            if stage != FellowshipState.CLOSED:
                days = calendar.working_days_between(start, end)  # type: ignore[arg-type]
                spent.setdefault(stage, []).append(days)
    return [
        StageTime(
            str(FellowshipState(stage).label),
            len(spent[stage]),
            median(spent[stage]),
            percentile(spent[stage], 0.9),
            max(spent[stage]),
        )
        for stage in ORDER
        if stage in spent
    ]
