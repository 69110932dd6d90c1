"""A residency's stages decide by the date, and every answer agrees on it."""

from __future__ import annotations

import datetime as dt

import pytest

from access.decisions import decide
from access.models import Grant
from access.reach import matrix
from access.states import Operation
from fellowship.kernel.time import frozen, now
from scoping import services as scoping
from scoping.models import Fellowship
from tests.access.reference import slow_decision
from tests.scenarios import access as scenario
from tests.scenarios.scoping import founded_fellowship, signed
from tests.scenarios.world import World


@pytest.fixture
def staged(world: World) -> Grant:
    """A live grant of a restricted dataset; from the 21st day on its operations are fewer."""
    case = founded_fellowship(world)
    stages = [
        {
            "key": f"s{n}",
            "title": title,
            "from": str(case.starts_on + dt.timedelta(days=day)),
            "less": less,
            "freedom": "high",
            "switch": "",
        }
        for n, (title, day, less) in enumerate(
            [
                ("Study", 0, {}),
                ("Build", 20, {"operations": ["view"]}),
                ("Write up", 40, {"max_tier": "internal"}),
            ]
        )
    ]
    return scenario.granted(world, signed(world, case, stages=stages))


def begins(case: Fellowship, day: int) -> dt.datetime:
    """Midnight in the programme's zone, so many days after the first."""
    local = case.program.calendar().local(now())
    date = case.starts_on + dt.timedelta(days=day)
    return local.replace(
        year=date.year, month=date.month, day=date.day, hour=0, minute=0, second=0, microsecond=0
    )


def test_the_stage_in_force_at_the_instant_decides(staged: Grant) -> None:
    case = staged.fellowship
    build, write = begins(case, 20), begins(case, 40)
    ask = lambda at: decide(  # noqa: E731
        person=staged.person, dataset=staged.dataset, operation="query", at=at
    )
    before = ask(build - dt.timedelta(microseconds=1))
    assert (before.allowed, before.until) == (True, build)
    first = ask(build)
    assert (first.allowed, first.clause) == (
        False,
        "Scope of work v1, stage “Build”, 2.3 Allowed operations",
    )
    view = decide(person=staged.person, dataset=staged.dataset, operation="view", at=build)
    assert (view.allowed, view.until) == (True, write)
    assert ask(write).clause == "Scope of work v1, stage “Write up”, 2.1 Highest data tier"


def test_every_answer_is_the_same_at_every_switch(staged: Grant) -> None:
    case = staged.fellowship
    switches = [begins(case, day) for day in (20, 40)]
    step = dt.timedelta(microseconds=1)
    for at in [now(), *(s + d for s in switches for d in (-step, step * 0, step))]:
        with frozen(at):
            (row,) = matrix(case, at)
            for answer in row.answers:
                asked = decide(
                    person=staged.person, dataset=staged.dataset, operation=answer.operation, at=at
                )
                assert answer.decision == asked
                expected = slow_decision(staged.person, staged.dataset, answer.operation, at)
                assert (asked.allowed, asked.until) == expected, (answer.operation, at)
    assert len(Operation.values) == len(row.answers)


def test_postponing_a_narrower_stage_is_no_way_to_keep_access(world: World, staged: Grant) -> None:
    case = staged.fellowship
    scope = case.scopes.get()
    later = [dict(stage) for stage in scope.stages]
    later[1]["from"] = str(case.starts_on + dt.timedelta(days=30))
    made = scoping.amend(
        fellowship=case, changes={"stages": later}, by=case.fellow, reason="More time."
    )
    assert made.state == "draft"
    at = begins(case, 25)
    assert not decide(
        person=staged.person, dataset=staged.dataset, operation="query", at=at
    ).allowed
