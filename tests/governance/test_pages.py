"""The board room's pages: who sees what, what is never shown, and what each verb does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.models import User
from fellowship.kernel.time import frozen, now
from governance import docket, services
from governance.models import Matter, Vote
from governance.services.exceptions import MATTER_KIND
from governance.states import Position
from tests.scenarios import governance as scenes
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3d"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, url: str, status: int = 200) -> str:
    response = signed_in(user).get(url)
    assert response.status_code == status, (url, response.status_code)
    return response.content.decode()


def post(user: User, url: str, status: int = 302, **data: Any) -> str:
    response = signed_in(user).post(url, data)
    assert response.status_code == status, (url, response.status_code, response.content.decode())
    return response.content.decode()


def no_conflict(matter: Matter, *people: User) -> None:
    for user in people:
        services.recuse(matter=matter, by=user, kind="none")


def at(matter: Matter, *more: str) -> str:
    return "/".join([f"/board/{matter.ref}", *more]) + "/"


def test_visitors_sign_in_and_come_back(world: World, matter: Matter) -> None:
    for url in ("/board/", at(matter), "/board/decisions/"):
        response = Client().get(url)
        assert response.status_code == 302
        assert response["Location"] == f"{reverse('account_login')}?next={url}"


def test_only_the_room_enters_the_room(world: World, matter: Matter) -> None:
    for name in ("board_legal", "chair", "manager", "auditor"):
        assert matter.title in page(world.fresh(name), "/board/")
    for name in ("steward", "reviewer", "stranger", "admin"):
        for url in ("/board/", "/board/decisions/", "/board/meetings/"):
            assert "board room is open to" in page(world.fresh(name), url, 403)
        page(world.fresh(name), at(matter), 404)


def test_members_and_chair_declare_before_content(world: World, matter: Matter) -> None:
    for user in (world.fresh("board_legal"), world.fresh("chair")):
        before = page(user, at(matter))
        assert "Do you have a conflict of interest" in before
        assert matter.dossier_hash not in before
        assert 'id="dossier"' not in before
        post(user, at(matter, "declare"), kind="none", statement="")
        assert 'id="dossier"' in page(user, at(matter))


def test_whoever_declares_a_conflict_sees_nothing_more(world: World, matter: Matter) -> None:
    user = world.fresh("board_legal")
    post(user, at(matter, "declare"), status=422, kind="financial", statement="")
    post(user, at(matter, "declare"), kind="financial", statement="I hold shares.")
    page(user, at(matter), 404)
    page(user, at(matter, "declare"), 404)
    post(user, at(matter, "vote"), 404, position="approve")
    assert matter.title not in page(user, "/board/")
    page(user, f"/api/v1/matters/{matter.ref}/", 404)


def test_opening_is_recorded_for_seats_alone(world: World, matter: Matter) -> None:
    no_conflict(matter, world.board_legal, world.chair)
    for name in ("board_legal", "chair", "manager", "auditor"):
        page(world.fresh(name), at(matter))
    assert [opening.user for opening in matter.openings.all()] == [world.board_legal]


def test_a_vote_by_the_form(world: World, matter: Matter) -> None:
    user = world.fresh("board_security")
    no_conflict(matter, user)
    form = page(user, at(matter))
    assert "checked" not in form.split('id="vote"')[1].split("</section>")[0]
    url = at(matter, "vote")
    assert "Choose one." in post(user, url, 422)
    wrong = post(user, url, 422, position="approve_with_conditions")
    assert "Name at least one condition." in wrong
    assert "Say why" in wrong
    wrong = post(user, url, 422, position="deny", condition_1="Stray.", rationale="No.")
    assert "Conditions go with" in wrong
    assert "Say why" in post(user, url, 422, position="deny", rationale="")
    post(
        user,
        url,
        position="approve_with_conditions",
        rationale="Small outputs only.",
        condition_1="Outputs pass the release desk.",
        days_1="21",
    )
    vote = Vote.objects.get()
    assert vote.position == Position.CONDITIONS
    assert [(c["text"], c["days"]) for c in vote.conditions] == [
        ("Outputs pass the release desk.", 21)
    ]
    assert "Small outputs only." in page(user, at(matter))


def test_sealed_votes_are_in_no_answer_before_the_close(world: World, matter: Matter) -> None:
    everyone = [*world.board, world.chair]
    no_conflict(matter, *everyone)
    voter, url = world.board_security, at(matter)
    scenes.vote(matter, voter, Position.DENY, rationale=CANARY)
    watchers = ("board_legal", "chair", "manager", "auditor", "steward", "stranger", "applicant")
    places = ("/", "/board/", url, "/board/decisions/", "/board/meetings/", "/inbox/")
    for name in watchers:
        client = signed_in(world.fresh(name))
        for place in (*places, "/api/v1/matters/", f"/api/v1/matters/{matter.ref}/"):
            text = client.get(place).content.decode()
            assert CANARY not in text, (name, place)
    assert CANARY in page(voter, url)


def test_votes_and_dissent_open_with_the_decision(world: World, matter: Matter) -> None:
    no_conflict(matter, *world.board, world.chair)
    for member in world.board[1:]:
        scenes.vote(matter, member)
    scenes.vote(matter, world.board[0], Position.DENY, rationale=CANARY)
    post(world.fresh("chair"), at(matter, "record"), note="We thank the fellow.")
    shown = page(world.fresh("auditor"), at(matter))
    assert CANARY in shown
    assert "Dissent" in shown
    assert "We thank the fellow." in shown
    log = page(world.fresh("manager"), "/board/decisions/")
    assert matter.title in log
    assert "1 dissent" in log


def test_the_chair_learns_why_it_cannot_be_recorded(world: World, matter: Matter) -> None:
    no_conflict(matter, world.chair)
    chair = world.fresh("chair")
    assert "The quorum is 3 seats; 0 took part." in page(chair, at(matter))
    assert "The quorum is 3 seats" in post(chair, at(matter, "record"), 422)
    assert Matter.objects.get().state == "voting"


def test_parties_see_the_public_face(world: World, rename: Any) -> None:
    rename.party_ids = {world.applicant.pk}
    matter = services.refer(
        kind="tests.rename", subject=world.cohort, program=world.program, by=world.manager
    )
    face = page(world.fresh("applicant"), at(matter))
    assert matter.question in face
    assert "Nothing is needed from you" in face
    assert matter.dossier_hash not in face
    assert 'id="vote"' not in face
    for verb in ("vote", "record", "declare"):
        post(world.fresh("applicant"), at(matter, verb), 404, position="approve")
    page(world.fresh("other_applicant"), at(matter), 404)
    scenes.decide(world, matter, Position.CONDITIONS)
    face = page(world.fresh("applicant"), at(matter))
    assert "The letter" in face
    assert "Results above 500 rows" in face
    body = signed_in(world.fresh("applicant")).get(f"/api/v1/matters/{matter.ref}/").json()
    assert body["letter"]
    assert "votes" not in body
    assert "dossier" not in body


def test_a_condition_from_report_to_verification(world: World, matter: Matter) -> None:
    decision = scenes.decide(world, matter, Position.CONDITIONS)
    condition = decision.conditions.get()
    url = condition.get_absolute_url()
    owner, verifier = condition.owner, condition.verifier
    page(world.fresh("stranger"), url, 404)
    post(owner, url, 422, evidence="")
    post(world.fresh("auditor"), url, 422, evidence="Mine.")
    post(owner, url, evidence="Release desk entry 14.")
    post(owner, url + "verify/", 403)
    post(verifier, url + "verify/")
    condition.refresh_from_db()
    assert condition.state == "verified"
    with frozen(condition.due_at + dt.timedelta(days=30)):
        said = page(owner, url)
    assert "Release desk entry 14." in said
    assert " over</span>" not in said  # it is settled: no deadline runs on


@pytest.mark.parametrize("role", ["board_product", "chair"])
def test_the_docket_narrowed_to_my_votes_says_the_same_of_them(
    world: World, matter: Matter, role: str
) -> None:
    client = Client()
    client.force_login(world.fresh(role))
    said = [
        {name: client.get(f"/board/{query}").context[name] for name in ("first", "headline")}
        for query in ("", "?mine=true", "?mine=true&sort=-closes", "?mine=true&page=2")
    ]
    assert said == [said[0]] * 4
    assert (said[0]["first"] == matter) == (role == "board_product")


def test_docket_says_where_each_matter_stands_for_me(world: World, matter: Matter) -> None:
    member = world.fresh("board_product")

    def mine() -> str:
        return docket.row(Matter.objects.get(), world.fresh("board_product")).mine.key

    assert mine() == "declare"
    no_conflict(matter, member)
    assert mine() == "unread"
    services.open_dossier(matter=matter, by=member)
    assert mine() == "to_vote"
    assert docket.waiting_count(member) == 1
    scenes.vote(matter, member)
    assert mine() == "voted"
    assert docket.waiting_count(member) == 0
    assert docket.row(Matter.objects.get(), world.fresh("chair")).mine.key == "declare"


@pytest.mark.parametrize("url", ["/board/", "/board/decisions/", "/board/conditions/"])
def test_lists_cost_the_same_at_any_length(world: World, url: str) -> None:
    made = 0

    def grow(to: int) -> int:
        nonlocal made
        while made < to:
            made += 1
            until = now() + dt.timedelta(days=20 + made)
            exception = scenes.requested_exception(world, expires_at=until)
            matter = Matter.objects.get(subject_id=exception.pk)
            scenes.vote(matter, world.board_legal)
            if url != "/board/":
                scenes.decide(world, matter, Position.CONDITIONS)
        client = signed_in(world.fresh("board_security"))
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    assert grow(1) == grow(3) == grow(8)


def test_precedents_name_whom_they_were_about(world: World) -> None:
    asked = [scenes.granted_exception(world, title=title) for title in ("One", "Two")]
    before, later = (Matter.objects.get(subject_id=one.pk, kind=MATTER_KIND) for one in asked)
    whose = ", ".join(sorted(str(party.user) for party in before.parties.all()))
    assert whose
    shown = page(world.fresh("chair"), at(later)).split("Earlier decisions")[1]
    assert f"{whose} · {before.ref}" in shown
