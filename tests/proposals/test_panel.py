"""The panel's verbs: who may be asked, conflicts before content, independence, drafts."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from fellowship.accounts.models import Conflict
from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from proposals import services
from proposals.forms import AssignForm
from proposals.models import Assignment, Review, ReviewDraft
from proposals.services import StaleReview
from proposals.states import ProposalState
from tests.scenarios.proposals import assigned, review, submitted_proposal
from tests.scenarios.world import World


def refused(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def test_the_first_assignment_opens_the_review(world: World) -> None:
    proposal = submitted_proposal(world)
    assignment = assigned(world, proposal, cleared=False)
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.IN_REVIEW
    clock = clocks.current(assignment, "proposals.review")
    assert clock is not None
    assert (clock.holder_user, clock.due_at) == (world.reviewer, assignment.due_at)
    assert Notice.objects.filter(kind="proposals.assigned", recipient=world.reviewer).count() == 1


def test_assigning_twice_does_it_once(world: World) -> None:
    proposal = submitted_proposal(world)
    first = assigned(world, proposal, cleared=False)
    events = Event.objects.count()
    assert assigned(world, proposal, cleared=False) == first
    assert Event.objects.count() == events


@pytest.mark.parametrize("who", ["applicant", "reviewer", "admin", "chair", "board_legal"])
def test_only_a_manager_assigns(world: World, who: str) -> None:
    proposal = submitted_proposal(world)
    assign = lambda: services.assign_reviewer(  # noqa: E731
        proposal=proposal, reviewer=world.reviewer, by=getattr(world, who)
    )
    assert refused(assign) == "wrong_role"


def test_who_may_not_be_asked(world: World) -> None:
    member = world.reviewer_two
    member.orcid = "0000-0002-1825-0097"
    member.save()
    proposal = submitted_proposal(world, team=[{"name": "Ada", "orcid": member.orcid}])
    declare_conflict(
        user=world.reviewer,
        subject=proposal,
        realm=proposal.program_id,
        kind=Conflict.Kind.SUPERVISOR,
        statement="My student.",
        by=world.reviewer,
    )
    found = {
        name: refused(
            lambda name=name: services.assign_reviewer(
                proposal=proposal, reviewer=getattr(world, name), by=world.manager
            )
        )
        for name in ("applicant", "mentor", "reviewer_two", "reviewer")
    }
    assert found == {
        "applicant": "applicant",
        "mentor": "not_reviewer",
        "reviewer_two": "in_team",
        "reviewer": "recused",
    }
    assert Assignment.objects.count() == 0


def test_no_review_before_a_declaration(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world), cleared=False)
    assert refused(lambda: review(assignment)) == "undeclared"
    draft = lambda: services.save_review_draft(  # noqa: E731
        assignment=assignment, raw={}, version=0, by=world.reviewer
    )
    assert refused(draft) == "undeclared"


def test_a_conflict_ends_the_assignment_and_tells_the_manager(world: World) -> None:
    proposal = submitted_proposal(world)
    assignment = assigned(world, proposal, cleared=False)
    for _ in range(2):
        services.declare(
            assignment=assignment,
            kind=Conflict.Kind.COAUTHOR,
            statement="A paper in 2025.",
            by=world.reviewer,
        )
    assignment.refresh_from_db()
    assert assignment.ended_at is not None
    assert clocks.current(assignment, "proposals.review") is None
    told = Notice.objects.filter(kind="proposals.recused")
    assert [n.recipient for n in told] == [world.manager]
    assert "paper" not in told[0].body
    assert refused(lambda: review(assignment)) == "separation_conflict"
    assert world.reviewer not in AssignForm(proposal=proposal).candidates()


def test_a_conflict_says_what_it_is(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world), cleared=False)
    declare = lambda: services.declare(  # noqa: E731
        assignment=assignment, kind=Conflict.Kind.OTHER, by=world.reviewer
    )
    assert refused(declare) == "no_statement"


def test_a_review_is_sent_once_and_stays(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world))
    sent = review(assignment, score=5)
    assert review(assignment, score=1) == sent
    assert set(sent.scores.values_list("value", flat=True)) == {5}
    assert (sent.number, sent.version) == (1, 1)
    assert clocks.current(assignment, "proposals.review") is None


def test_not_applicable_is_no_zero(world: World) -> None:
    scores = {"safety_relevance": 4, "feasibility": "na", "originality": "3", "operational_fit": 1}
    sent = review(assigned(world, submitted_proposal(world)), scores=scores)
    assert dict(sent.scores.values_list("criterion", "value")) == {
        "safety_relevance": 4,
        "feasibility": None,
        "originality": 3,
        "operational_fit": 1,
    }


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        (
            {"scores": {}},
            {
                "score-safety_relevance",
                "score-feasibility",
                "score-originality",
                "score-operational_fit",
            },
        ),
        ({"confidence": None}, {"confidence"}),
        ({"confidence": 9}, {"confidence"}),
        ({"comment_applicant": " "}, {"comment_applicant"}),
        ({"comment_board": "a\x00b"}, {"comment_board"}),
        ({"comment_applicant": "x" * 20_001}, {"comment_applicant"}),
    ],
)
def test_what_a_review_lacks_is_named_at_its_field(
    world: World, values: dict[str, Any], fields: set[str]
) -> None:
    assignment = assigned(world, submitted_proposal(world))
    with pytest.raises(ValidationError) as caught:
        review(assignment, **values)
    assert set(caught.value.message_dict) == fields
    assert Review.objects.count() == 0


@pytest.mark.parametrize("score", [0, 6, -1, "4.5", True, "x", None, [4]])
def test_scores_outside_the_scale_are_refused(world: World, score: Any) -> None:
    assignment = assigned(world, submitted_proposal(world))
    with pytest.raises(ValidationError):
        review(assignment, score=score)
    assert Review.objects.count() == 0


def test_two_tabs_of_one_review_lose_nothing(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world))

    def save(text: str, version: int) -> ReviewDraft:
        return services.save_review_draft(
            assignment=assignment,
            raw={"comment_board": text},
            version=version,
            by=world.reviewer,
        )

    assert save("One.", 0).version == 1
    with pytest.raises(StaleReview) as caught:
        save("Two.", 0)
    assert caught.value.draft.answers == {"comment_board": "One."}
    assert save("One.", 0).version == 1
    assert save("Two.", 1).version == 2


def test_a_review_in_stays_when_the_manager_would_take_it_back(world: World) -> None:
    assignment = assigned(world, submitted_proposal(world))
    review(assignment)
    take = lambda: services.unassign_reviewer(  # noqa: E731
        assignment=assignment, by=world.manager, reason="Late."
    )
    assert refused(take) == "reviewed"


def test_an_assignment_taken_back_can_be_given_again(world: World) -> None:
    proposal = submitted_proposal(world)
    assignment = assigned(world, proposal)
    services.unassign_reviewer(assignment=assignment, by=world.manager, reason="On leave.")
    assert refused(lambda: review(assignment)) == "taken_back"
    again = assigned(world, proposal)
    assert again.pk == assignment.pk
    assert review(again).number == 1
