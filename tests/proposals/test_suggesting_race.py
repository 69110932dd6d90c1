"""“Ask all” pressed twice while one reviewer is asked by hand, all at the same instant."""

from __future__ import annotations

import pytest

from fellowship.history.models import Event
from proposals import services
from proposals.models import Assignment, SuggestionRun
from proposals.states import RunState
from tests.governance.test_board_race import at_once
from tests.scenarios.proposals import panel, submitted_proposal
from tests.scenarios.world import make_world


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_each_is_asked_once() -> None:
    world = make_world("-ask")
    panel(world)
    proposal = submitted_proposal(world)
    run = services.suggest_reviewers(call=world.call, by=world.manager)

    def ask_all() -> SuggestionRun:
        return services.assign_suggested(run=run, by=world.manager)

    results = at_once(
        ask_all,
        ask_all,
        lambda: services.ask_by_hand(proposal=proposal, reviewer=world.reviewer, by=world.manager),
    )

    assert [r for r in results if isinstance(r, Exception)] == []
    run.refresh_from_db()
    assert run.state == RunState.ASSIGNED
    asked = Assignment.objects.standing().filter(proposal=proposal)
    assert asked.count() == asked.values("reviewer").distinct().count() == 3
    verbs = list(Event.objects.values_list("verb", flat=True))
    assert verbs.count("proposals.assign_suggested") == 1
    assert verbs.count("proposals.assign_reviewer") == 3
