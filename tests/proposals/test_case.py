"""A proposal's way from draft to decision, verb by verb."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.programs.services import extend_call
from governance import recourse, rules
from governance.models import Matter
from governance.states import RuleKind
from proposals import registry, services
from proposals.models import Draft, Proposal, ProposalVersion
from proposals.sections import text_hash
from proposals.services.drafting import SERVICE
from proposals.states import ProposalState
from tests.scenarios.governance import decide, decide_on, sent_back
from tests.scenarios.proposals import (
    ANSWERS,
    accepted_proposal,
    assigned,
    decided_proposal,
    drafted_proposal,
    panel,
    referred_proposal,
    review,
    reviewed_proposal,
    submitted_proposal,
)
from tests.scenarios.world import World

S = ProposalState


def refused(call: Any) -> str:
    """The code of the refusal `call` meets."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def test_starting_gives_the_applicants_role_and_pins_the_rules(world: World) -> None:
    assert not has_role(world.applicant, world.program.pk, roles.APPLICANT)
    proposal = services.start_proposal(call=world.call, by=world.fresh("applicant"))
    assert has_role(world.fresh("applicant"), world.program.pk, roles.APPLICANT)
    assert (proposal.state, proposal.version, proposal.title) == (S.DRAFT, 0, "")
    assert set(rules.pins(proposal)) == set(RuleKind.values)
    assert rules.pins(world.call).keys() == rules.pins(proposal).keys()


def test_starting_twice_gives_the_same_draft(world: World) -> None:
    first = services.start_proposal(call=world.call, by=world.applicant)
    events = Event.objects.count()
    assert services.start_proposal(call=world.call, by=world.applicant) == first
    assert Event.objects.count() == events


@pytest.mark.parametrize("who", ["manager", "reviewer", "board_legal", "sponsor"])
def test_who_works_for_the_programme_cannot_apply_to_it(world: World, who: str) -> None:
    start = lambda: services.start_proposal(call=world.call, by=getattr(world, who))  # noqa: E731
    assert refused(start) == "separation"
    assert Proposal.objects.count() == 0


def test_submitting_makes_an_immutable_version(world: World) -> None:
    proposal = submitted_proposal(world)
    version = ProposalVersion.objects.get(proposal=proposal)
    assert (proposal.state, proposal.version, proposal.title) == (S.SUBMITTED, 1, ANSWERS["title"])
    assert version.answers == ANSWERS
    assert version.text_hash == text_hash(ANSWERS)
    assert not Draft.objects.filter(proposal=proposal).exists()
    with pytest.raises(ValueError, match="never changed"):
        version.save()


def test_submitting_twice_does_it_once(world: World) -> None:
    proposal = submitted_proposal(world)
    events, notices = Event.objects.count(), Notice.objects.count()
    services.submit_proposal(proposal=proposal, by=world.applicant)
    assert (Event.objects.count(), Notice.objects.count()) == (events, notices)
    assert proposal.versions.count() == 1


def test_submitting_names_what_is_missing(world: World) -> None:
    proposal = drafted_proposal(world, question=None, budget=None, data_needs=None)
    with pytest.raises(Refused) as caught:
        services.submit_proposal(proposal=proposal, by=world.applicant)
    assert caught.value.refusal.reason == (
        "Answer what is still missing: Problem and question (research question); "
        "Data needs (datasets); Budget and timeline (budget)."
    )
    assert Draft.objects.filter(proposal=proposal).count() == 8


def test_no_data_needed_asks_for_no_rows_and_keeps_none(world: World) -> None:
    proposal = submitted_proposal(world, needs_data="no")
    assert "data_needs" not in proposal.answers()


def test_a_call_closed_one_second_ago_refuses_and_keeps_the_draft(world: World) -> None:
    proposal = drafted_proposal(world)
    with frozen(world.call.closes_at), pytest.raises(Refused) as caught:
        services.submit_proposal(proposal=proposal, by=world.applicant)
    assert caught.value.refusal.code == "call_not_open"
    assert f"closed on {world.call.closes_at:%-d %B %Y at %H:%M} UTC" in str(caught.value)
    assert services.draft_answers(proposal) == ANSWERS
    with frozen(world.call.closes_at - dt.timedelta(seconds=1)):
        services.submit_proposal(proposal=proposal, by=world.applicant)


def test_only_the_applicant_submits_and_withdraws(world: World) -> None:
    proposal = drafted_proposal(world)
    for who in (world.manager, world.other_applicant, world.admin):
        assert refused(lambda: services.submit_proposal(proposal=proposal, by=who)) == "not_yours"  # noqa: B023
        assert refused(lambda: services.withdraw_proposal(proposal=proposal, by=who)) == "not_yours"  # noqa: B023


def test_a_failing_ledger_leaves_the_draft_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = drafted_proposal(world)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the ledger is gone")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            services.submit_proposal(proposal=proposal, by=world.applicant)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.versions.count()) == (S.DRAFT, 0)
    assert services.draft_answers(proposal) == ANSWERS
    assert not Notice.objects.filter(kind="proposals.submitted").exists()


def test_submission_tells_applicant_and_manager_and_starts_our_clock(world: World) -> None:
    proposal = submitted_proposal(world)
    told = set(Notice.objects.values_list("kind", "recipient__username"))
    assert told == {
        ("proposals.receipt", "applicant"),
        ("proposals.submitted", "manager"),
    }
    clock = clocks.current(proposal, "proposals.decision")
    assert clock is not None
    assert clock.holder == "us"
    expected = rules.pinned(proposal, "stage_standards").params.stages["recruit"].expected
    assert clock.window == str(expected)


def test_a_revision_before_review_is_a_new_version(world: World) -> None:
    proposal = submitted_proposal(world)
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.save_answers(proposal=proposal, raw={"budget": "20,000 EUR"}, by=world.applicant)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.version) == (S.SUBMITTED, 2)
    budgets = proposal.versions.order_by("number").values_list("answers__budget", flat=True)
    assert list(budgets) == ["18,000 EUR", "20,000 EUR"]


def test_an_unchanged_revision_makes_no_version(world: World) -> None:
    proposal = submitted_proposal(world)
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    proposal.refresh_from_db()
    assert proposal.version == 1
    assert not proposal.drafts.exists()


def test_no_revision_once_review_has_begun(world: World) -> None:
    proposal = submitted_proposal(world)
    assigned(world, proposal)
    begin = lambda: services.begin_revision(proposal=proposal, by=world.applicant)  # noqa: E731
    assert refused(begin) == "review_begun"


def test_the_board_accepts_and_the_registered_follow(world: World) -> None:
    seen: list[tuple[int, str, str]] = []

    def note(*, proposal: Proposal, by: Any, reason: str) -> None:
        seen.append((proposal.pk, proposal.state, str(by)))

    handlers = list(registry._handlers)
    registry._handlers[:] = [note]
    try:
        proposal = accepted_proposal(world)
    finally:
        registry._handlers[:] = handlers
    assert proposal.state == S.ACCEPTED
    assert proposal.decided_at is not None
    assert seen == [(proposal.pk, S.ACCEPTED, str(world.chair))]
    assert clocks.current(proposal, "proposals.decision") is None
    assert Notice.objects.filter(kind="proposals.outcome", recipient=world.applicant).count() == 1


def test_what_follows_failing_leaves_the_decision_unrecorded(world: World) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no place left")

    proposal = referred_proposal(world)
    handlers = list(registry._handlers)
    registry._handlers[:] = [fail]
    try:
        assert refused(lambda: decide_on(world, proposal, "approve")) == "enactment_failed"
    finally:
        registry._handlers[:] = handlers
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_at) == (S.WITH_BOARD, None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("approve_with_conditions", S.ACCEPTED), ("deny", S.DECLINED), ("defer", S.IN_REVIEW)],
)
def test_other_outcomes(world: World, outcome: str, state: str) -> None:
    assert decided_proposal(world, outcome).state == state


def test_a_declined_proposal_sent_back_by_a_review_is_with_the_board_and_may_be_accepted(
    world: World,
) -> None:
    proposal = decided_proposal(world, "deny")
    matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=proposal.pk)
    assert "### Scores in summary" in matter.decision.letter
    assert "Safety relevance (35 %): 4 of 5, 4 of 5, 4 of 5" in matter.decision.letter
    panelist = proposal.assignments.all()[0].reviewer
    assert panelist.pk in recourse.took_part(matter)
    again = sent_back(world, matter.decision)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_at) == (S.WITH_BOARD, None)
    assert services.reconsider(proposal=proposal, by=SERVICE).state == S.WITH_BOARD
    decide(world, again)
    proposal.refresh_from_db()
    assert proposal.state == S.ACCEPTED


def test_a_deferral_asks_for_a_revision_and_stops_our_clock(world: World) -> None:
    proposal = decided_proposal(world, "defer")
    assert proposal.revision_asked_at is not None
    ours = clocks.current(proposal, "proposals.decision")
    theirs = clocks.current(proposal, "proposals.revision")
    assert ours is not None
    assert theirs is not None
    assert ours.paused_at is not None
    assert theirs.holder_user == world.applicant
    services.begin_revision(proposal=proposal, by=world.applicant)
    services.save_answers(proposal=proposal, raw={"method": "120 prompts."}, by=world.applicant)
    services.submit_proposal(proposal=proposal, by=world.applicant)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.version, proposal.revision_asked_at) == (S.IN_REVIEW, 2, None)
    ours.refresh_from_db()
    assert ours.paused_at is None
    services.refer_to_board(proposal=proposal, by=world.manager)
    assert decide_on(world, proposal, "approve").outcome == "approve"


def test_a_revision_is_late_once_its_time_is_over_swept_or_not(world: World) -> None:
    proposal = decided_proposal(world, "defer")
    services.begin_revision(proposal=proposal, by=world.applicant)
    with frozen(clocks.current(proposal, "proposals.revision").due_at):
        save = lambda: services.save_answers(  # noqa: E731
            proposal=proposal, raw={"budget": "2 EUR"}, by=world.applicant
        )
        send = lambda: services.submit_proposal(  # noqa: E731
            proposal=proposal, by=world.applicant
        )
        assert (refused(save), refused(send)) == ("revision_over", "revision_over")


def test_our_clock_runs_again_where_the_board_gets_it_without_the_revision(world: World) -> None:
    proposal = decided_proposal(world, "defer")
    assert clocks.current(proposal, "proposals.decision").paused_at is not None
    services.refer_to_board(proposal=proposal, by=world.manager)
    assert clocks.current(proposal, "proposals.decision").paused_at is None
    assert clocks.current(proposal, "proposals.revision") is None


def test_a_page_left_open_since_before_begins_no_revision_of_one_section(world: World) -> None:
    proposal = submitted_proposal(world)
    for save in (
        lambda: services.save_answers(proposal=proposal, raw={"budget": "2"}, by=world.applicant),
        lambda: services.save_section(
            proposal=proposal, section="plan", raw={"budget": "2"}, version=0, by=world.applicant
        ),
    ):
        assert refused(save) == "no_revision"
    assert not Draft.objects.filter(proposal=proposal).exists()


def test_a_revision_that_does_not_come_lets_the_panel_go_on(world: World) -> None:
    proposal = decided_proposal(world, "defer")
    clock = clocks.current(proposal, "proposals.revision")
    assert clock is not None
    report = sweep(clock.due_at + dt.timedelta(minutes=1))
    assert report.failed == []
    proposal.refresh_from_db()
    assert (proposal.state, proposal.revision_asked_at) == (S.IN_REVIEW, None)
    ours = clocks.current(proposal, "proposals.decision")
    assert ours is not None
    assert ours.paused_at is None


def test_withdrawing_from_the_board_ends_the_matter(world: World) -> None:
    proposal = referred_proposal(world)
    services.withdraw_proposal(proposal=proposal, by=world.applicant, reason="A new post.")
    proposal.refresh_from_db()
    assert proposal.state == S.WITHDRAWN
    assert Matter.objects.get().state == "withdrawn"
    events = Event.objects.count()
    services.withdraw_proposal(proposal=proposal, by=world.applicant)
    assert Event.objects.count() == events


def test_a_decided_proposal_cannot_be_withdrawn(world: World) -> None:
    proposal = accepted_proposal(world)
    withdraw = lambda: services.withdraw_proposal(proposal=proposal, by=world.applicant)  # noqa: E731
    assert refused(withdraw) == "wrong_state"


def test_the_board_waits_for_all_reviews(world: World) -> None:
    proposal = submitted_proposal(world)
    review(assigned(world, proposal))
    refer = lambda: services.refer_to_board(proposal=proposal, by=world.manager)  # noqa: E731
    assert refused(refer) == "too_few_reviews"
    for reviewer in panel(world)[1:]:
        review(assigned(world, proposal, reviewer))
    events = Event.objects.count()
    refer()
    assert Event.objects.count() > events
    again = Event.objects.count()
    refer()
    assert Event.objects.count() == again
    refer()


def test_a_matter_returned_puts_the_case_back_in_review(world: World) -> None:
    proposal = referred_proposal(world)
    services.take_back(proposal=proposal, by=world.chair)
    proposal.refresh_from_db()
    assert proposal.state == S.IN_REVIEW


def test_the_dossier_is_what_members_see(world: World) -> None:
    proposal = referred_proposal(world)
    body = Matter.objects.get(subject_id=proposal.pk).dossier.body
    headings = [section["heading"] for section in body["sections"]]
    assert headings == [
        "The case",
        "Reviewer 1",
        "Reviewer 2",
        "Reviewer 3",
        "Problem and question",
        "System under study",
        "Method and success",
        "Output and arrangement",
        "Data needs",
        "Team and prior work",
        "Declarations",
        "Budget and timeline",
    ]
    text = str(body)
    for answer in ("60 prompts, 20 turns each", "Evaluation harness", "A synthetic mirror"):
        assert answer in text
    assert str(world.reviewer_two) not in text
    assert all(reviewer.email not in text for reviewer in panel(world))


def test_late_cases_and_reviews_are_told(world: World) -> None:
    proposal = submitted_proposal(world)
    assigned(world, proposal)
    report = sweep(now() + dt.timedelta(days=120))
    assert report.failed == []
    kinds = set(Notice.objects.filter(recipient=world.manager).values_list("kind", flat=True))
    assert {"proposals.review_late", "proposals.case_late"} <= kinds
    sent = Notice.objects.count()
    sweep(now() + dt.timedelta(days=121))
    assert Notice.objects.count() == sent


def test_forty_thousand_characters_fit(world: World) -> None:
    long = "Täglich 100 %: 安全性评估 — " * 2000
    proposal = submitted_proposal(world, method=long)
    assert proposal.answers()["method"] == long.strip()


def test_reviewed_scenario_counts_by_the_rubric(world: World) -> None:
    proposal = reviewed_proposal(world)
    rule = rules.pinned(world.call, "review_rubric").params
    assert proposal.reviews.count() == rule.reviewers_per_proposal


def test_drafters_are_told_when_the_deadline_moves(world: World) -> None:
    drafted_proposal(world)
    submitted_proposal(world, world.other_applicant)
    later = world.call.closes_at + dt.timedelta(days=7)
    for _ in range(2):
        extend_call(call=world.call, closes_at=later, by=world.manager, reason="Holidays.")
    told = Notice.objects.filter(kind="proposals.call_moved")
    assert [notice.recipient for notice in told] == [world.applicant]
