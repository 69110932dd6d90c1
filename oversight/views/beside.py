"""Programmes beside each other: where to look first, before one of them is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from fellowship.kernel.routes import address, route_to
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.tables import told
from oversight.office.glance import Glance, glances


def of_office(programs: Sequence[Program], user: Any) -> Table[Glance]:
    """What waits in each programme, how long, and what alarms are open."""

    def waits(side: str, of: Callable[[Glance], int]) -> Callable[[Glance], object]:
        return lambda one: cells.link(_waiting(one, holder=side), told(of(one)))

    columns: tuple[Column[Glance], ...] = (
        Column(say("Programme"), _named),
        Column(say("Overdue"), _overdue, num=True),
        Column(say("Longest wait"), _oldest, num=True),
        Column(say("With us"), waits("us", lambda one: one.us), num=True),
        Column(say("With fellows and applicants"), waits("you", lambda one: one.you), num=True),
        Column(say("Alarms open"), _alarms, num=True),
        Column(say("Beyond limits"), _beyond, num=True),
    )
    return Table(say("Your programmes"), columns, glances(programs, user, now()))


def of_health(programs: Sequence[Program], user: Any) -> Table[Glance]:
    """How many figures of each programme are beyond what passes, and since when."""

    def named(one: Glance) -> object:
        return cells.link(route_to("oversight:health", one.program.slug), one.program)

    columns: tuple[Column[Glance], ...] = (
        Column(say("Programme"), named),
        Column(say("Beyond limits"), _beyond, num=True),
        Column(say("Since"), lambda one: cells.when(one.beyond_since, "date"), num=True),
        Column(say("Overdue"), lambda one: told(one.overdue), num=True),
        Column(say("Longest wait"), _oldest, num=True),
    )
    found = sorted(glances(programs, user, now()), key=lambda one: -(one.beyond or 0))
    return Table(say("Your programmes"), columns, found)


def _named(one: Glance) -> object:
    cases = say_n(one.under_way, "{n} fellowship under way", "{n} fellowships under way")
    return cells.link(route_to("oversight:program", one.program.slug), one.program, cases)


def _waiting(one: Glance, **asked: str) -> str:
    return f"{address('oversight:waiting', one.program.slug)}?{urlencode(asked)}"


def _overdue(one: Glance) -> object:
    if not one.overdue:
        return 0
    return cells.link(_waiting(one, overdue="1"), cells.tag(told(one.overdue), "bad"))


def _oldest(one: Glance) -> object:
    return cells.NONE if one.oldest is None else cells.count(one.oldest, "working day")


def _alarms(one: Glance) -> object:
    if not one.alarms:
        return 0
    url = address("oversight:cases", one.program.slug, "escalations")
    return cells.link(url, cells.tag(told(one.alarms), "warn"))


def _beyond(one: Glance) -> object:
    if one.beyond is None:
        return cells.NONE
    if not one.beyond:
        return 0
    url = route_to("oversight:health", one.program.slug)
    return cells.link(url, cells.tag(cells.count(one.beyond, "figure"), "warn"))
