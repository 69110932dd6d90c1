"""Tables of what waits: for whom and how long, and what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from django.template.defaultfilters import floatformat

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import begun, say
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from oversight.office.stalls import Stall
from oversight.office.waits import Wait

STANDS_HERE: Final = say(
    "Each open step has a holder and an end, and stands here until it is done."
)


def stalled(program: Program, rows: Sequence[Stall]) -> Table[Stall]:
    """Who is waited for, and how long; each leads to the clocks behind it."""
    waiting = route_to("oversight:waiting", program.slug)

    def to(stall: Stall, text: object, **more: str) -> object:
        asked = urlencode({"kind": stall.kind, "holder": stall.side, **more})
        return cells.link(f"{waiting}?{asked}", text)

    def overdue(stall: Stall) -> object:
        return to(stall, cells.tag(stall.overdue, "bad"), overdue="1") if stall.overdue else 0

    columns: tuple[Column[Stall], ...] = (
        Column(say("Waits for"), lambda s: to(s, s.what)),
        Column(say("Holder"), lambda s: s.holder),
        Column(say("Open"), lambda s: to(s, s.cases), num=True),
        Column(say("Median days"), lambda s: floatformat(s.median), num=True),
        Column(say("90 % within"), lambda s: s.p90, num=True),
        Column(say("Oldest"), lambda s: s.oldest, num=True),
        Column(say("Overdue"), overdue, num=True),
    )
    caption = say("Who is waited for, and how long")
    return Table(caption, columns, rows, empty=say("Nothing waits for anybody."), hint=STANDS_HERE)


def coming(calendar: WorkCalendar, rows: Sequence[Wait]) -> Table[Wait]:
    """What is due next, and with whom it lies."""
    columns: tuple[Column[Wait], ...] = (
        Column(say("What"), _what),
        Column(say("With"), lambda w: begun(w.holder)),
        Column(say("Due"), lambda w: cells.due(w.clock.due_at, calendar), num=True),
    )
    return Table(
        say("Due next"),
        columns,
        rows,
        empty=say("Nothing is due."),
        hint=STANDS_HERE,
        dense=True,
    )


def _what(wait: Wait) -> object:
    if wait.url:
        return cells.link(wait.url, wait.case, wait.clock.label, wait.clock.if_silent)
    return markup('{}<span class="meta">{}</span>', wait.clock.label, wait.clock.if_silent)
