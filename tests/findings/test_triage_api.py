"""The queue by the API: whose a finding is, filters, absences, many at once; as on its pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from fellowship.accounts import roles
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel.time import now
from fellowship.programs.services import found_program
from findings import services
from findings.models import Batch, Cover, Finding
from scoping.models import Fellowship
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


class Api:
    """Calls of one person; each says which status it expects."""

    def __init__(self, person: Any) -> None:
        self.client = Client()
        self.client.force_login(person)

    def post(self, path: str, code: int = 200, key: str = "", **data: Any) -> Any:
        headers = {"idempotency-key": key} if key else {}
        url = f"/api/v1/{path}"
        answer = self.client.post(url, data, content_type="application/json", headers=headers)
        assert answer.status_code == code, answer.content
        return answer.json() if answer.content else None

    def get(self, path: str, code: int = 200) -> Any:
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == code, answer.content
        return answer.json()


def some(world: World, fellowship: Fellowship, count: int) -> list[Finding]:
    return [
        scenario.reported(world, fellowship, title=f"F {n}", severity="low", evidence=[])
        for n in range(count)
    ]


def test_claimed_and_assigned(world: World, fellowship: Fellowship) -> None:
    [finding] = some(world, fellowship, 1)
    owner, manager = Api(world.product_owner), Api(world.manager)
    Api(world.auditor).post(f"findings/{finding.ref}/claim/", 403)
    mine = owner.post(f"findings/{finding.ref}/claim/")
    assert (mine["state"], mine["product_owner"]) == ("investigating", world.product_owner.username)
    assert manager.post(f"findings/{finding.ref}/claim/", 409)["code"] == "taken"
    to = {"to": world.manager.username}
    assert manager.post(f"findings/{finding.ref}/assign/", 409, **to)["code"] == "no_reason"
    given = manager.post(f"findings/{finding.ref}/assign/", **to, reason="I know it.")
    assert given["product_owner"] == world.manager.username
    owner.post(f"findings/{finding.ref}/assign/", 400, to="nobody", reason="?")
    page = owner.client.get(finding.get_absolute_url()).content.decode()
    assert f"/triage/{finding.ref}/assign/" in page
    assert f"/triage/{finding.ref}/claim/" not in page, "the manager has it"


def test_filters_are_ones_own_or_shared(world: World) -> None:
    owner, manager, stranger = (
        Api(p) for p in (world.product_owner, world.manager, world.applicant)
    )
    said = {"name": "Severe", "query": "severity=severe&nonsense=1", "is_default": False}
    shared = {**said, "program": world.program.slug}
    saved = owner.post("finding-filters/", 201, **shared)
    assert saved["query"] == "severity=severe"
    assert owner.post("finding-filters/", 201, **shared)["id"] == saved["id"]
    again = owner.post("finding-filters/", 409, **{**shared, "query": "overdue=true"})
    assert again["code"] == "named_twice"
    stranger.post("finding-filters/", 400, **shared)
    one = f"finding-filters/{saved['id']}/"
    assert [f["id"] for f in manager.get("finding-filters/")["results"]] == [saved["id"]]
    assert stranger.get("finding-filters/")["results"] == []
    assert manager.client.delete(f"/api/v1/{one}").status_code == 403
    assert owner.client.delete(f"/api/v1/{one}").status_code == 204
    owner.get(one, 404)


def test_an_absence_is_entered_and_ended(world: World) -> None:
    owner = Api(world.product_owner)
    said = {
        "program": world.program.slug,
        "person": world.product_owner.username,
        "stand_in": world.manager.username,
        "starts_at": now().isoformat(),
        "ends_at": (now() + 3 * DAY).isoformat(),
    }
    wrong = owner.post("finding-absences/", 409, **{**said, "stand_in": said["person"]})
    assert wrong["errors"][0]["pointer"] == "/stand_in"
    made = owner.post("finding-absences/", 201, **said)
    assert owner.post("finding-absences/", 201, **said)["id"] == made["id"]
    assert Api(world.auditor).get("finding-absences/")["results"] == []
    assert owner.post(f"finding-absences/{made['id']}/end/")["cancelled_at"] is not None
    assert Cover.objects.count() == 1


def test_many_are_looked_at_changed_once_and_put_back(world: World, fellowship: Fellowship) -> None:
    found = some(world, fellowship, 3)
    refs = [f.ref for f in found]
    owner = Api(world.product_owner)
    for finding in found[:2]:
        services.claim_finding(finding=finding, by=world.product_owner)
    said = {"action": "reject", "findings": refs, "reason": "One cause: the filter was off."}
    events = Event.objects.count()
    outlook = owner.post("finding-batches/look/", **said)
    assert (outlook["changes"], outlook["same"]) == (refs[:2], [])
    assert [row["finding"] for row in outlook["refused"]] == [refs[2]]
    assert Event.objects.count() == events, "a dry run writes nothing"

    other = {**said, "findings": refs[:2], "seen": outlook["seen"]}
    assert owner.post("finding-batches/", 409, **other)["code"] == "other_findings"
    done = owner.post("finding-batches/", 201, key="k-1", seen=outlook["seen"], **said)
    assert (done["changed"], done["refused"]) == (2, 1)
    assert owner.post("finding-batches/", 201, key="k-1", seen=outlook["seen"], **said) == done
    assert owner.post("finding-batches/", 422, key="k-1", **said)["code"] == "key_used"
    assert Batch.objects.count() == 1

    batch = f"finding-batches/{done['id']}/"
    rows = owner.get(f"{batch}rows/")["results"]
    assert {row["finding"]: row["outcome"] for row in rows} == {
        **dict.fromkeys(refs[:2], "changed"),
        refs[2]: "refused",
    }
    Api(world.steward).get(batch, 404)
    assert owner.post(f"{batch}undo/")["undone_at"] is not None
    states = Finding.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["investigating", "investigating", "reported"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"action": "reject"}, "/findings"),
        ({"action": "reject", "findings": ["F-1999-001"]}, "/findings"),
        ({"action": "defer", "query": "severity=low"}, "/look_again_at"),
        ({"action": "claim", "query": ""}, "/query"),
        ({"action": "claim", "query": "severty=low"}, "/query"),
        ({"action": "claim", "query": "severity=lo"}, "/query"),
        ({"action": "claim", "query": "queue=all", "to": "manager"}, "/to"),
        ({"action": "duplicate", "query": "queue=all", "of": "F-1999-001"}, "/of"),
    ],
    ids=[
        "neither",
        "unknown",
        "unasked",
        "empty",
        "unknown-name",
        "unknown-value",
        "too-much",
        "no-original",
    ],
)
def test_what_is_wrong_with_a_batch_is_named(
    world: World, fellowship: Fellowship, said: dict[str, Any], pointer: str
) -> None:
    some(world, fellowship, 1)
    owner = Api(world.product_owner)
    for path in ("finding-batches/", "finding-batches/look/"):
        assert owner.post(path, 400, **said)["errors"][0]["pointer"] == pointer


def test_a_query_means_all_that_match(world: World, fellowship: Fellowship) -> None:
    some(world, fellowship, 2)
    owner = Api(world.product_owner)
    done = owner.post("finding-batches/", 201, action="claim", query="severity=low")
    assert (done["changed"], done["query"]) == (2, "severity=low")
    assert owner.post("finding-batches/", 409, action="claim", query="severity=high")["code"] == (
        "nothing"
    )


def test_a_programme_is_named_by_its_short_name(world: World, fellowship: Fellowship) -> None:
    """By API, and on the page of somebody who reads findings of two programmes."""
    [finding] = some(world, fellowship, 1)
    second = found_program(slug="second", name="Second", purpose="To compare.", by=SETUP)
    grant_role(user=world.product_owner, realm=second.realm, role=roles.PRODUCT_OWNER, by=SETUP)
    owner = Api(world.fresh("product_owner"))
    shown = owner.get(f"findings/?program={world.program.slug}")["results"]
    assert [row["ref"] for row in shown] == [finding.ref]
    assert owner.get(f"findings/?program={second.slug}")["results"] == []
    owner.get("findings/?program=nowhere", 400)
    page = owner.client.get(f"/triage/?queue=all&program={world.program.slug}").content.decode()
    assert finding.title in page
    assert f'value="{world.program.slug}" selected' in page
    none = owner.client.get(f"/triage/?queue=all&program={second.slug}").content.decode()
    assert "Nothing fits this filter." in none


def test_a_control_is_withdrawn(world: World) -> None:
    control = scenario.deployed(world)
    owner = Api(world.product_owner)
    owner.post(f"controls/{control.ref}/withdraw/", 400)
    Api(world.auditor).post(f"controls/{control.ref}/withdraw/", 403, reason="?")
    gone = owner.post(f"controls/{control.ref}/withdraw/", reason="It blocked payroll.")
    assert gone["state"] == "withdrawn"
