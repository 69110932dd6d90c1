"""The guides of the roles: shown, linked from home, and every step of a tour leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.services import grant_role
from fellowship.kernel import saying
from fellowship.kernel.saying import plain
from fellowship.web import guides
from oversight.demo.content.people import SIGN_INS
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
LEADS = re.compile(r"\]\((/[^)]*)\)")


def who(tour: str) -> list[str]:
    """The people of the demonstration whom a tour names, in the order in which it does."""
    said = tour.partition("\n1. ")[0]
    return re.findall(r"`([a-z-]+)`", said)


def test_every_role_has_its_guide_and_every_guide_its_tour() -> None:
    """Each names people of the demonstration, and five steps or more."""
    files = {path.stem for path in Path(settings.BASE_DIR, "docs", "roles").glob("*.md")}
    assert files == set(guides.FOR)
    assert {key for keys in guides.FOR.values() for key in keys} == set(roles.ROLES)
    playable = {person.username for person in SIGN_INS}
    guides.guide.cache_clear()
    for slug in guides.FOR:
        with saying.override("de"):  # whoever asks first, the guides are as they are written
            tour = guides.guide(slug).tour
        written = Path(settings.BASE_DIR, "docs", "roles", f"{slug}.md").read_text()
        assert written.startswith(f"# {plain(guides.TITLES[slug])}\n")
        assert who(tour), slug
        assert set(who(tour)) <= playable, slug
        assert len(re.findall(r"^\d+\. ", tour, re.MULTILINE)) >= 5, slug


@pytest.mark.parametrize("slug", sorted(guides.FOR))
def test_each_address_of_a_tour_opens_for_its_person(world: World, slug: str) -> None:
    """Those without a record's reference; the programme is this world's."""
    tour = guides.guide(slug).tour
    name = {"board-research": "board_research"}.get(who(tour)[0], who(tour)[0].replace("-", "_"))
    person = world.people["applicant" if name == "fellow" else name]
    if slug == "applicant-and-fellow":
        grant_role(user=person, realm=world.program.realm, role=roles.FELLOW, by=SETUP)
    client = Client()
    client.force_login(person)
    addresses = set(LEADS.findall(tour.replace("/assistants/", f"/{world.program.slug}/")))
    assert len(addresses) >= 3
    answers = {address: client.get(address, follow=True).status_code for address in addresses}
    assert set(answers.values()) == {200}, answers
    page = client.get(f"/help/{slug}/").content.decode()
    assert 'href="/' in page
    assert "](" not in page
    assert f'href="/help/{slug}/#tour"' in client.get("/").content.decode()


def test_the_help_is_for_everyone(client: Client, world: World) -> None:
    """Visitors read it; what is not there is a 404; the search finds it."""
    assert '<a href="/help/">Help</a>' in client.get("/").content.decode()
    html = client.get("/help/").content.decode()
    assert html.count('href="/help/') >= len(guides.FOR)
    assert client.get("/help/nobody/").status_code == 404
    client.force_login(world.mentor)
    found = client.get("/search/", {"q": "steward"}).context["groups"]
    assert [hit.title for group in found for hit in group.hits] == ["Help: Data steward"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "My work"),
        ("/proposals/panels/", "Panels"),
        ("/proposals/<ref>/panel/", "Proposals › one of them › panel"),
        ("/office/<programme>/stalls/", "Office › the programme › stalls"),
        ("/closeout/<ref>/texts/mentor_review/", "Closeout › one of them › texts › mentor review"),
    ],
)
def test_pages_are_named_by_the_navigation_and_not_by_their_address(
    address: str, name: str
) -> None:
    with saying.override("de"):
        assert guides.named(address) == name


def test_a_guide_shows_no_address_and_the_help_says_what_each_role_is_about(
    client: Client,
) -> None:
    page = client.get("/help/programme-manager/").content.decode()
    assert "Office › the programme › stalls" in page
    assert '<a href="/risks/"' in page
    assert ">/risks/<" not in page
    assert "&lt;ref&gt;" not in page
    overview = client.get("/help/").content.decode()
    assert "You propose; therefore you do not approve." in overview
    assert overview.count("<dd>") == len(guides.FOR)
    for slug in guides.FOR:  # it says what the guide begins with
        before = guides.guide(slug).before.strip().partition("\n\n")[0]
        assert plain(guides.ABOUT[slug]) == " ".join(before.split())
