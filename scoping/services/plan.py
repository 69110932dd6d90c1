"""Keep the milestones of a case as its signed scope has them."""

from __future__ import annotations

import datetime as dt

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models import Milestone, ScopeOfWork
from scoping.states import MILESTONE_MOVES, MilestoneState


def follow_plan(scope: ScopeOfWork) -> None:
    """Add new milestones and checkpoints, move planned ones, let go planned ones it dropped.

    What was delivered or judged stays as it is. Runs inside the verb that signs the version.
    """
    there = {m.key: m for m in Milestone.objects.locked().filter(fellowship=scope.fellowship)}
    for item in [*scope.milestones, *scope.checkpoints]:
        known = there.pop(item["key"], None)
        if known is None:
            Milestone(
                fellowship=scope.fellowship,
                key=item["key"],
                title=item["title"],
                kind=item["kind"],
                due_on=dt.date.fromisoformat(item["due"]),
            ).save()
        elif known.state == MilestoneState.PLANNED:
            _move(known, item)
    for dropped in there.values():
        if dropped.state == MilestoneState.PLANNED:
            _drop(dropped, scope)


def _move(milestone: Milestone, item: dict[str, str]) -> None:
    wanted = (item["title"], item["kind"], dt.date.fromisoformat(item["due"]))
    if (milestone.title, milestone.kind, milestone.due_on) != wanted:
        milestone.title, milestone.kind, milestone.due_on = wanted
        milestone.save()


def _drop(milestone: Milestone, scope: ScopeOfWork) -> None:
    milestone.state = MILESTONE_MOVES.target(milestone.state, "except")
    milestone.verdict = say(
        "No longer part of the scope of work from version {number} on.", number=scope.number
    )
    milestone.judged_at = now()
    milestone.judged_by = scope.prepared_by
    milestone.save()
