"""A matter from referral to decision, and every refusal on the way."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.history.queries import timeline
from fellowship.kernel.canonical import digest
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import ballot_box, rules, services
from governance.models import Decision, DossierOpening, Matter, Vote
from governance.policy import board as policy
from governance.states import RuleKind
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import decide, vote, vote_all
from tests.scenarios.world import World


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


def refer(world: World, **values: Any) -> Matter:
    defaults = {"subject": world.cohort, "program": world.program, "by": world.manager}
    return services.refer(kind="tests.rename", **{**defaults, **values})


# --- referral -------------------------------------------------------------------------------


def test_referral_seals_the_dossier_and_opens_the_ballot(world: World, matter: Matter) -> None:
    assert matter.state == "voting"
    assert matter.dossier.body == {"sections": [{"heading": "Cohort", "text": "Spring"}]}
    assert matter.dossier_hash == digest(matter.dossier.body)
    assert matter.subject_revision == digest({"name": "Spring"})
    ballot = matter.ballot
    assert ballot.rule_version == rules.in_force(world.program, RuleKind.BALLOT_RULES)
    assert ballot.params == RenameKind.founding_rule
    assert [(s.seat, s.user, s.standing) for s in ballot.seats.all()] == [
        (seat, user, "eligible")
        for seat, user in zip(
            ("research", "product", "security", "legal", "policy"), world.board, strict=True
        )
    ]
    assert ballot.closes_at == world.program.calendar().add_working_days(ballot.opened_at, 10)
    clock = clocks.current(matter, "governance.ballot")
    assert clock is not None
    assert clock.due_at == ballot.closes_at == matter.due_at
    assert (
        clock.silence == "Silence is no vote. When the window ends the chair records what was cast."
    )


def test_referral_tells_each_seat_once(world: World, matter: Matter) -> None:
    told = Notice.objects.filter(kind="governance.ballot_opened").about(matter)
    assert {notice.recipient for notice in told} == set(world.board)


def test_referred_twice_is_one_matter(world: World, matter: Matter) -> None:
    assert refer(world) == matter
    assert [e.verb for e in timeline(matter)] == ["governance.open_ballot", "governance.refer"]


def test_outsiders_do_not_refer_unless_they_are_the_party(world: World, rename: RenameKind) -> None:
    refusal = refused(lambda: refer(world, by=world.stranger))
    assert refusal.code == "wrong_role"
    rename.party_ids = {world.stranger.pk}
    assert refer(world, by=world.stranger).referred_by == world.stranger


def test_a_service_may_refer(world: World) -> None:
    assert refer(world, by=System("importer")).referred_by is None


def test_the_subject_must_be_of_the_kind(world: World) -> None:
    assert refused(lambda: refer(world, subject=world.call)).code == "wrong_subject"


def test_a_kind_the_rule_does_not_know_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from governance import kinds

    class Other(RenameKind):
        key = "tests.other"

    monkeypatch.setitem(kinds._kinds, "tests.other", [Other()])
    refusal = refused(
        lambda: services.refer(
            kind="tests.other", subject=world.cohort, program=world.program, by=world.manager
        )
    )
    assert refusal.code == "no_ballot_rule"
    assert refusal.rule == "Ballot rules v1"


def test_party_referrer_and_conflicted_are_enrolled_without_a_vote(
    world: World, rename: RenameKind
) -> None:
    rename.party_ids = {world.board_product.pk}
    declare_conflict(
        user=world.board_legal,
        subject=world.cohort,
        realm=world.program.pk,
        kind="employer",
        statement="My former group.",
        by=world.board_legal,
    )
    matter = refer(world, by=world.board_research)
    assert {s.seat: s.standing for s in matter.ballot.seats.all()} == {
        "research": "referrer",
        "product": "party",
        "security": "eligible",
        "legal": "recused",
        "policy": "eligible",
    }
    for member, code in (
        (world.board_research, "separation_referrer"),
        (world.board_product, "separation_party"),
        (world.board_legal, "separation_recused"),
    ):
        refusal = policy.may_vote(matter, member)
        assert refusal is not None
        assert refusal.code == code


# --- the dossier ----------------------------------------------------------------------------


def test_opening_the_dossier_is_written_down_once(world: World, matter: Matter) -> None:
    first = services.open_dossier(matter=matter, by=world.board_legal)
    again = services.open_dossier(matter=matter, by=world.board_legal)
    assert first == again
    assert [e.verb for e in timeline(matter)].count("governance.open_dossier") == 1


def test_the_dossier_is_for_the_board_room(world: World, matter: Matter) -> None:
    for name in ("stranger", "mentor", "reviewer", "sponsor", "admin", "steward"):
        refusal = policy.may_enter(matter, world.people[name])
        assert refusal is not None, name
        assert refusal.code == "wrong_role"
    assert (
        refused(lambda: services.open_dossier(matter=matter, by=world.stranger)).code
        == "wrong_role"
    )


def test_voting_unread_is_refused(world: World, matter: Matter) -> None:
    refusal = refused(
        lambda: services.cast_vote(matter=matter, by=world.board_legal, position="approve")
    )
    assert refusal.code == "dossier_unopened"


# --- voting ---------------------------------------------------------------------------------


def test_some_positions_need_a_rationale(world: World, matter: Matter) -> None:
    services.open_dossier(matter=matter, by=world.board_legal)
    for position in ("approve_with_conditions", "deny", "abstain"):
        refusal = refused(
            lambda position=position: services.cast_vote(
                matter=matter, by=world.board_legal, position=position, rationale="  "
            )
        )
        assert (refusal.code, refusal.field) == ("no_rationale", "rationale")


def test_votes_that_are_not_whole_are_refused_at_their_field(world: World, matter: Matter) -> None:
    services.open_dossier(matter=matter, by=world.board_legal)
    with_conditions = "approve_with_conditions"
    cases: list[tuple[str, Any, str]] = [
        ("perhaps", (), "unknown_position"),
        (with_conditions, (), "no_conditions"),
        ("approve", ({"text": "Report monthly."},), "conditions_elsewhere"),
        (with_conditions, ({"text": " "},), "bad_condition"),
        (with_conditions, ({"text": "x", "days": 0},), "bad_condition"),
        (with_conditions, ({"text": "x", "days": "soon"},), "bad_condition"),
        (with_conditions, ({"text": "x", "owner": 1, "verifier": 1},), "bad_condition"),
        (with_conditions, ({"text": "x", "owner": 99999},), "unknown_person"),
        (with_conditions, ({"text": "x", "colour": "red"},), "bad_condition"),
        (with_conditions, ("x",), "bad_condition"),
    ]
    for position, conditions, code in cases:
        refusal = refused(
            lambda position=position, conditions=conditions: services.cast_vote(
                matter=matter,
                by=world.board_legal,
                position=position,
                rationale="Because.",
                conditions=conditions,
            )
        )
        assert refusal.code == code
        assert refusal.field in ("position", "conditions")
    assert not Vote.objects.exists()


def test_only_seats_vote(world: World, matter: Matter) -> None:
    for name in ("chair", "manager", "auditor", "stranger"):
        refusal = policy.may_vote(matter, world.people[name])
        assert refusal is not None, name
        assert refusal.code == "wrong_role"


def test_a_vote_may_change_until_the_ballot_closes_and_history_keeps_each(
    world: World, matter: Matter
) -> None:
    first = vote(matter, world.board_legal, "approve")
    second = vote(matter, world.board_legal, "deny")
    same = vote(matter, world.board_legal, "deny")
    assert first.pk == second.pk == same.pk
    assert [row.position for row in second.history.order_by("history_id")] == ["approve", "deny"]
    assert [e.verb for e in timeline(matter)].count("governance.cast_vote") == 2


def test_the_ledger_tells_that_a_vote_was_cast_and_not_which(world: World, matter: Matter) -> None:
    vote(matter, world.board_legal, "deny", rationale="The canary sings.")
    event = timeline(matter).filter(verb="governance.cast_vote").get()
    assert '"seat":"legal"' in event.body
    assert "deny" not in event.body
    assert "canary" not in event.body
    assert event.reason == ""


def test_votes_are_sealed_until_the_ballot_closes(world: World, matter: Matter) -> None:
    mine = vote(matter, world.board_legal)
    for name in ("chair", "manager", "auditor", "board_policy", "stranger"):
        assert list(Vote.objects.visible_to(world.people[name])) == []
    assert list(Vote.objects.visible_to(world.board_legal)) == [mine]
    decide(world, matter)
    for name in ("chair", "manager", "auditor", "board_policy"):
        assert Vote.objects.visible_to(world.people[name]).count() == 5
    assert list(Vote.objects.visible_to(world.stranger)) == []


def test_votes_of_a_withdrawn_matter_stay_sealed(world: World, matter: Matter) -> None:
    vote_all(matter)
    services.withdraw_matter(matter=matter, by=world.manager, reason="Not needed.")
    assert list(Vote.objects.visible_to(world.chair)) == []


def test_after_the_window_nobody_votes(world: World, matter: Matter) -> None:
    services.open_dossier(matter=matter, by=world.board_legal)
    with frozen(matter.ballot.closes_at):
        refusal = refused(
            lambda: services.cast_vote(matter=matter, by=world.board_legal, position="approve")
        )
    assert refusal.code == "ballot_over"


# --- recording ------------------------------------------------------------------------------


def test_the_decision_acts(world: World, matter: Matter) -> None:
    decision = decide(world, matter)
    matter.refresh_from_db()
    world.cohort.refresh_from_db()
    assert decision.outcome == "approve"
    assert decision.decided_by == world.chair
    assert decision.dossier_hash == matter.dossier_hash
    assert matter.state == "decided"
    assert matter.ballot.closed_at is not None
    assert world.cohort.name == "Renamed: approve"
    assert decision.tally["positions"]["approve"] == 5
    assert decision.tally["absent"] == []
    assert clocks.current(matter, "governance.ballot") is None
    assert "The board approved this." in decision.letter
    assert "5 to approve, under Ballot rules v1" in decision.letter
    assert "Your reply" not in decision.letter


def test_recorded_twice_is_one_decision(world: World, matter: Matter) -> None:
    first = decide(world, matter)
    again = services.record_decision(matter=matter, by=world.chair)
    assert first == again
    assert [e.verb for e in timeline(matter)].count("governance.record_decision") == 1


def test_only_the_chair_records(world: World, matter: Matter) -> None:
    vote_all(matter)
    for name in ("board_research", "manager", "auditor", "admin", "stranger"):
        refusal = policy.may_record(matter, world.people[name])
        assert refusal is not None, name
        assert refusal.code == "wrong_role"
    assert (
        refused(lambda: services.record_decision(matter=matter, by=world.manager)).code
        == "wrong_role"
    )
    assert not Decision.objects.exists()


def test_an_open_ballot_is_not_closed_early(world: World, matter: Matter) -> None:
    for member in world.board[:3]:
        vote(matter, member)
    refusal = refused(lambda: services.record_decision(matter=matter, by=world.chair))
    assert refusal.code == "ballot_open"
    assert refusal.reason == "2 of 5 seats have not voted and the ballot is open."
    assert refusal.rule == "Ballot rules v1"
    vote(matter, world.board[3])
    refusal = refused(lambda: services.record_decision(matter=matter, by=world.chair))
    assert refusal.reason == "1 of 5 seats has not voted and the ballot is open."
    with frozen(matter.ballot.closes_at):
        decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.tally["absent"] == ["policy"]


def test_without_a_quorum_nothing_is_recorded_and_the_matter_is_returned(
    world: World, matter: Matter, rename: RenameKind
) -> None:
    vote(matter, world.board_legal)
    assert (
        refused(
            lambda: services.return_matter(matter=matter, by=world.chair, reason="No time.")
        ).code
        == "decidable"
    )
    with frozen(matter.ballot.closes_at):
        refusal = refused(lambda: services.record_decision(matter=matter, by=world.chair))
        assert refusal.code == "quorum_not_met"
        silent = lambda: services.return_matter(  # noqa: E731
            matter=matter, by=world.chair, reason=" "
        )
        assert refused(silent).code == "no_reason"
        returned = services.return_matter(matter=matter, by=world.chair, reason="Quorum missed.")
        services.return_matter(matter=matter, by=world.chair, reason="Quorum missed.")
    assert returned.state == "returned"
    assert rename.taken == [matter.ref]
    assert refer(world) != matter


def test_a_changed_subject_lets_the_chair_return_the_matter(world: World, matter: Matter) -> None:
    assert policy.may_return(matter, world.chair, "another revision") is None
    refusal = policy.may_return(matter, world.board_legal, "another revision")
    assert refusal is not None
    assert refusal.code == "wrong_role"


def test_where_the_effect_fails_nothing_is_recorded_and_the_chair_sees_why(
    world: World, matter: Matter, rename: RenameKind
) -> None:
    vote_all(matter)
    full = Refused(Refusal("no_room", "All places are taken.", field="place"))
    cannot = "The decision cannot be performed"
    for error, code, reason in (
        (full, "no_room", f"{cannot}: All places are taken."),
        (
            RuntimeError("secret detail"),
            "enactment_failed",
            f"{cannot} because of a fault in the system. It is logged.",
        ),
    ):
        rename.error = error
        refusal = refused(lambda: services.record_decision(matter=matter, by=world.chair))
        assert (refusal.code, refusal.reason, refusal.field) == (code, reason, "")
        matter.refresh_from_db()
        matter.ballot.refresh_from_db()
        world.cohort.refresh_from_db()
        assert (matter.state, matter.ballot.closed_at) == ("voting", None)
        assert world.cohort.name == "Spring"
        assert not Decision.objects.exists()
        assert "governance.record_decision" not in [e.verb for e in timeline(matter)]
        assert list(Vote.objects.visible_to(world.chair)) == []
    rename.error = None
    assert services.record_decision(matter=matter, by=world.chair).outcome == "approve"


def test_dissent_is_on_record_with_its_reason(world: World, matter: Matter) -> None:
    for member in world.board[:4]:
        vote(matter, member)
    vote(matter, world.board_policy, "deny", rationale="It reveals a route.")
    decision = services.record_decision(matter=matter, by=world.chair, note="We weighed both.")
    assert decision.dissent == [
        {
            "seat": "policy",
            "user": world.board_policy.pk,
            "position": "deny",
            "rationale": "It reveals a route.",
        }
    ]
    assert "- It reveals a route." in decision.letter
    assert "We weighed both." in decision.letter
    assert world.board_policy.name not in decision.letter


def test_parties_and_board_are_told_of_the_decision(world: World, rename: RenameKind) -> None:
    rename.party_ids = {world.applicant.pk}
    matter = refer(world)
    decide(world, matter, "deny")
    told = {n.recipient for n in Notice.objects.filter(kind="governance.decided").about(matter)}
    assert told == {world.applicant, world.chair, world.manager, *world.board}


# --- recusal, withdrawal --------------------------------------------------------------------


def test_recusal_after_voting_takes_the_vote_away(world: World, matter: Matter) -> None:
    vote_all(matter, "deny")
    services.recuse(
        matter=matter, by=world.board_legal, kind="financial", statement="I hold shares."
    )
    services.recuse(
        matter=matter, by=world.board_legal, kind="financial", statement="I hold shares."
    )
    decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.tally["positions"]["deny"] == 4
    assert decision.tally["seats"]["legal"] == "recused"
    assert [e.verb for e in timeline(matter)].count("governance.recuse") == 1


def test_a_conflict_declared_elsewhere_counts_as_well(world: World, matter: Matter) -> None:
    vote_all(matter)
    declare_conflict(
        user=world.board_legal,
        subject=world.cohort,
        realm=world.program.pk,
        kind="personal",
        statement="My sister.",
        by=world.board_legal,
    )
    assert ballot_box.count(matter.ballot).taking_part == 4
    decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.tally["seats"]["legal"] == "recused"
    assert list(Vote.objects.visible_to(world.board_legal)) == []


def test_a_chair_with_a_conflict_records_nothing(world: World, matter: Matter) -> None:
    vote_all(matter)
    services.recuse(matter=matter, by=world.chair, kind="other", statement="A friend.")
    assert (
        refused(lambda: services.record_decision(matter=matter, by=world.chair)).code
        == "separation_recused"
    )


def test_too_many_recusals_let_the_chair_return_the_matter_at_once(
    world: World, matter: Matter
) -> None:
    for member in world.board[:3]:
        services.recuse(matter=matter, by=member, kind="other", statement="Same group.")
    returned = services.return_matter(matter=matter, by=world.chair, reason="Three recused.")
    assert returned.state == "returned"


def test_withdrawal_is_for_referrer_and_manager(world: World, matter: Matter) -> None:
    for name in ("chair", "board_legal", "stranger", "auditor"):
        refusal = policy.may_withdraw(matter, world.people[name])
        assert refusal is not None, name
        assert refusal.code == "wrong_role"


def test_withdrawn_twice_is_withdrawn_once(
    world: World, matter: Matter, rename: RenameKind
) -> None:
    silent = lambda: services.withdraw_matter(  # noqa: E731
        matter=matter, by=world.manager, reason=" "
    )
    assert refused(silent).code == "no_reason"
    services.withdraw_matter(matter=matter, by=world.manager, reason="Not needed.")
    services.withdraw_matter(matter=matter, by=world.manager, reason="Not needed.")
    assert rename.taken == [matter.ref]
    assert (
        refused(lambda: services.record_decision(matter=matter, by=world.chair)).code
        == "wrong_state"
    )


def test_openings_are_known_with_their_times(world: World, matter: Matter) -> None:
    at = now() + dt.timedelta(minutes=5)
    with frozen(at):
        services.open_dossier(matter=matter, by=world.board_legal)
        cast = services.cast_vote(matter=matter, by=world.board_legal, position="approve")
    assert DossierOpening.objects.get(matter=matter, user=world.board_legal).opened_at == at
    assert (cast.opened_dossier_at, cast.cast_at) == (at, at)


def test_the_chair_is_told_when_everyone_has_voted_and_once(world: World, matter: Matter) -> None:
    for member in world.board[:4]:
        vote(matter, member)
    complete = Notice.objects.filter(kind="governance.ballot_complete")
    assert not complete.exists()
    vote(matter, world.board[4])
    vote(matter, world.board[4], "deny")
    assert [n.recipient for n in complete] == [world.chair]
