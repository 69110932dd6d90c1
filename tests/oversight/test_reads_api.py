"""What only pages showed: by API, and what its lists cost does not grow with their rows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fellowship.kernel.time import now
from fellowship.notices.services import add_endpoint, send_test
from governance import services as governance
from oversight.models import Verification
from proposals import services as panel
from tests.scenarios import proposals
from tests.scenarios.oversight import Case
from tests.scenarios.world import World
from tests.support.api_calls import Api

pytestmark = pytest.mark.django_db

LISTS = {
    "access/agreements/": "steward",
    "access/batches/": "steward",
    "access/case-activity/": "steward",
    "access/dataset-activity/": "steward",
    "access/deletions/": "steward",
    "access/endings/": "steward",
    "access/escrow-openings/": "steward",
    "access/escrow/": "steward",
    "access/names/": "steward",
    "artifacts/": "manager",
    "cohorts/": "manager",
    "deputies/": "chair",
    "discussions/": "manager",
    "fellowship-models/": "manager",
    "handed-over/": "manager",
    "meeting-cadences/": "chair",
    "meetings/": "chair",
    "oncall-watches/": "oncall",
    "output-types/": "manager",
    "path-steps/": "manager",
    "programmes/": "manager",
    "review-absences/": "manager",
    "review-assignments/": "manager",
    "review-suggestions/": "manager",
    "reviewers/": "manager",
    "reviewing/": "manager",
    "reviews/": "manager",
    "role-assignments/": "admin",
    "stage-standards/": "manager",
    "tracks/": "manager",
    "webhook-deliveries/": "steward",
    "webhook-endpoints/": "steward",
}
"""Each list with somebody who reads it."""
AT_MOST = 9
"""Queries, those of the session and of roles among them."""


@pytest.fixture
def filled(world: World, case: Case) -> World:
    """A whole case, and two or more of what lists show."""
    realm = world.program.realm
    for name in ("Lake", "Warehouse"):
        url = f"https://{name.lower()}.example/hook"
        made, _ = add_endpoint(realm=realm, name=name, url=url, kinds=[], by=world.steward)
        send_test(endpoint=made, by=world.steward)
    for days in (1, 2):
        begin = now() + dt.timedelta(days=days)
        governance.call_meeting(program=world.program, starts_at=begin, by=world.chair)
    proposals.submitted_proposal(world, world.other_applicant, title="Waits for reviewers")
    panel.suggest_reviewers(call=world.call, by=world.manager)
    return world


def test_a_list_costs_the_same_for_one_row_and_for_many(filled: World) -> None:
    """Filled with what a whole case leaves behind; none asks a query a row."""
    grown = {}
    for path, name in LISTS.items():
        api = Api(filled.people[name])
        counts = []
        for limit in (1, 3, 200):
            with CaptureQueriesContext(connection) as captured:
                rows = api.get(f"{path}?limit={limit}")["results"]
            counts.append(len(captured))
        if len(set(counts)) > 1 or max(counts) > AT_MOST:
            grown[path] = (counts, len(rows))
    assert grown == {}


def test_the_ledger_is_verified_by_its_auditor(world: World) -> None:
    path = f"audit/{world.program.slug}/verification/"
    assert Api(world.auditor).post(path, {"nonsense": 1}).status_code == 400
    made = Api(world.auditor).post(path)
    assert made.status_code == 201, made.content
    assert made.json()["found"] == 0
    assert Verification.objects.count() == 1
    assert [run["id"] for run in Api(world.auditor).get(path)] == [made.json()["id"]]
    Api(world.manager).get(path, 404)
    assert Api(world.manager).post(path).status_code == 404


def test_the_package_the_cases_and_a_version_are_read(world: World, case: Case) -> None:
    ref, slug = case.fellowship.ref, world.program.slug
    package = Api(world.auditor).get(f"closeouts/{ref}/package/")
    assert package["Content-Type"] == "application/zip"
    Api(world.stranger).get(f"closeouts/{ref}/package/", 404)
    figures = Api(world.manager).get(f"office/{slug}/")["figures"]
    for figure in figures[:6]:
        behind = Api(world.manager).get(f"office/{slug}/cases/{figure['key']}/")
        assert behind["count"] == figure["value"], figure["key"]
    Api(world.manager).get(f"office/{slug}/cases/nothing/", 404)
    Api(world.stranger).get(f"office/{slug}/cases/{figures[0]['key']}/", 404)

    one = f"publications/{case.publication.ref}/versions/1/"
    told = Api(case.fellowship.fellow).get(one)
    assert told["text"]
    Api(case.fellowship.fellow).get(f"publications/{case.publication.ref}/versions/99/", 404)
    Api(world.stranger).get(one, 404)
    Api(case.fellowship.fellow).get(f"{one}file/", 404)
