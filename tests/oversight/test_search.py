"""The one search, over a case with one of everything: who finds what, and at what cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts.models import Conflict
from fellowship.accounts.services import declare_conflict
from fellowship.web import search
from tests.scenarios import findings as scenes
from tests.scenarios.oversight import Case
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
MOST_QUERIES = 20


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def found(user: Any, words: str) -> dict[str, list[str]]:
    page = as_(user).get("/search/", {"q": words})
    assert page.status_code == 200
    return {group.key: [hit.title for hit in group.hits] for group in page.context["groups"]}


def test_a_reference_leads_to_its_record_however_it_is_written(world: World, case: Case) -> None:
    """In full, in small letters, and without its year and noughts."""
    fellowship, finding = case.fellowship, case.finding
    short = f"fel-{int(fellowship.ref.rsplit('-')[-1])}"
    for written in (fellowship.ref, fellowship.ref.lower(), short, f" {fellowship.ref} "):
        page = as_(world.manager).get("/search/", {"q": written})
        assert (page.status_code, page.url) == (302, fellowship.get_absolute_url()), written
    page = as_(world.product_owner).get("/search/", {"q": finding.ref})
    assert page.url == finding.get_absolute_url()
    for record in (case.dataset, case.grant, case.control, case.publication, case.grant.agreement):
        page = as_(world.auditor).get("/search/", {"q": record.ref})
        assert page.url == record.get_absolute_url()


def test_words_find_each_kind_and_nobody_finds_what_is_not_theirs(world: World, case: Case) -> None:
    """A stranger's answer is the same as for words that are nowhere."""
    words = case.finding.title
    assert found(world.product_owner, words)["findings"] == [words]
    assert found(world.auditor, case.control.title)["controls"] == [case.control.title]
    assert found(world.auditor, case.publication.title)["publications"]
    assert found(world.auditor, case.dataset.name)["grants"] == [str(case.dataset)]
    assert "proposals" in found(world.manager, case.fellowship.title)
    assert found(world.admin, world.steward.email) == {"people": [str(world.steward)]}
    assert found(world.manager, world.steward.email) == {}
    for ref in (case.fellowship.ref, case.finding.ref, case.fellowship.proposal.ref):
        assert found(world.stranger, ref) == {}
    assert found(world.stranger, words) == found(world.stranger, "nowhere-at-all") == {}


def test_a_conflict_takes_the_case_out_of_the_search(world: World, case: Case) -> None:
    """Recusal hides a record here as everywhere."""
    assert "fellowships" in found(world.steward, case.fellowship.title)
    declare_conflict(
        user=world.steward,
        subject=case.fellowship,
        realm=world.program.realm,
        kind=Conflict.Kind.PERSONAL,
        statement="We are married.",
        by=world.steward,
    )
    assert found(world.fresh("steward"), case.fellowship.title) == {}
    assert found(world.fresh("steward"), case.fellowship.ref) == {}


def test_of_many_a_few_are_shown_and_the_way_to_all(world: World, case: Case) -> None:
    """The list of the kind, for whoever has it; else the search for this kind alone."""
    for number in range(search.FEW + 1):
        scenes.reported(world, case.fellowship, title=f"Quux leak {number}", evidence=[])
    page = as_(world.product_owner).get("/search/", {"q": "quux"})
    (group,) = page.context["groups"]
    assert [hit.title for hit in group.hits] == [f"Quux leak {n}" for n in (5, 4, 3, 2, 1)]
    assert group.more == "/triage/?q=quux&queue=all"
    assert "Quux leak 0" in as_(world.product_owner).get(group.more).content.decode()
    page = as_(world.product_owner).get("/search/", {"q": "quux", "kind": "findings"})
    assert "Quux leak 0" in page.content.decode()
    page = as_(world.stranger).get("/search/", {"q": "quux", "kind": "findings"})
    assert "Quux" not in page.content.decode().replace("“quux”", "")


def test_pages_are_found_by_their_name(world: World) -> None:
    """Those of the person's own navigation."""
    assert found(world.product_owner, "portfolio")["pages"] == ["Portfolio"]
    assert "pages" not in found(world.stranger, "portfolio")


@pytest.mark.parametrize("words", ["", "a", "ab cd", "%", "x" * 5_000, "FEL-", "FEL-9-9"])
def test_what_cannot_be_sought_is_said(world: World, words: str) -> None:
    """Nothing, too little and nonsense: a page that says what to do."""
    assert found(world.auditor, words) == {}


def test_the_number_of_queries_does_not_grow(world: World, case: Case) -> None:
    """The same at one, three and many records; the box in the header asks nothing."""
    counts = []
    for made in (1, 2, 6):
        for number in range(made):
            scenes.reported(world, case.fellowship, title=f"Zyx {made} {number}", evidence=[])
        client = as_(world.auditor)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get("/search/", {"q": "zyx"}).status_code == 200
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert counts[0] <= MOST_QUERIES
    client = as_(world.auditor)
    with CaptureQueriesContext(connection) as asked:
        client.get("/keys/")
    assert not [one for one in asked if "LIKE" in one["sql"]]


def test_visitors_are_asked_to_sign_in(client: Client) -> None:
    """And see no box."""
    assert client.get("/search/?q=x").status_code == 302
    assert 'action="/search/"' not in client.get("/").content.decode()


def test_the_api_finds_what_the_page_finds(world: World, case: Case) -> None:
    """By words and by reference, for who may see it; without words and for a stranger, nothing."""
    hit = {
        "title": case.finding.title,
        "url": case.finding.get_absolute_url(),
        "meta": f"{case.finding.ref} · Medium · Accepted",
    }

    def said(user: Any, words: str) -> Any:
        return as_(user).get("/api/v1/search/", {"q": words}).json()["groups"]

    groups = {one["key"]: one for one in said(world.product_owner, case.finding.title)}
    assert groups["findings"]["hits"] == [hit]
    assert [one["hits"] for one in said(world.product_owner, case.finding.ref.lower())] == [[hit]]
    assert said(world.stranger, case.finding.ref) == said(world.product_owner, "") == []
    assert Client().get("/api/v1/search/", {"q": "x"}).status_code == 401
