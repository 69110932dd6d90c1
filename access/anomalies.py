"""What on the trail differs from how it usually goes, each with its reason and its numbers.

An anomaly says what happened and how unusual it is; it accuses nobody. Most have a good reason.
Each rule compares a person with themselves, says how many days it compares with, and says nothing
while there are too few. Worked out from `access.activity`; only that somebody looked is stored.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

from access.activity import Activity, Cell, Use
from access.states import AnomalyKind, Operation
from fellowship.kernel.canonical import digest
from fellowship.kernel.saying import say, say_n

OPENS: Final = dt.time(7)
CLOSES: Final = dt.time(20)
"""Working hours on the programme's wall, on its working days; all else is off-hours."""
BULK: Final = 50
"""Acts outside working hours on one day from which it is worth a look."""
SPIKE_LEAST: Final = 5
"""Exports on one day below which none is a spike."""
SPREADS: Final = 5
"""How many spreads above the median is unusual."""
DAYS_LEAST: Final = 7
"""Active days needed before to compare with."""
LEAVING: Final = (Operation.EXPORT, Operation.DOWNLOAD)
_SPREAD: Final = 1.4826
"""The median absolute deviation, times this, is a standard deviation where days are alike."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something unusual: who, with what, when, and in a sentence why it stands out."""

    kind: AnomalyKind
    person: int | None
    dataset: int | None
    mark: str
    at: dt.datetime
    reason: str

    @property
    def key(self) -> str:
        """Its name, the same each time it is worked out. `mark` tells two of one day apart."""
        parts = (self.kind, self.person, self.dataset, self.mark, f"{self.at:%Y%m%d}")
        return ":".join(str(part or "-") for part in parts)


class Silence(NamedTuple):
    """A rule that has too little history to say anything."""

    kind: AnomalyKind
    person: int | None
    days: int


Found = Anomaly | Silence


def of(activity: Activity) -> tuple[list[Anomaly], list[Silence]]:
    """What is unusual, the latest first; and where there is too little to compare with."""
    found: list[Found] = []
    by_person: dict[int | None, list[Cell]] = defaultdict(list)
    for cell in activity.cells:
        by_person[cell.person].append(cell)
    for person, cells in sorted(by_person.items(), key=lambda item: item[0] or 0):
        found += _first_uses(activity, person, cells)
        found += _off_hours(activity, person, cells)
        found += _spikes(activity, person, cells)
        found += _senders(activity, person)
    anomalies = [one for one in found if isinstance(one, Anomaly)]
    silent = [one for one in found if isinstance(one, Silence)]
    return sorted(anomalies, key=lambda one: (one.at, one.key), reverse=True), silent


# --- the first of its kind ------------------------------------------------------------------


def _first_uses(activity: Activity, person: int | None, cells: list[Cell]) -> Iterator[Found]:
    """An operation never done before with a dataset that was worked with for a week and more."""
    first: dict[Use, dt.datetime] = {}
    begun: dict[int | None, dt.datetime] = {}
    acts: Counter[int | None] = Counter()
    for (who, dataset, operation), known in activity.before.items():
        if who == person:
            first[who, dataset, operation] = known.first
            begun[dataset] = min(begun.get(dataset, known.first), known.first)
            acts[dataset] += known.number
    for cell in sorted(cells, key=lambda cell: cell.hour):
        use = (person, cell.dataset, cell.operation)
        since = begun.setdefault(cell.dataset, cell.hour)
        if use not in first:
            first[use] = cell.hour
            days = (cell.hour - since).days
            if days >= DAYS_LEAST and cell.dataset is not None:
                label = str(Operation(cell.operation).label)
                yield Anomaly(
                    AnomalyKind.FIRST_USE,
                    person,
                    cell.dataset,
                    cell.operation,
                    cell.hour,
                    say(
                        "“{label}” for the first time, after {days} days and {acts:,} "
                        "other acts with this dataset.",
                        label=label,
                        days=days,
                        acts=acts[cell.dataset],
                    ),
                )
        acts[cell.dataset] += cell.number


def _senders(activity: Activity, person: int | None) -> Iterator[Found]:
    """Acts from a system, or under a name, that reported nothing of this person before."""
    mine = {key: known for key, known in activity.senders.items() if key[0] == person}
    begun = min((known.first for known in mine.values()), default=activity.until)
    for (_, source, identity), known in mine.items():
        days = (known.first - begun).days
        if known.first < activity.since or days < DAYS_LEAST:
            continue
        others = sum(known.first > other.first for other in mine.values())
        yield Anomaly(
            AnomalyKind.NEW_SOURCE,
            person,
            None,
            digest([source, identity])[:12],
            known.first,
            say_n(
                others,
                "First act reported by “{source}” as {identity}, after {days} days of "
                "acts from {n} other source.",
                "First act reported by “{source}” as {identity}, after {days} days of "
                "acts from {n} other sources.",
                source=source,
                identity=identity,
                days=days,
            ),
        )


# --- more than usual ------------------------------------------------------------------------


def _off_hours(activity: Activity, person: int | None, cells: list[Cell]) -> Iterator[Found]:
    """Many acts outside working hours on one day, against the person's other days."""
    late = [cell for cell in cells if _is_off(activity, cell.hour)]
    where = say(
        "outside {OPENS:%H:%M} to {CLOSES:%H:%M} on working days, {zone}",
        OPENS=OPENS,
        CLOSES=CLOSES,
        zone=activity.calendar.zone,
    )
    for day, count, said in _unusual(activity, cells, late, BULK, AnomalyKind.OFF_HOURS):
        yield Anomaly(
            AnomalyKind.OFF_HOURS,
            person,
            None,
            "",
            day,
            say("{count:,} acts {where}: {said}", count=count, where=where, said=said),
        )


def _is_off(activity: Activity, hour: dt.datetime) -> bool:
    local = activity.calendar.local(hour)
    works = activity.calendar.is_working(local.date())
    return not works or not OPENS <= local.time() < CLOSES


def _spikes(activity: Activity, person: int | None, cells: list[Cell]) -> Iterator[Found]:
    """Many exports and downloads on one day, against the person's days before."""
    leaving = [cell for cell in cells if cell.operation in LEAVING]
    days = len({activity.calendar.day(cell.hour) for cell in cells})
    if leaving and days <= DAYS_LEAST:
        yield Silence(AnomalyKind.EXPORT_SPIKE, person, days)
    for day, count, said in _unusual(
        activity, cells, leaving, SPIKE_LEAST, AnomalyKind.EXPORT_SPIKE
    ):
        yield Anomaly(
            AnomalyKind.EXPORT_SPIKE,
            person,
            None,
            "",
            day,
            say("{count:,} exports in a day: {said}", count=count, said=said),
        )


def _unusual(
    activity: Activity, cells: list[Cell], counted: list[Cell], least: int, kind: AnomalyKind
) -> Iterator[tuple[dt.datetime, int, str]]:
    """Days with at least `least` of what is counted that lie far above the active days before.

    Far is the median and SPREADS times the spread (median absolute deviation, at least one act).
    """
    day_of = activity.calendar.day
    active = sorted({day_of(cell.hour) for cell in cells})
    number: Counter[dt.date] = Counter()
    begins: dict[dt.date, dt.datetime] = {}
    for cell in counted:
        day = day_of(cell.hour)
        number[day] += cell.number
        begins[day] = min(begins.get(day, cell.hour), cell.hour)
    for place, day in enumerate(active):
        past = [number[other] for other in active[:place]]
        if number[day] < least or len(past) < DAYS_LEAST:
            continue
        middle = median(past)
        spread = max(_SPREAD * median(abs(count - middle) for count in past), 1.0)
        if number[day] > middle + SPREADS * spread:
            said = say(
                "the median of the {n} active days before is {middle:g}, their spread "
                "{spread:.1f}.",
                n=len(past),
                middle=middle,
                spread=spread,
            )
            yield begins[day], number[day], said
