"""Two members vote on a proposal while the chair closes, all at the same instant."""

from __future__ import annotations

from collections import Counter

import pytest

from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from governance import services
from governance.models import Decision, Matter, Vote
from proposals.models import Proposal
from proposals.states import ProposalState
from scoping.models import Fellowship
from tests.governance.test_board_race import at_once
from tests.scenarios.governance import vote
from tests.scenarios.proposals import referred_proposal
from tests.scenarios.world import make_world


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_decision_one_fellowship_and_every_vote_in_it_or_refused() -> None:
    world = make_world("-race")
    proposal = referred_proposal(world)
    matter = Matter.objects.get(kind="proposals.proposal", subject_id=proposal.pk)
    matter.ballot.rule["early_close"] = "quorum"
    with journal.acting("tests.early", by=world.admin):
        matter.ballot.save()
        journal.record(subject=matter)
    for member in world.board[:3]:
        vote(matter, member)
    late = world.board[3:]
    for member in late:
        services.open_dossier(matter=matter, by=member)

    results = at_once(
        *(
            lambda member=member: services.cast_vote(
                matter=matter, by=member, position="deny", rationale="No."
            )
            for member in late
        ),
        *(lambda: services.record_decision(matter=matter, by=world.chair),) * 2,
    )

    decision = Decision.objects.get(matter=matter)
    assert results[2:] == [decision, decision]
    refused = [r.refusal.code for r in results[:2] if isinstance(r, Refused)]
    assert set(refused) <= {"ballot_closed"}
    cast = Counter(Vote.objects.values_list("position", flat=True))
    assert cast == Counter(approve=3, deny=2 - len(refused)) - Counter()
    assert {p: n for p, n in decision.tally["positions"].items() if n} == dict(cast)
    assert Proposal.objects.get().state == ProposalState.ACCEPTED
    assert Fellowship.objects.get().proposal == proposal
    once = ("governance.record_decision", "proposals.enact_decision")
    verbs = Counter(Event.objects.filter(verb__in=once).values_list("verb", flat=True))
    assert verbs == dict.fromkeys(once, 1)
