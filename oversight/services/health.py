"""Governance health: measured once a day by the timer, answered by the board."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from oversight import policy
from oversight.health.report import Reading, Report, measure
from oversight.health.scope import Scope
from oversight.models import HealthBreach, HealthReading

TIMER = journal.System("oversight.health")


@journal.verb("oversight.measure_health")
def measure_health(*, program: Program, by: Actor) -> HealthReading:
    """Measure a programme and keep what was found; one measured today is returned as it was.

    A figure beyond what its rule lets pass goes on the board's agenda, once; one within it again
    comes off. Chair and manager are told of what is new.
    """
    program = Program.objects.locked().select_related("realm").get(pk=program.pk)
    today = program.today()
    if known := HealthReading.objects.filter(program=program, on=today).first():
        return known
    report = measure(Scope.of(program))
    kept = HealthReading.objects.create(
        program=program,
        on=today,
        values={key: _value(reading) for key, reading in report.readings.items()},
    )
    found, ended = _found(report), _ended(report)
    if found:
        _tell(program, found)
    if found or ended:
        change = {"found": [b.figure for b in found], "ended": [b.figure for b in ended]}
        journal.record(subject=program, change=change)
    return kept


def _value(reading: Reading) -> dict[str, Any]:
    """A reading as it is kept."""
    return {
        "cases": reading.cases,
        "of": reading.of,
        "measured": reading.measured,
        "most": reading.most,
        "over": reading.over,
    }


def _open(report: Report) -> dict[str, HealthBreach]:
    rows = HealthBreach.objects.locked().open().filter(program=report.scope.program)
    return {breach.figure: breach for breach in rows}


def _found(report: Report) -> list[HealthBreach]:
    known = _open(report)
    return [
        HealthBreach.objects.create(
            program=report.scope.program,
            figure=reading.measure.key,
            cases=reading.cases,
            out_of=reading.of,
            measured=reading.measured,
            most=reading.most,
            rule_version=report.scope.rule,
            found_at=report.scope.at,
        )
        for reading in report.over
        if reading.measure.key not in known
    ]


def _ended(report: Report) -> list[HealthBreach]:
    over = {reading.measure.key for reading in report.over}
    ended = [breach for figure, breach in _open(report).items() if figure not in over]
    for breach in ended:
        breach.ended_at = max(report.scope.at, breach.found_at)  # a clock may have been set back
        breach.save()
    return ended


def _tell(program: Program, found: list[HealthBreach]) -> None:
    lines = [joined("", ("- ", str(breach))) for breach in found]
    notify(
        kind="oversight.health",
        to=holders(program.pk, roles.CHAIR, roles.MANAGER),
        subject_obj=program,
        realm=program.pk,
        title=say(
            "Governance health of {program}: {n} more on the next agenda",
            program=program,
            n=len(found),
        ),
        body=joined("\n", (say("Beyond what the rule lets pass:\n"), *lines)),
        url=policy.health_url(program),
    )


def measure_due(at: dt.datetime) -> int:
    """Measure every programme not measured yet on its day; returns how many. Twice is once."""
    programs = list(Program.objects.select_related("realm").order_by("pk"))
    days = {p.pk: p.day(at) for p in programs}
    done = HealthReading.objects.filter(on__in=set(days.values())).values_list("program_id", "on")
    known = set(done)
    due = [p for p in programs if (p.pk, days[p.pk]) not in known]
    for program in due:
        measure_health(program=program, by=TIMER)
    return len(due)


@journal.verb("oversight.answer_breach")
def answer_breach(
    *, breach: HealthBreach, by: User, answer: str, look_again_on: dt.date
) -> HealthBreach:
    """Write down what the board makes of a figure; it is off the agenda until the day named.

    The same answer again changes nothing.
    """
    breach = HealthBreach.objects.locked().select_related("program__realm").get(pk=breach.pk)
    calendar = breach.program.calendar()
    begins = calendar.end_of_day(look_again_on - dt.timedelta(days=1))
    if breach.answer == answer.strip() and breach.look_again_at == begins:
        return unchanged(breach, policy.may_answer_breach(breach, by, answer, look_again_on))
    refuse(policy.may_answer_breach(breach, by, answer, look_again_on))
    breach.answer, breach.look_again_at = answer.strip(), begins
    breach.answered_at, breach.answered_by = now(), by
    breach.save()
    journal.record(subject=breach, change={"figure": breach.figure, "until": look_again_on})
    return breach
