"""To draw samples and run tests of control: read, work it out, keep what came out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fellowship.accounts.models import User
from fellowship.kernel.refusals import refuse
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from oversight import policy, services
from oversight.audit import sample as samples
from oversight.audit import scope as scopes
from oversight.audit.controls.shape import Ask, Test
from oversight.audit.populations.shape import Hidden, Population
from oversight.models import ControlRun, Sample


def draw(
    *,
    program: Program,
    population: Population,
    from_at: dt.datetime | None,
    to_at: dt.datetime,
    size: int,
    by: User,
    seed: str = "",
    stratum: str = "",
    allocation: str = samples.WHOLE,
    reason: str = "",
) -> Sample:
    """Draw from the population as it is now and keep the sample; without a seed, a random one."""
    refuse(policy.may_audit(program.pk, by))
    rows = population.within(program.pk, from_at, to_at, scopes.conflicted(by))
    drawn = samples.draw(
        population.keyed(rows, stratum),
        seed=seed or samples.new_seed(),
        size=size,
        stratum=stratum,
        allocation=allocation,
    )
    return services.keep_sample(
        program=program,
        population=population.key,
        from_at=from_at,
        to_at=to_at,
        draw=drawn,
        by=by,
        seed_given=bool(seed),
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Again:
    """A sample drawn once more: whether it came out alike, and if not, whether the records did."""

    alike: bool
    same_population: bool
    total: int


def again(sample: Sample, population: Population, hidden: Hidden) -> Again:
    """Draw the sample once more from the population as it is now, and compare."""
    rows = population.within(sample.program_id, sample.from_at, sample.to_at, hidden)
    drawn = samples.draw(
        population.keyed(rows, sample.stratum),
        seed=sample.seed,
        size=sample.size,
        stratum=sample.stratum,
        allocation=sample.allocation,
    )
    return Again(drawn.picked == sample.picked, drawn.keys_hash == sample.keys_hash, drawn.total)


def rows_of(sample: Sample, population: Population, hidden: Hidden) -> list[Any]:
    """The records of a sample in the order of the draw."""
    rows = population.within(sample.program_id, None, None, hidden).filter(pk__in=sample.picked)
    by_key = {row.pk: row for row in rows}
    return [by_key[key] for key in sample.picked if key in by_key]


def run(
    *,
    program: Program,
    test: Test,
    from_at: dt.datetime | None,
    to_at: dt.datetime | None,
    by: User,
) -> ControlRun:
    """Run a test of control over a period, up to now at most, and keep what it found."""
    refuse(policy.may_audit(program.pk, by))
    end = min(to_at or now(), now())
    begin = from_at if from_at and from_at < end else None
    outcomes = test.run(Ask(program.pk, begin, end, scopes.conflicted(by)))
    return services.keep_run(
        program=program, test=test.key, from_at=begin, to_at=end, parts=outcomes, by=by
    )
