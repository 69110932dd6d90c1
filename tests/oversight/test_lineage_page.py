"""The page of a lineage stays readable and bounded, and shows each finding's first missing link."""

from __future__ import annotations

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from findings.models import Finding
from governance.models import Matter
from oversight.lineage import chains
from oversight.lineage.build import graph
from tests.scenarios import findings as scenes
from tests.scenarios.access import dataset
from tests.scenarios.oversight import Case
from tests.scenarios.world import World


def _get(world: World, case: Case, query: str = "") -> str:
    client = Client()
    client.force_login(world.fresh("auditor"))
    answer = client.get(reverse("oversight:lineage", args=[case.fellowship.ref]) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def _first_missing(page: str) -> str:
    found = re.search(r"<strong>First missing link: (\w+)\.</strong>", page)
    return found[1] if found else ""


def _more_findings(world: World, case: Case, count: int) -> list[Finding]:
    return [
        scenes.reported(world, case.fellowship, title=f"Form {n}", evidence=[])
        for n in range(count)
    ]


def test_a_large_case_costs_as_many_queries_as_a_small_one(world: World, case: Case) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:lineage", args=[case.fellowship.ref])
    counted = []
    for more in (2, 297):
        _more_findings(world, case, more)
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            page = client.get(url).content
        counted.append(len(caught))
        assert len(page) <= 100_000
    assert counted == [23, 23]  # four of them record the look
    assert "Chains 1 to 8 of 300, those with a missing link first" in page.decode()
    assert "First missing link: artifact." in page.decode()
    assert "1 of 300 chains is whole." in page.decode()


def test_a_small_case_is_drawn_whole(world: World, case: Case) -> None:
    page = _get(world, case)
    for node in graph(case.fellowship).nodes.values():
        assert node.label in page
    assert "The chain is whole" in page
    assert "Its chain alone" not in page


def test_each_finding_alone_shows_its_own_first_missing_link(world: World, case: Case) -> None:
    unread = dataset(world, "unread")
    bare = scenes.artifact(world, case.fellowship, sha256="a1" * 32, sources=[])
    elsewhere = scenes.artifact(world, case.fellowship, sha256="a2" * 32, sources=[unread])
    used = case.finding.evidence.get().artifact
    expected = {
        case.finding: "",
        scenes.reported(world, case.fellowship, evidence=[]): "artifact",
        scenes.reported(world, case.fellowship, evidence=[bare]): "dataset",
        scenes.reported(world, case.fellowship, evidence=[elsewhere]): "dataset",
        scenes.reported(world, case.fellowship, evidence=[used]): "control",
    }
    measured = scenes.reported(world, case.fellowship, evidence=[used])
    scenes.planned(world, scenes.accepted(world, measured))
    expected[measured] = "measurement"
    for finding, link in expected.items():
        page = _get(world, case, f"?finding={finding.ref}")
        assert _first_missing(page) == link, finding.ref
        drawn = re.findall(r'<g class="node missing"><rect x="(\d+)"', page)
        assert len(drawn) == (1 if link else 0)
        assert finding.ref in page
    assert _first_missing(_get(world, case)) == "dataset"
    page = _get(world, case, "?missing=measurement")
    assert measured.ref in page
    assert case.finding.ref not in page


def test_data_that_was_granted_and_never_read_is_a_missing_access(world: World, case: Case) -> None:
    data = chains.data_of(case.fellowship)
    data.reads.clear()
    found = chains.find(case.fellowship, chains.Asked(), data)
    assert found.keys == {"access": [case.finding.pk]}


def test_a_chain_is_found_from_its_dataset_and_from_its_publication(
    world: World, case: Case
) -> None:
    other = _more_findings(world, case, 1)[0]
    page = _get(world, case, f"?dataset={case.dataset.ref}")
    assert case.finding.ref in page
    assert other.ref not in page
    source = case.publication.sources.filter(finding__isnull=False).first()
    page = _get(world, case, f"?publication={case.publication.ref}")
    assert case.publication.ref in page
    assert other.ref not in page
    assert (case.finding.ref in page) == (source is not None)


def test_the_table_is_walked_both_ways_by_links(world: World, case: Case) -> None:
    page = _get(world, case)
    rows = dict(re.findall(r'<tr id="(node-[a-z0-9-]+)">(.*?)</tr>', page, re.DOTALL))
    chain = graph(case.fellowship)
    assert set(rows) == {node.place for node in chain.nodes.values()}
    for node in chain.nodes.values():
        links = re.findall(r'href="#(node-[a-z0-9-]+)"', rows[node.place])
        assert links == [n.place for n in (*chain.before(node.key), *chain.after(node.key))]


def test_a_record_of_a_case_leads_to_its_chain(world: World, case: Case) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    own = reverse("oversight:lineage", args=[case.fellowship.ref])
    for ref, query in (
        (case.finding.ref, f"finding={case.finding.ref}"),
        (case.control.ref, f"finding={case.finding.ref}"),
        (case.publication.ref, f"publication={case.publication.ref}"),
    ):
        answer = client.get(reverse("oversight:lineage", args=[ref]), follow=True)
        assert answer.redirect_chain == [(f"{own}?{query}", 302)]
        assert answer.status_code == 200
    stranger = Client()
    stranger.force_login(world.fresh("stranger"))
    for ref in (case.finding.ref, case.fellowship.ref, "FND-1999-001"):
        assert stranger.get(reverse("oversight:lineage", args=[ref])).status_code == 404


def test_what_is_not_of_the_case_is_not_found(world: World, case: Case) -> None:
    client = Client()
    client.force_login(world.fresh("auditor"))
    url = reverse("oversight:lineage", args=[case.fellowship.ref])
    other = dataset(world, "elsewhere")
    for query in (f"?dataset={other.ref}", "?finding=F-1999-001", "?publication=PUB-1"):
        assert client.get(url + query).status_code == 404, query
    for query in ("?missing=nonsense", "?page=999999999", "?page=x"):
        assert client.get(url + query).status_code == 200, query


def test_every_link_opens_for_whom_it_is_shown(world: World, case: Case) -> None:
    decided = Matter.objects.get(ref__endswith="-002").ref
    shown: dict[str, set[str]] = {}
    for name in ("policy_reviewer", "legal_reviewer", "product_owner", "auditor"):
        client = Client()
        client.force_login(world.fresh(name))
        answer = client.get(reverse("oversight:lineage", args=[case.fellowship.ref]))
        assert answer.status_code == 200, name
        main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
        shown[name] = set(re.findall(r'href="(/[a-z]+/[A-Z][^"?#]*)"', main))
        for link in shown[name]:
            assert client.get(link).status_code == 200, (name, link)
        assert decided in main, "that it was decided is told to all alike"
    assert f"/board/{decided}/" in shown["auditor"]
    assert f"/board/{decided}/" not in shown["policy_reviewer"]
