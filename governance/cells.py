"""What stands in the cells of governance's lists."""

from __future__ import annotations

import datetime as dt

from django.template.defaultfilters import linebreaksbr
from django.utils.safestring import SafeString

from fellowship.kernel.saying import kept, say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import cells
from fellowship.web.components import times
from fellowship.web.items import SeatState
from fellowship.web.markup import markup
from governance.docket import DocketRow


def short(text: str, most: int) -> str:
    """The text, cut to `most` characters with an ellipsis as the last of them."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def named(name: object, below: object) -> SafeString:
    """A name that leads nowhere, and a lesser thing below."""
    return markup('{}<span class="meta">{}</span>', name, below)


def lines(text: str) -> SafeString:
    """Text with its line breaks."""
    return linebreaksbr(text)


def due_on(value: dt.datetime | None, calendar: WorkCalendar | None = None) -> SafeString:
    """A deadline as a tag, and its day."""
    return markup(
        '<span>{} <span class="meta nowrap">{}</span></span>',
        cells.due(value, calendar),
        times.until(value, calendar, "short"),
    )


@kept(256)
def _mark(state: SeatState, label: str) -> SafeString:
    return markup('<span class="mark {}" title="{}: {}"></span>', state, label, state)


def seats(row: DocketRow) -> SafeString:
    """One mark for each seat of the ballot, and how many votes there are of those needed."""
    said = say("{voted} voted, {needed} needed", voted=row.voted, needed=row.needed)
    if row.stale:
        said = say(
            "{voted} count, {needed} needed; {stale} to reaffirm",
            voted=row.voted,
            needed=row.needed,
            stale=row.stale,
        )
    marks = SafeString("".join(_mark(s.state, s.label) for s in row.seats))
    return markup(
        '<span class="nowrap"><span class="marks" role="img" aria-label="{}">{}</span>'
        ' <span class="meta">{}</span></span>',
        say(
            "{voted} of {seats} seats have voted, {needed} needed",
            voted=row.voted,
            seats=len(row.seats),
            needed=row.needed,
        ),
        marks,
        said,
    )
