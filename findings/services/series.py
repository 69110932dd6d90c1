"""Counts read from files of results: those that fit a metric's plan go in, the others say why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refusal, Refused, refuse, said_by
from fellowship.kernel.saying import say
from findings import policy
from findings.models import ControlMetric, Measurement
from findings.series import FORMATS, BadRow, Reading, Unreadable
from findings.services.measurements import measure

PHASE = Measurement.Phase


@dataclass(slots=True)
class SeriesReport:
    """What became of a file's rows: `passed_over` are of other metrics than the one asked for."""

    taken: list[Measurement] = field(default_factory=list)
    known: list[Measurement] = field(default_factory=list)
    refused: list[BadRow] = field(default_factory=list)
    passed_over: int = 0

    def __str__(self) -> str:
        return say(
            "new {n}, known {n2}, refused {n3}",
            n=len(self.taken),
            n2=len(self.known),
            n3=len(self.refused),
        )


def read_series(
    *,
    metric: ControlMetric,
    data: bytes,
    format: str,
    by: User,
    defence: str = "",
    phase: str = "",
) -> SeriesReport:
    """Record each row that the plan lets be compared, as an event of its own; name the others.

    `defence` is the control's name in the file: rows without one are before, rows with this one
    after. `phase` says the side where the file cannot. Reading a file again records nothing.
    Raises Refused where the file as a whole cannot be read or nobody may measure here.
    """
    refuse(policy.may_triage(metric.control.finding, by))
    digest = hashlib.sha256(data).hexdigest()
    report = SeriesReport()
    there = set(metric.measurements.values_list("pk", flat=True))
    for row in list(_rows(data, format)):
        if isinstance(row, BadRow):
            report.refused.append(row)
            continue
        if row.metric != metric.metric:
            report.passed_over += 1
            continue
        try:
            refuse(_names_its_attack(metric, row))
            made = _record(metric, row, _side(row, defence, phase), by, digest)
        except Refused as refused:
            report.refused.append(BadRow(row.row, refused.refusal.reason))
            continue
        (report.known if made.pk in there else report.taken).append(made)
    return report


def _rows(data: bytes, format: str) -> Iterator[Reading | BadRow]:
    try:
        yield from FORMATS[format].read(data)
    except Unreadable as error:
        refuse(Refusal("unreadable", said_by(error), field="file"))


def _names_its_attack(metric: ControlMetric, row: Reading) -> Refusal | None:
    if metric.attack or not row.conditions.attack:
        return None
    said = say("the plan names no attack, so this file’s would be mixed: amend the plan first")
    return Refusal("no_attack", said)


def _side(row: Reading, defence: str, phase: str) -> str:
    """On which side a row was counted; refuses another defence, and a side nobody named."""
    if row.defence is None:
        if not phase:
            refuse(
                Refusal("no_phase", say("Say whether it was taken before or after."), field="phase")
            )
        return phase
    if row.defence and row.defence.casefold() != defence.strip().casefold():
        asked = (
            say("not “{defence}”", defence=defence) if defence else say("and no control was named")
        )
        refuse(
            Refusal(
                "unlike",
                say("its defence is “{defence}”, {asked}", defence=row.defence, asked=asked),
            )
        )
    return PHASE.AFTER if row.defence else PHASE.BASELINE


def _record(metric: ControlMetric, row: Reading, phase: str, by: User, digest: str) -> Measurement:
    day = row.taken_on or metric.control.program.today()
    refuse(policy.count_stands(metric, phase, row.sample, day, row.conditions))
    return measure(
        metric=metric,
        phase=phase,
        sample=row.sample,
        by=by,
        taken_on=day,
        conditions=row.conditions,
        source=row.source,
        source_sha256=digest,
    )
