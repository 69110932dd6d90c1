"""What was done with data, counted: by hour, person, dataset and operation, in few statements.

Pages and anomalies are worked out from these counts alone; no event is read one by one. The window
bounds what is counted, and the index of a case answers it without a look at the rows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncHour

from access.models import AccessEvent, Dataset
from access.states import EventKind, Verdict
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import charts
from fellowship.web.charts import Chart
from scoping.models import Fellowship

WINDOWS: Final = (30, 90, 365)
"""Days a page can look back."""


class Cell(NamedTuple):
    """Acts of one person on one dataset in one hour, of one kind, operation and verdict."""

    hour: dt.datetime
    person: int | None
    dataset: int | None
    kind: str
    operation: str
    verdict: str
    number: int


class Known(NamedTuple):
    """What was done before the window: how often, first and last."""

    number: int
    first: dt.datetime
    last: dt.datetime


Use = tuple[int | None, int | None, str]
"""Person, dataset, operation."""
Sender = tuple[int | None, str, str]
"""Person, source, identity."""


@dataclass(frozen=True)
class Activity:
    """Everything the pages show of a case or a dataset, from three statements."""

    since: dt.datetime
    until: dt.datetime
    calendar: WorkCalendar
    cells: list[Cell]
    before: dict[Use, Known]
    senders: dict[Sender, Known]

    @property
    def total(self) -> int:
        """How many acts."""
        return sum(cell.number for cell in self.cells)

    def timeline(self) -> Chart:
        """Acts day by day in the programme's zone, those outside the agreements on top."""
        counted: Counter[dt.date] = Counter()
        outside: Counter[dt.date] = Counter()
        for cell in self.cells:
            day = self.calendar.day(cell.hour)
            counted[day] += cell.number
            if cell.verdict != Verdict.WITHIN:
                outside[day] += cell.number
        found = [charts.Day(day, number, outside[day]) for day, number in counted.items()]
        return charts.days(
            found,
            title=say("Reported acts day by day"),
            unit=say("acts"),
            out=say("outside the agreements"),
        )

    def volumes(self) -> Chart:
        """Acts by kind."""
        counted: Counter[str] = Counter()
        for cell in self.cells:
            counted[cell.kind] += cell.number
        found = [
            charts.Bar(str(EventKind(kind).label), counted[kind])
            for kind in EventKind.values
            if kind in counted
        ]
        return charts.bars(found, title=say("Reported acts by kind"), unit=say("acts"))


def of_case(case: Fellowship, since: dt.datetime, until: dt.datetime) -> Activity:
    """What was done in a fellowship from `since` until `until`."""
    return _of(Q(fellowship_id=case.pk), case.program.calendar(), since, until)


def of_dataset(dataset: Dataset, since: dt.datetime, until: dt.datetime) -> Activity:
    """What anyone did with a dataset."""
    return _of(Q(dataset_id=dataset.pk), dataset.program.calendar(), since, until)


def _of(which: Q, calendar: WorkCalendar, since: dt.datetime, until: dt.datetime) -> Activity:
    events = AccessEvent.objects.filter(which, at__lt=until).order_by()
    recent, earlier = events.filter(at__gte=since), events.filter(at__lt=since)
    names = ("person_id", "dataset_id", "kind", "operation", "verdict")
    hours = recent.values_list(TruncHour("at", tzinfo=dt.UTC), *names)
    return Activity(
        since,
        until,
        calendar,
        [Cell(*row) for row in hours.annotate(number=Count("*"))],
        _known(earlier, "person_id", "dataset_id", "operation"),
        _known(events, "person_id", "source", "identity"),
    )


def _known(events: Any, *names: str) -> dict[Any, Known]:
    counted: Iterable[tuple[Any, ...]] = events.values_list(*names).annotate(
        number=Count("*"), first=Min("at"), last=Max("at")
    )
    return {(one, two, three): Known(*numbers) for one, two, three, *numbers in counted}
