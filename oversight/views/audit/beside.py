"""The programmes somebody audits, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say, say_n
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.tables import told
from oversight.audit.controls import TESTS
from oversight.audit.rooms import Room, rooms


def of_rooms(programs: Sequence[Program], user: Any) -> Table[Room]:
    """What was verified, tested and drawn in each, and what came of it."""
    columns: tuple[Column[Room], ...] = (
        Column(say("Programme"), lambda r: cells.link(_to("room", r), r.program)),
        Column(say("Alarms open"), _alarms, num=True),
        Column(say("Exceptions in force"), lambda r: told(r.in_force), num=True),
        Column(say("Verification"), _verified),
        Column(say("Tests of control"), _tested),
        Column(say("Samples"), _samples, num=True),
    )
    return Table(say("Programmes you audit"), columns, rooms(programs, user, now()))


def _to(name: str, room: Room) -> str:
    return route_to(f"oversight:{name}", room.program.slug)


def _alarms(room: Room) -> object:
    return cells.tag(told(room.alarms), "warn") if room.alarms else 0


def _verified(room: Room) -> object:
    url, last = _to("verification", room), room.verification
    if last is None:
        return cells.link(url, say("Not yet verified"))
    problems = say_n(last.found, "{n} problem", "{n} problems")
    said = cells.tag(problems, "bad") if last.found else cells.tag(say("Nothing changed"), "good")
    return cells.beside(cells.link(url, said), cells.meta(cells.when(last.created_at)))


def _tested(room: Room) -> object:
    url, of = _to("controls", room), len(TESTS)
    if not room.tested:
        return cells.link(url, say("None run yet"))
    run = say("{run} of {of} run", run=room.tested, of=of)
    failing = say_n(room.failing, "{n} with exceptions", "{n} with exceptions")
    said = cells.tag(failing, "bad") if room.failing else cells.tag(say("No exceptions"), "good")
    return cells.beside(cells.link(url, said), cells.meta(run))


def _samples(room: Room) -> object:
    return cells.link(_to("samples", room), told(room.samples))
