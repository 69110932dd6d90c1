"""Who sees a fellowship: one truth table, by query, page, count and API alike."""

from __future__ import annotations

import pytest
from django.test import Client

from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from scoping.models import CheckIn, Fellowship, Milestone, ScopeOfWork, Training
from tests.scenarios.scoping import checked_in, founded_fellowship
from tests.scenarios.world import World, make_world

SEES = {
    "applicant": True,
    "mentor": True,
    "manager": True,
    "steward": True,
    "product_owner": True,
    "oncall": True,
    "policy_reviewer": True,
    "legal_reviewer": True,
    "board_research": True,
    "board_legal": True,
    "chair": True,
    "sponsor": True,
    "auditor": True,
    "other_applicant": False,
    "stranger": False,
    "reviewer": False,
    "admin": False,
}
PAGES = ("", "scope/", "scope/1/", "scope/1/print/", "milestones/", "check-ins/", "people/")
MORE_PAGES = ("talent/", "what-may-i-do/", "scope/1/sign/", "scope/1/edit/", "scope/amend/")


@pytest.mark.parametrize(("name", "sees"), SEES.items())
def test_truth_table(world: World, signed: Fellowship, name: str, sees: bool) -> None:
    user = world.fresh(name)
    assert Fellowship.objects.visible_to(user).filter(pk=signed.pk).exists() is sees
    for model in (ScopeOfWork, Milestone):
        assert model.objects.visible_to(user).filter(fellowship=signed).exists() is sees


def test_an_unassigned_mentor_sees_nothing(world: World, founded: Fellowship) -> None:
    assert not Fellowship.objects.visible_to(world.fresh("mentor")).exists()


def test_staff_of_another_programme_see_nothing(world: World, founded: Fellowship) -> None:
    other = make_world("-b")
    assert not Fellowship.objects.visible_to(other.manager).exists()


def test_an_inactive_person_sees_nothing(world: World, founded: Fellowship) -> None:
    user = world.fresh("manager")
    user.is_active = False
    assert not Fellowship.objects.visible_to(user).exists()


@pytest.mark.parametrize("about", ["fellowship", "proposal"])
def test_recusal_hides_the_case_from_staff_but_not_from_the_fellow(
    world: World, signed: Fellowship, about: str
) -> None:
    subject = signed if about == "fellowship" else signed.proposal
    for name in ("steward", "mentor", "applicant"):
        user = world.fresh(name)
        declare_conflict(
            user=user,
            subject=subject,
            realm=world.program.pk,
            kind="coauthor",
            statement="We wrote a paper.",
            by=user,
        )
        assert Fellowship.objects.visible_to(user).exists() is (name == "applicant")


def test_check_ins_and_training_follow(world: World, signed: Fellowship) -> None:
    checked_in(world, signed)
    assert CheckIn.objects.visible_to(world.fresh("mentor")).count() == 1
    assert CheckIn.objects.visible_to(world.fresh("stranger")).count() == 0
    assert Training.objects.visible_to(world.fresh("applicant")).count() == 1
    assert Training.objects.visible_to(world.fresh("other_applicant")).count() == 0


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", [*PAGES, *MORE_PAGES])
def test_pages_open_for_the_fellow_and_are_404_for_others(
    world: World, signed: Fellowship, path: str
) -> None:
    url = f"/fellowships/{signed.ref}/{path}"
    assert _client(world.applicant).get(url).status_code == 200
    assert _client(world.manager).get(url).status_code == 200
    for name in ("other_applicant", "reviewer", "stranger"):
        assert _client(world.people[name]).get(url).status_code == 404
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize(
    "verb",
    ["scope/draft/", "scope/1/offer/", "scope/1/withdraw/", "people/suspend/", "people/end/"],
)
def test_verbs_are_404_for_others(world: World, signed: Fellowship, verb: str) -> None:
    url = f"/fellowships/{signed.ref}/{verb}"
    response = _client(world.other_applicant).post(url, {"reason": "x"})
    assert response.status_code == 404


def test_another_case_changes_no_number(world: World, signed: Fellowship) -> None:
    other = founded_fellowship(world, world.other_applicant)
    body = _client(world.applicant).get("/fellowships/").content.decode()
    assert "1 fellowship." in body
    assert other.ref not in body
    found = _client(world.applicant).get("/fellowships/", {"q": other.ref}).content.decode()
    assert "0 fellowships with these filters" in found


@pytest.mark.parametrize("ref", ["FEL-1999-001", "x", "FEL-2026-001%0A", "🦉"])
def test_nonsense_is_404(world: World, ref: str) -> None:
    assert _client(world.manager).get(f"/fellowships/{ref}/").status_code == 404


def test_api_follows(world: World, signed: Fellowship) -> None:
    scope = signed.scopes.get()
    milestone = signed.milestones.first()
    urls = (
        f"/api/v1/fellowships/{signed.ref}/",
        f"/api/v1/scopes/{scope.pk}/",
        f"/api/v1/scopes/{scope.pk}/text/",
        f"/api/v1/milestones/{milestone.pk}/",
    )
    for url in urls:
        assert _client(world.applicant).get(url).status_code == 200
        assert _client(world.other_applicant).get(url).status_code == 404
    listed = _client(world.other_applicant).get("/api/v1/fellowships/").json()
    assert listed["results"] == []
