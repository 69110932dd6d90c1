"""A fellowship begins with the board's decision, in its transaction."""

from __future__ import annotations

import pytest

from fellowship.accounts.queries import has_role
from fellowship.history.models import Event
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from governance.rules import pins
from proposals.models import Proposal
from scoping import services
from scoping.models import Fellowship, ScopeOfWork
from tests.scenarios.governance import decide_on
from tests.scenarios.proposals import decided_proposal, referred_proposal
from tests.scenarios.world import World


def test_the_boards_decision_founds_the_fellowship(world: World, founded: Fellowship) -> None:
    assert founded.ref.startswith("FEL-")
    assert founded.state == "scope"
    assert founded.fellow == world.applicant
    assert founded.cohort == world.cohort
    assert founded.output_type is not None
    assert founded.output_type.key == "eval-harness"
    assert has_role(world.fresh("applicant"), world.program, "fellow")


def test_a_declined_proposal_founds_nothing(world: World) -> None:
    decided_proposal(world, "deny")
    assert not Fellowship.objects.exists()


def test_the_case_stays_held_to_the_rules_of_its_proposal(
    world: World, founded: Fellowship
) -> None:
    assert pins(founded) == pins(founded.proposal)
    assert "publication_policy" in pins(founded)


def test_the_first_draft_is_made_from_the_proposal(founded: Fellowship) -> None:
    scope = founded.scopes.get()
    answers = founded.proposal.answers()
    assert (scope.number, scope.state, scope.text_hash) == (1, "draft", "")
    assert scope.terms["question"] == answers["question"]
    assert scope.terms["objective"] == answers["problem"]
    assert scope.datasets == [row["dataset"] for row in answers["data_needs"]]
    assert scope.max_tier == "restricted"
    assert [item["title"] for item in scope.milestones] == ["Protocol", "Harness", "Report"]
    assert scope.milestones[-1]["due"] == founded.ends_on.isoformat()


def test_founding_twice_founds_once(world: World, founded: Fellowship) -> None:
    events = Event.objects.count()
    again = services.found_fellowship(proposal=founded.proposal, by=System("test"))
    assert again == founded
    assert ScopeOfWork.objects.count() == 1
    assert Event.objects.count() == events


def test_only_an_accepted_proposal_is_founded(world: World) -> None:
    proposal = referred_proposal(world)
    with pytest.raises(Refused) as refused:
        services.found_fellowship(proposal=proposal, by=System("test"))
    assert refused.value.refusal.code == "not_accepted"


def test_if_founding_fails_the_proposal_is_not_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = referred_proposal(world)

    def fail(_: str) -> str:
        raise RuntimeError("no number")

    monkeypatch.setattr("scoping.services.founding.next_reference", fail)
    with pytest.raises(Refused):
        decide_on(world, proposal)
    assert Proposal.objects.get(pk=proposal.pk).state == "with_board"
    assert not Fellowship.objects.exists()
