"""How long review took and what came of it, for call pages and the register: works, never people.

Everything is counted by the clock: a work released by silence counts from the instant its window
ended, whether or not anybody has recorded it.
"""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass
from typing import Final

from django.db.models import Count

from fellowship.kernel.time import now
from publications.models import Objection, Publication
from publications.states import Ground, PublicationState, ReleasedBy

SHOWN_FROM: Final = 5
"""Below this many released works only their number is told: a median of few is one work's story."""
RECENT: Final = 1000


@dataclass(frozen=True, slots=True)
class Figures:
    """Released works of a programme. Everything but `released` is None below `SHOWN_FROM`."""

    released: int
    median_days: int | None = None
    longest_days: int | None = None
    by_silence: int | None = None
    grounds: tuple[tuple[str, int], ...] = ()
    objections: int = 0
    without_objection: int | None = None

    @property
    def enough(self) -> bool:
        """Whether there are enough works to say more than their number."""
        return self.released >= SHOWN_FROM

    @property
    def needed(self) -> int:
        """From how many works on figures are shown."""
        return SHOWN_FROM

    @property
    def silence_share(self) -> int:
        """Works released by silence in percent of those released."""
        return round(100 * (self.by_silence or 0) / self.released)


def past(program_id: int, at: dt.datetime | None = None) -> Figures:
    """Figures of the programme's latest released works at `at` (default now)."""
    at = at or now()
    works = Publication.objects.released(at).filter(program_id=program_id)
    rows = list(
        works.order_by("-submitted_at").values_list(
            "pk", "submitted_at", "released_at", "window_ends_at", "state", "release_kind"
        )[:RECENT]
    )
    if len(rows) < SHOWN_FROM:
        return Figures(len(rows))
    ended = [(start, released or window) for _, start, released, window, _, _ in rows]
    days = sorted((end - start).days for start, end in ended if start and end)
    silent = sum(
        state != PublicationState.RELEASED or kind == ReleasedBy.SILENCE for *_, state, kind in rows
    )
    counted = _grounds([pk for pk, *_ in rows])
    objected = sum(n for _, n in counted)
    return Figures(
        released=len(rows),
        median_days=round(statistics.median(days)),
        longest_days=days[-1],
        by_silence=silent,
        grounds=counted,
        objections=objected,
        without_objection=len(rows) - _objected([pk for pk, *_ in rows]),
    )


def _grounds(works: list[int]) -> tuple[tuple[str, int], ...]:
    rows = Objection.objects.filter(publication__in=works).order_by().values("ground")
    counted = dict(rows.annotate(n=Count("pk")).values_list("ground", "n"))
    return tuple((str(ground.label), counted.get(ground.value, 0)) for ground in Ground)


def _objected(works: list[int]) -> int:
    rows = Objection.objects.filter(publication__in=works)
    return rows.order_by().values("publication").distinct().count()
