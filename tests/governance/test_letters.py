"""The letter says what was decided and weighed, on which conditions, and how to answer it."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks import queries as clocks
from fellowship.kernel.time import frozen
from fellowship.notices.models import Notice
from governance import services
from governance.models import Matter
from tests.governance.conftest import RenameKind
from tests.governance.test_pages import page
from tests.scenarios.governance import CONDITION, decide, vote
from tests.scenarios.world import World

MONDAY = dt.datetime(2094, 3, 1, 9, tzinfo=dt.UTC)


def about(world: World) -> Matter:
    return services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )


def test_a_denial_names_reasons_deadlines_and_the_way_to_a_review(
    world: World, rename: RenameKind
) -> None:
    rename.party_ids, rename.summary = {world.applicant.pk}, ("Relevance (35 %): 4, 2",)
    with frozen(MONDAY):
        matter = about(world)
        for member in world.board[:4]:
            vote(matter, member, "deny", rationale="The name is taken.")
        vote(matter, world.board[4], "deny", rationale="No reason\nwas given.")
        letter = services.record_decision(matter=matter, by=world.chair).letter
    assert "**The board denied this.**" in letter
    assert "5 to deny, under Ballot rules v1." in letter
    assert "The members read: Cohort." in letter
    assert "- The name is taken. (4 members)\n- No reason was given.\n" in letter
    assert "### Scores in summary\n\n- Relevance (35 %): 4, 2" in letter
    assert (
        "reply to this decision once, in writing, until 15 March 2094, 09:00 (UTC), "
        "10 working days from the decision. Your reply" in letter
    )
    assert "The chair answers it in writing within 10 working days." in letter
    assert "You may ask once for an independent review, until 15 March 2094, 09:00 (UTC)" in letter
    assert "- A conflict was not declared\n- The reasons do not match the record" in letter
    assert "within 20 working days by 2 people who neither voted nor took part" in letter
    assert "replies and reviews under Fellowship policy v1" in letter
    assert f"SHA-256 of the dossier the members read: {matter.dossier_hash}." in letter
    for member in world.board:
        assert str(member) not in letter
    told = Notice.objects.get(kind="governance.decided", recipient=world.applicant)
    assert told.body.endswith("Those it is about may reply once, until 15 March 2094, 09:00 (UTC).")
    reply = clocks.current(matter, "governance.reply")
    assert reply is not None
    assert (reply.holder, reply.holder_user) == ("you", world.applicant)
    assert reply.due_at == dt.datetime(2094, 3, 15, 9, tzinfo=dt.UTC)


def test_reasons_of_the_dissent_stand_apart_and_the_recused_seat_is_named(
    world: World, rename: RenameKind
) -> None:
    matter = about(world)
    for member in world.board[:3]:
        vote(matter, member, "approve", rationale="It is sound.")
    vote(matter, world.board[3], "deny", rationale="It is not.")
    services.recuse(matter=matter, by=world.board[4], kind="supervisor", statement="My student.")
    seat = matter.ballot.seats.get(user=world.board[4]).get_seat_display()
    letter = services.record_decision(matter=matter, by=world.chair).letter
    assert f"4 of 5 seats voted; 3 needed. {seat} seat: recused, took no part." in letter
    shown = page(world.chair, matter.get_absolute_url())
    assert f"Seats without a vote: {seat}: recused." in shown
    assert (
        "Those whose votes decided gave these reasons, here without their names:\n\n"
        "- It is sound. (3 members)\n\n"
        "Those who voted otherwise gave these reasons, here without their names:\n\n- It is not.\n"
    ) in letter


def test_a_condition_is_named_with_owner_date_verifier_and_consequence(
    world: World, rename: RenameKind
) -> None:
    rename.party_ids = {world.applicant.pk}
    with frozen(MONDAY):
        decision = decide(world, about(world), "approve_with_conditions", conditions=[CONDITION])
    assert (
        "1. Results above 500 rows pass the release desk. (Applicant, by 15 March 2094, 09:00 "
        "(UTC); verified by Manager). Until this is verified, what was approved does not start."
        in decision.letter
    )


def test_nobody_is_offered_a_reply_to_an_approval_or_where_it_is_about_nobody(
    world: World, rename: RenameKind
) -> None:
    denied = decide(world, about(world), "deny")
    rename.party_ids = {world.applicant.pk}
    approved = decide(world, about(world))
    for decision in (denied, approved):
        assert decision.reply_rule is None
        assert "Your reply" not in decision.letter
        assert clocks.current(decision.matter, "governance.reply") is None


def test_a_deferral_may_be_replied_to_and_is_not_reviewed(world: World, rename: RenameKind) -> None:
    rename.party_ids = {world.applicant.pk}
    decision = decide(world, about(world), "defer")
    assert "## Your reply" in decision.letter
    assert "Independent review" not in decision.letter
    assert clocks.current(decision.matter, "governance.review_request") is None
