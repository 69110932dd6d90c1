"""What a matter is about changes while it is voted on: sealed anew, stale votes, reaffirmed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from fellowship.accounts.models import User
from fellowship.clocks import queries as clocks
from fellowship.history.queries import timeline
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from governance import cells, docket, services
from governance.models import Dossier, DossierOpening, Matter, Vote
from tests.governance.conftest import RenameKind
from tests.scenarios.governance import requested_exception, vote, vote_all
from tests.scenarios.world import World

WHY = "The name was misspelt."


def refused(call: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal


def rename_to(world: World, name: str) -> None:
    with journal.acting("tests.rename", by=world.admin):
        world.cohort.name = name
        world.cohort.save()
        journal.record(subject=world.cohort)


def reseal(matter: Matter, by: User) -> Dossier:
    return services.reseal_dossier(matter=matter, by=by, reason=WHY)


def client_of(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.fresh(name))
    return client


def test_a_changed_subject_is_not_decided_until_it_is_sealed_anew(
    world: World, matter: Matter
) -> None:
    vote_all(matter)
    rename_to(world, "Summer")
    record = lambda: services.record_decision(matter=matter, by=world.chair)  # noqa: E731
    assert refused(record).code == "subject_changed"
    dossier = reseal(matter, world.manager)
    matter.refresh_from_db()
    assert (dossier.number, dossier.why, dossier.sealed_by) == (2, WHY, world.manager)
    assert dossier.body == {"sections": [{"heading": "Cohort", "text": "Summer"}]}
    assert matter.dossier_hash == dossier.sha256 == digest(dossier.body)
    assert (matter.title, matter.question) == ("Rename Summer", "Shall Summer be renamed?")
    assert [d.body["sections"][0]["text"] for d in matter.dossiers.all()] == ["Spring", "Summer"]
    refusal = refused(record)
    assert refusal.code == "quorum_not_met"
    assert (
        "5 votes were cast on an earlier text, or by a deputy recused since, and not reaffirmed."
        in refusal.reason
    )


def test_stale_votes_count_once_reaffirmed_or_cast_anew(world: World, matter: Matter) -> None:
    legal, policy, *others = world.board[3], world.board[4], *world.board[:3]
    vote(matter, legal, "deny")
    vote(matter, policy)
    rename_to(world, "Summer")
    reseal(matter, world.manager)
    for member in others:
        vote(matter, member)
    refusal = refused(lambda: services.record_decision(matter=matter, by=world.chair))
    assert refusal.code == "stale_votes"
    assert (
        refusal.reason
        == "2 votes were cast on an earlier text, or by a deputy recused since, and not reaffirmed."
    )

    unread = refused(lambda: services.reaffirm_vote(matter=matter, by=legal))
    assert unread.code == "dossier_unopened"
    services.open_dossier(matter=matter, by=legal)
    first = services.reaffirm_vote(matter=matter, by=legal)
    again = services.reaffirm_vote(matter=matter, by=legal)
    assert (first.position, first.dossier_number, first.cast_at) == ("deny", 2, again.cast_at)
    assert [e.verb for e in timeline(matter)].count("governance.reaffirm_vote") == 1
    event = timeline(matter).get(verb="governance.reaffirm_vote")
    assert matter.dossier.sha256 in event.body
    assert "deny" not in event.body
    assert vote(matter, policy).dossier_number == 2
    decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.dossier_hash == matter.dossier.sha256
    assert decision.tally["positions"] == {
        "approve": 4, "approve_with_conditions": 0, "deny": 1, "defer": 0, "abstain": 0,
    }  # fmt: skip
    assert decision.tally["stale"] == []


def test_when_the_time_is_over_a_stale_vote_is_left_out(world: World, matter: Matter) -> None:
    vote(matter, world.board_legal, "deny")
    rename_to(world, "Summer")
    reseal(matter, world.manager)
    for member in (world.board_research, world.board_product, world.board_policy):
        vote(matter, member)
    matter.refresh_from_db()
    with frozen(matter.ballot.closes_at):
        decision = services.record_decision(matter=matter, by=world.chair)
    assert decision.tally["positions"]["deny"] == 0
    assert (decision.tally["stale"], decision.tally["absent"]) == (["legal"], ["security"])
    assert decision.dissent == []
    page = client_of(world, "manager").get(matter.get_absolute_url()).content.decode()
    assert "Earlier text, not counted" in page


def test_the_window_begins_anew_and_those_who_voted_are_told(world: World, matter: Matter) -> None:
    vote(matter, world.board_legal)
    rename_to(world, "Summer")
    with frozen(now() + dt.timedelta(days=5)):
        for _ in range(2):
            reseal(matter, world.manager)
        matter.refresh_from_db()
        expected = world.program.calendar().add_working_days(now(), 10)
    assert matter.due_at == matter.ballot.closes_at == expected
    clock = clocks.current(matter, "governance.ballot")
    assert clock is not None
    assert clock.due_at == expected
    told = Notice.objects.get(kind="governance.vote_stale")
    assert told.recipient == world.board_legal
    assert told.body.startswith(WHY)
    assert [e.verb for e in timeline(matter)].count("governance.reseal_dossier") == 1


def test_who_answers_for_the_matter_seals_it_anew_and_says_why(
    world: World, matter: Matter
) -> None:
    rename_to(world, "Summer")
    for name in ("board_legal", "auditor", "applicant", "stranger"):
        refusal = refused(lambda name=name: reseal(matter, world.people[name]))
        assert refusal.code == "wrong_role", name
    blank = lambda: services.reseal_dossier(  # noqa: E731
        matter=matter, by=world.chair, reason=" "
    )
    assert (refused(blank).code, refused(blank).field) == ("no_reason", "reason")
    services.recuse(matter=matter, by=world.chair, kind="other", statement="A friend.")
    assert refused(lambda: reseal(matter, world.fresh("chair"))).code == "separation_recused"
    by_the_app = services.reseal_dossier(
        matter=matter, by=journal.System("tests.app"), reason="Renamed by its service."
    )
    assert (by_the_app.number, by_the_app.sealed_by) == (2, None)


def test_an_unchanged_subject_keeps_its_dossier(world: World, matter: Matter) -> None:
    assert reseal(matter, world.manager) == Dossier.objects.get()


def test_who_has_become_a_party_votes_no_more(
    world: World, matter: Matter, rename: RenameKind
) -> None:
    vote(matter, world.board_legal)
    rename.party_ids = {world.board_legal.pk}
    rename_to(world, "Summer")
    reseal(matter, world.manager)
    assert matter.ballot.seats.get(seat="legal").standing == "party"
    assert not Matter.objects.opened_to(world.fresh("board_legal")).exists()
    assert not Notice.objects.filter(kind="governance.vote_stale").exists()


def test_the_docket_and_the_page_ask_for_a_word_and_show_the_difference(
    world: World, matter: Matter, django_assert_max_num_queries: Any
) -> None:
    member, url = world.board_legal, matter.get_absolute_url()
    services.recuse(matter=matter, by=member, kind="none")
    vote(matter, member, "deny", rationale="The canary sings.")
    assert docket.row(matter, member).mine.key == "voted"
    rename_to(world, "Summer")
    manager = client_of(world, "manager")
    assert "Seal the dossier anew" in manager.get(url).content.decode()
    manager.post(f"{url}reseal/", {"reason": WHY})
    fresh = Matter.objects.get(pk=matter.pk)
    row = docket.row(fresh, member)
    assert (row.mine.key, row.voted) == ("stale", 0)
    assert [mark.state for mark in row.seats if mark.label == "Legal"] == ["stale"]
    assert f"0 count, {row.needed} needed; {row.stale} to reaffirm" in cells.seats(row)
    assert list(docket.to_vote(member)) == [matter]

    legal = client_of(world, "board_legal")
    legal.get(url)
    with django_assert_max_num_queries(25):
        text = legal.get(url).content.decode()
    assert "What changed since you voted" in text
    assert "lists matters for consent" in text  # the chair's power, as the rule says it
    assert "<del>Spring</del>" in text
    assert "<ins>Summer</ins>" in text
    assert WHY in text
    assert "canary" not in manager.get(url).content.decode()
    opened = DossierOpening.objects.filter(matter=matter, user=member)
    assert list(opened.order_by("number").values_list("number", flat=True)) == [1, 2]
    for _ in range(2):
        assert legal.post(f"{url}reaffirm/").status_code == 302
    assert Vote.objects.get().dossier_number == 2
    assert docket.row(fresh, member).mine.key == "voted"

    earlier = legal.get(f"{url}dossiers/1/").content.decode()
    assert "Spring" in earlier
    assert legal.get(f"{url}dossiers/3/").status_code == 404
    assert client_of(world, "stranger").get(f"{url}dossiers/1/").status_code == 404
    assert client_of(world, "board_policy").get(f"{url}dossiers/1/").status_code == 302


def test_the_api_reseals_and_reaffirms(world: World, matter: Matter) -> None:
    url = f"/api/v1/matters/{matter.ref}/"
    services.recuse(matter=matter, by=world.board_legal, kind="none")
    vote(matter, world.board_legal)
    rename_to(world, "Summer")
    done = client_of(world, "manager").post(
        f"{url}reseal/", {"reason": WHY}, content_type="application/json"
    )
    assert done.status_code == 200
    legal = client_of(world, "board_legal")
    body = legal.get(url).json()
    assert (body["mine"], [d["number"] for d in body["dossiers"]]) == ("stale", [1, 2])
    assert legal.post(f"{url}reaffirm/").json()["mine"] == "voted"


def test_a_request_changed_before_the_board_is_sealed_anew_at_once(world: World) -> None:
    exception = requested_exception(world)
    asker = exception.requested_by
    matter = Matter.objects.get(kind="governance.exception", subject_id=exception.pk)
    vote(matter, world.board_legal)
    client = Client()
    client.force_login(User.objects.get(pk=asker.pk))
    url = f"{exception.get_absolute_url()}amend/"
    form = client.get(url).context["form"]
    sent = {name: str(value) for name, value in form.initial.items()}
    assert client.post(url, {**sent, "risk": "A new risk.", "reason": ""}).status_code == 422
    for _ in range(2):
        sent = {**sent, "risk": "A new risk.", "reason": "One was missing."}
        assert client.post(url, sent).status_code == 302
    assert [d.why for d in matter.dossiers.all()] == ["", "One was missing."]
    assert docket.row(Matter.objects.get(pk=matter.pk), world.board_legal).seats[3].state == "stale"
    assert [e.verb for e in timeline(exception)].count("governance.amend_exception") == 1
    assert "text before (SHA-256)" in client.get(exception.get_absolute_url()).content.decode()
    amend = lambda: services.amend_exception(  # noqa: E731
        exception=exception,
        by=world.board_legal,
        reason="x",
        expires_at=exception.expires_at,
        **dict.fromkeys(("title", "rationale", "risk", "measure_test"), "x"),
        compensating_measure="x",
    )
    assert refused(amend).code == "not_yours"
    services.withdraw_exception(exception=exception, by=asker, reason="x")
    assert client.get(url).status_code == 404
