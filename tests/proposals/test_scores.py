"""Every score, how far they lie apart, and how leniently each reviewer scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.models import Conflict, User
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.notices.models import Notice
from governance.agenda import agenda
from proposals import leniency, rubric, scores, services
from proposals.models import Assignment, Discussion, Proposal, Review, ReviewerEffect
from tests.scenarios.proposals import assigned, panel, review, submitted_proposal
from tests.scenarios.world import World

KEYS = ("safety_relevance", "feasibility", "originality", "operational_fit")


def refused(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


# --- leniency --------------------------------------------------------------------------------


def test_effects_are_those_of_least_squares() -> None:
    """Against statsmodels: dummies for each proposal and reviewer, effects summed to nought."""
    from statsmodels.regression.linear_model import OLS  # asked for here alone: it is large

    rng = np.random.default_rng(7)
    true = rng.normal(0, 0.6, 6)
    rows = [
        (proposal, int(reviewer), 3 + 0.1 * proposal + true[reviewer] + rng.normal(0, 0.3))
        for proposal in range(25)
        for reviewer in rng.choice(6, 3, replace=False)
    ]
    found = leniency.effects(rows)
    design = np.zeros((len(rows), 25 + 5))
    for i, (proposal, reviewer, _) in enumerate(rows):
        design[i, proposal] = 1
        if reviewer:
            design[i, 24 + reviewer] = 1
    fitted = OLS(np.asarray([total for *_, total in rows]), design).fit()
    raw = np.concatenate([[0.0], fitted.params[25:]])
    counts = np.asarray([found[r].reviews for r in range(6)])
    expected = raw - (raw * counts).sum() / counts.sum()
    assert [found[r].effect for r in range(6)] == pytest.approx(list(expected))
    assert {effect.comparable for effect in found.values()} == {6}


def test_reviewers_without_a_shared_proposal_are_not_compared() -> None:
    found = leniency.effects([(1, 1, 5.0), (2, 2, 1.0), (3, 3, 4.0), (3, 4, 2.0)])
    assert [(r, found[r].comparable, found[r].effect) for r in (1, 2)] == [(1, 1, 0), (2, 1, 0)]
    assert (found[3].effect, found[4].effect) == pytest.approx((1.0, -1.0))


# --- the score panel -------------------------------------------------------------------------


def scored(world: World, *, values: list[dict[str, Any]], title: str = "Drift") -> Proposal:
    """A proposal with one review for each of `values`, by the panel in turn."""
    proposal = submitted_proposal(world, title=title)
    for reviewer, given in zip(panel(world), values, strict=False):
        review(assigned(world, proposal, reviewer), **given)
    return Proposal.objects.get(pk=proposal.pk)


def all_at(*values: int | str) -> dict[str, int | str]:
    return dict(zip(KEYS, values, strict=True))


def test_totals_weigh_by_the_rubric_and_leave_out_what_does_not_apply(world: World) -> None:
    proposal = scored(
        world,
        values=[
            {"scores": all_at(5, 4, 3, 2)},
            {"scores": all_at(5, "na", 3, 2)},
            {"scores": all_at("na", "na", "na", "na")},
        ],
    )
    totals = list(proposal.reviews.order_by("number").values_list("total", flat=True))
    assert [str(t) for t in totals] == ["3.70", "3.60", "None"]
    found = scores.board(
        rubric.of_call(world.call), list(proposal.reviews.prefetch_related("scores")), {}
    )
    assert found is not None
    assert (found.total.range, found.total.said, found.total.count) == (0.1, "0.07", 2)
    assert [(s.count, s.range, s.said) for s in found.spreads] == [
        (2, 0, "0.00"),
        (1, 0, "–"),
        (2, 0, "0.00"),
        (2, 0, "0.00"),
    ]
    assert found.adjusted_mean is None


def graded(world: World) -> list[Proposal]:
    """Five proposals on which the first of three is a point stricter than the others."""
    values = [{"score": 3}, {"score": 4, "confidence": 1}, {"score": 4}]
    return [scored(world, values=values, title=f"Number {n}") for n in range(5)]


def test_adjusted_beside_the_raw_from_the_rubrics_number_on(world: World) -> None:
    proposals = graded(world)
    assert services.refresh_effects(proposals[0].submitted_at) == 1
    assert services.refresh_effects(proposals[0].submitted_at) == 0
    rows = dict(ReviewerEffect.objects.values_list("reviewer__username", "effect"))
    assert rows[world.reviewer.username] == pytest.approx(-2 / 3)
    url = reverse("proposals:panel", args=[proposals[0].ref])
    manager = client(world.manager)
    manager.get(url)
    with CaptureQueriesContext(connection) as caught:
        page = manager.get(url).content.decode()
    assert len(caught) <= 25
    assert 'data-label="Reviewer 1">3.67<' in page
    assert 'data-label="Reviewer 1">3.00<' in page
    assert "replaces nothing" in page
    own = client(world.reviewer).get(reverse("proposals:drift")).content.decode()
    assert "−1.00" in own
    assert "Over 5 proposals" in own
    report = reverse("proposals:reviewer", args=[world.reviewer.pk])
    assert "−1.00" in client(world.manager).get(report).content.decode()
    assert client(world.reviewer_two).get(report).status_code == 404
    sent = Assignment.objects.get(proposal=proposals[0], reviewer=world.reviewer)
    seen = client(world.reviewer).get(reverse("proposals:review", args=[sent.pk])).content.decode()
    assert "Reviewer 2" in seen
    assert str(world.reviewer_two) not in seen
    assert "Adjusted" not in seen


def test_too_little_is_not_compared(world: World) -> None:
    proposal = scored(world, values=[{"score": 1}, {"score": 3}])
    services.refresh_effects(proposal.submitted_at)
    url = reverse("proposals:panel", args=[proposal.ref])
    page = client(world.manager).get(url).content.decode()
    assert "Not shown for reviewers 1, 2: it needs 4 reviews for this call" in page
    own = client(world.reviewer).get(reverse("proposals:drift")).content.decode()
    assert "1 of 4 proposals" in own


# --- discussion ------------------------------------------------------------------------------


def test_reviewers_who_differ_put_it_on_the_list(world: World) -> None:
    proposal = scored(
        world, values=[{"scores": all_at(5, 3, 3, 3)}, {"scores": all_at(2, 3, 3, 3)}]
    )
    found = Discussion.objects.get()
    assert found.spread == {"safety_relevance": [2, 5]}
    assert Notice.objects.filter(kind="proposals.to_discuss").get().recipient == world.manager
    third = panel(world)[2]
    review(assigned(world, proposal, third), score=1)
    assert Discussion.objects.get().spread == found.spread
    page = client(world.manager).get(reverse("proposals:discussions")).content.decode()
    assert "Safety relevance 2 to 5" in page
    url = reverse("proposals:discussion", args=[proposal.ref])
    section = next(s for s in agenda(world.program, world.manager) if s.heading.startswith("Rev"))
    assert [(i.ref, i.url, i.note) for i in section.items] == [
        (proposal.ref, url, "Safety relevance 2 to 5")
    ]
    assert client(world.reviewer).get(url).status_code == 200
    assert client(world.applicant).get(url).status_code == 404
    manager = client(world.manager)
    assert manager.post(url, {"outcome": " "}).status_code == 422
    assert manager.post(url, {"outcome": "The prior work settles it."}).status_code == 302
    assert "The prior work settles it." in manager.get(url).content.decode()
    close = lambda by: services.close_discussion(  # noqa: E731
        discussion=found, outcome="Again.", by=by
    )
    assert close(world.manager).outcome == "The prior work settles it."
    assert Event.objects.filter(verb="proposals.close_discussion").count() == 1


def test_two_points_apart_are_no_discussion(world: World) -> None:
    scored(world, values=[{"score": 3}, {"score": 5}])
    assert not Discussion.objects.exists()


def test_who_has_not_scored_and_who_is_recused_see_no_discussion(world: World) -> None:
    proposal = scored(world, values=[{"score": 5}, {"score": 1}])
    third = panel(world)[2]
    waiting = assigned(world, proposal, third)
    url = reverse("proposals:discussion", args=[proposal.ref])
    assert client(third).get(url).status_code == 404
    review(waiting, score=2)
    assert client(third).get(url).status_code == 200
    services.declare(
        assignment=Assignment.objects.get(proposal=proposal, reviewer=world.reviewer),
        kind=Conflict.Kind.OTHER,
        statement="A grant.",
        by=world.reviewer,
    )
    assert client(world.reviewer).get(url).status_code == 404
    found = Discussion.objects.get()
    close = lambda by: services.close_discussion(discussion=found, outcome="x", by=by)  # noqa: E731
    assert refused(lambda: close(third)) == "wrong_role"


# --- calibration -----------------------------------------------------------------------------


def test_all_score_the_same_one_first(world: World) -> None:
    people = panel(world)
    first, other = submitted_proposal(world, title="Same"), submitted_proposal(world, title="Other")
    waiting = assigned(world, other)
    for _ in range(2):
        services.calibrate(proposal=first, by=world.manager)
    mine = Assignment.objects.get(proposal=first, reviewer=world.reviewer)
    assert Assignment.objects.filter(proposal=first).count() == 3
    assert Event.objects.filter(verb="proposals.calibrate").count() == 1
    assert refused(lambda: review(waiting)) == "calibrate_first"
    assert Assignment.objects.to_do(world.reviewer).next_first().first() == mine
    queue = client(world.reviewer).get(reverse("proposals:reviews")).content.decode()
    assert queue.index(first.ref) < queue.index(other.ref)
    for person in people:
        review(assigned(world, first, person))
    assert review(waiting).proposal == other
    assert Notice.objects.filter(kind="proposals.calibrated").count() == 3


def test_only_a_manager_calibrates_and_only_before_the_board(world: World) -> None:
    proposal = submitted_proposal(world)
    assert refused(lambda: services.calibrate(proposal=proposal, by=world.chair)) == "wrong_role"
    services.withdraw_proposal(proposal=proposal, by=world.applicant)
    assert refused(lambda: services.calibrate(proposal=proposal, by=world.manager)) == "wrong_state"


def test_the_sweep_estimates_and_finds_nothing_the_second_time(world: World) -> None:
    scored(world, values=[{"score": 3}, {"score": 4}])
    assert sweep().swept.get("proposals.leniency") == 1
    assert sweep().swept.get("proposals.leniency", 0) == 0
    assert Review.objects.count() == 2
