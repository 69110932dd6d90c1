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
from tests.scenarios.world import PEOPLE, SETUP, World

pytestmark = pytest.mark.django_db
GERMAN = Path(settings.BASE_DIR, "docs", "roles", "de")
LEADS = re.compile(r"\]\((/[^)]*)\)")


def who(tour: str) -> list[str]:
    """The people of the demonstration whom a tour names, in the order in which it does."""
    said = tour.partition("\n1. ")[0]
    return re.findall(r"`([a-z-]+)`", said)


def test_every_role_has_its_guide_and_every_guide_its_tour() -> None:
    """Each names people of the demonstration, and five steps or more."""
    files = {path.stem for path in Path(settings.BASE_DIR, "docs", "roles").glob("*.md")}
    assert files == {path.stem for path in GERMAN.glob("*.md")} == set(guides.FOR)
    assert {key for keys in guides.FOR.values() for key in keys} == set(roles.ROLES)
    playable = {person.username for person in SIGN_INS}
    for slug in guides.FOR:
        tour = guides.guide(slug).tour
        written = Path(settings.BASE_DIR, "docs", "roles", f"{slug}.md").read_text()
        assert written.startswith(f"# {plain(guides.TITLES[slug])}\n")
        assert who(tour), slug
        assert set(who(tour)) <= playable, slug
        assert len(re.findall(r"^\d+\. ", tour, re.MULTILINE)) >= 5, slug


PARTS = {
    "steps of the tour": re.compile(r"^\d+\. ", re.MULTILINE),
    "lines of tables": re.compile(r"^\| ", re.MULTILINE),
    "points": re.compile(r"^- ", re.MULTILINE),
    "headings": re.compile(r"^## ", re.MULTILINE),
}


@pytest.mark.parametrize("slug", sorted(path.stem for path in GERMAN.glob("*.md")))
def test_a_guide_in_german_says_what_the_english_says(client: Client, slug: str) -> None:
    """Part by part, with a link wherever the English has one."""
    english = guides.guide(slug)
    with saying.override("de"):
        german, title = guides.guide(slug), str(guides.TITLES[slug])
        assert (GERMAN / f"{slug}.md").read_text(encoding="utf-8").startswith(f"# {title}\n")
    assert german.tour != english.tour
    assert who(german.tour) == who(english.tour)
    for name, part in PARTS.items():
        for where in ("before", "tour", "rest"):
            found = [len(part.findall(getattr(one, where))) for one in (english, german)]
            assert found[0] == found[1], (name, where)
    for where in ("tour", "before", "rest"):
        links = [set(LEADS.findall(getattr(one, where))) for one in (english, german)]
        assert links[0] == links[1], where
    client.post("/language/", {"language": "de"})
    page = client.get(f"/help/{slug}/").content.decode()
    assert "Ein Rundgang von fünf Minuten" in page
    assert "](" not in page


def opens(client: Client, address: str, world: World) -> bool:
    """Whether a page is there; the programme is this world's."""
    at = address.replace("/assistants/", f"/{world.program.slug}/")
    return client.get(at, follow=True).status_code == 200


@pytest.mark.parametrize("slug", sorted(guides.FOR))
def test_each_address_of_a_guide_opens_for_one_of_its_people(world: World, slug: str) -> None:
    """Those without a record's reference, of the tour and of what the role can do."""
    guide = guides.guide(slug)
    of_tour = set(LEADS.findall(guide.tour))
    assert len(of_tour) >= 3
    shut = of_tour | set(LEADS.findall(guide.before + guide.rest))
    if slug == "applicant-and-fellow":
        grant_role(user=world.applicant, realm=world.program.realm, role=roles.FELLOW, by=SETUP)
    client = Client()
    names = [name for name, (role, _) in PEOPLE.items() if role in guides.FOR[slug]]
    for name in names or ["applicant"]:
        client.force_login(world.fresh(name))
        shut = {address for address in shut if not opens(client, address, world)}
    assert not shut
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
        ("/access/datasets/new/", "Datasets › new"),
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
