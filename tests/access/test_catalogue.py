"""The catalogue: rows of a form, variants, filters, versions, the four tiers, and the API."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.models import Dataset
from access.states import Tier
from access.suggesting import least_that_serves
from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refused
from governance import founding
from tests.scenarios import access as scenario
from tests.scenarios.governance import adopted_rule
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

TURING = Path(__file__).parents[3] / "shared/data/standards/05-turing-sensitivity-tiers.md"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def typed(world: World, **values: Any) -> dict[str, Any]:
    return {
        "name": "Chat logs",
        "slug": "chat-logs",
        "description": "What people typed.",
        "variant": "raw",
        "owner": world.product_owner.pk,
        "duo": ["DUO:0000046"],
        "field_0_name": "turn",
        "field_0_description": "place",
        "field_1_name": "text",
        "field_1_type": "Text",
        "field_1_sensitive": "on",
        "filter_0_key": "long",
        "filter_0_label": "Long ones",
        **values,
    }


def test_a_steward_adds_a_dataset_and_each_error_stands_in_its_row(world: World) -> None:
    client = client_of(world.steward)
    url = f"/access/datasets/new/?program={world.program.slug}"
    assert client_of(world.manager).get(url).status_code == 404
    bad = typed(
        world,
        slug="Chat Logs",
        field_3_name="turn",
        filter_0_key="Long!",
        filter_1_description="No key and no label",
    )
    answer = client.post(url, bad)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {
        "slug",
        "field_3_name",
        "filter_0_key",
        "filter_1_key",
        "filter_1_label",
    }
    assert "No key and no label" in answer.content.decode(), "nothing typed is lost"
    more = client.post(url, {**bad, "more": "1"})
    assert more.status_code == 200
    assert len(more.context["form"].field_rows) == 14
    assert "No key and no label" in more.content.decode()
    assert client.post(url, typed(world)).status_code == 302
    made = Dataset.objects.get(slug="chat-logs")
    assert made.fields == [
        {"name": "turn", "description": "place", "sensitive": False},
        {"name": "text", "description": "", "sensitive": True, "type": "Text"},
    ]
    assert made.row_filters == [{"key": "long", "label": "Long ones", "description": ""}]
    assert (made.duo, made.steward) == (["DUO:0000046"], world.steward)
    again = client.post(url, typed(world, name="B"))
    assert set(again.context["form"].errors) == {"slug"}


def test_a_change_is_kept_as_a_version_with_its_words(world: World) -> None:
    data = scenario.dataset(world)
    client = client_of(world.steward)
    url = f"/access/datasets/{data.ref}/edit/"
    assert client_of(world.manager).get(url).status_code == 403
    page = client.get(url)
    kept = {k: v for k, v in page.context["form"].initial.items() if v}
    kept |= {"owner": data.owner_id, "steward": data.steward_id}
    answer = client.post(url, {**kept, "description": "Refusals, read twice.", "reason": "Read."})
    assert answer.status_code == 302
    data.refresh_from_db()
    assert data.description == "Refusals, read twice."
    assert data.fields == scenario.FIELDS
    text = client.get(f"/access/datasets/{data.ref}/versions/").content.decode()
    assert "<del>" in text
    assert "Version 3" in text, "put in, classified, changed"
    assert "Read." in text


def test_a_retired_dataset_is_asked_for_by_nobody(world: World) -> None:
    data = scenario.dataset(world)
    case = signed_fellowship(world)

    def retire(by: User, reason: str = "Replaced.") -> Dataset:
        return services.retire_dataset(dataset=data, by=by, reason=reason)

    for by, reason, code in (
        (world.manager, "x", "wrong_role"),
        (world.steward, " ", "no_reason"),
    ):
        with pytest.raises(Refused) as refused:
            retire(by, reason)
        assert refused.value.refusal.code == code
    assert retire(world.steward) == retire(world.steward)
    with pytest.raises(Refused) as refused:
        scenario.requested(world, case, Dataset.objects.get(pk=data.pk))
    assert refused.value.refusal.code == "retired"
    client = client_of(world.steward)
    assert data.name not in client.get("/access/").content.decode()
    assert data.name in client.get("/access/?shown=retired").content.decode()
    services.restore_dataset(dataset=data, by=world.steward, reason="It is needed.")
    assert data.name in client.get("/access/").content.decode()


def test_the_least_that_serves_comes_first_and_says_why(world: World) -> None:
    raw = scenario.dataset(world)
    small = scenario.dataset(
        world, "sample", "internal", variant="deidentified", parent=raw, fields=scenario.FIELDS[:1]
    )
    mirror = scenario.dataset(world, "mirror", "public", variant="synthetic", parent=raw)
    found = least_that_serves(raw, ["train"], ["turn", "refused"])
    assert [(s.dataset, s.serves) for s in found] == [(mirror, True), (small, False), (raw, False)]
    assert found[1].reasons == ("It has no field refused.",)
    assert found[2].reasons[0].startswith("Its tier never allows:")
    assert "It has every field asked for." in found[0].reasons
    services.retire_dataset(dataset=mirror, by=world.steward, reason="Outdated.")
    assert least_that_serves(raw)[0].dataset == small
    page = client_of(world.applicant).get(raw.get_absolute_url()).content.decode()
    assert re.search(r"Sample</a>\s*<span[^>]*>Ask for this first", page)


def test_the_list_narrows_and_takes_the_same_queries_at_1_2_and_many(world: World) -> None:
    client = client_of(world.steward)
    counts = []
    for number in (2, 4, 8):
        for n in range(Dataset.objects.count(), number):
            scenario.dataset(world, f"data-{n}", duo=["DUO:0000046"] if n % 2 else [])
        client.get("/access/")
        with CaptureQueriesContext(connection) as seen:
            page = client.get("/access/?duo=DUO:0000046&shown=")
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 15
    text = page.content.decode()
    assert "Data 1" in text
    assert "Data 2" not in text
    assert client.get("/access/?shown=unclassified").status_code == 200


def test_the_page_of_a_dataset_takes_few_queries(world: World, grant: Any) -> None:
    client = client_of(world.steward)
    client.get(grant.dataset.get_absolute_url())
    with CaptureQueriesContext(connection) as seen:
        assert client.get(grant.dataset.get_absolute_url()).status_code == 200
    assert len(seen) <= 25


def test_the_four_tiers_stand_side_by_side_for_the_programmes_people(world: World) -> None:
    page = client_of(world.applicant).get("/access/tiers/").content.decode()
    assert page.count('scope="col"') == 5
    for tier in Tier:
        assert f">{tier.label}</th>" in page, "named by the standard as by us, until it says else"
    assert "Use in model weights" in page
    assert "Data handling standard v1" in page
    assert client_of(world.stranger).get("/access/tiers/").status_code == 404


@pytest.mark.skipif(not TURING.exists(), reason="the standard is not beside the repository")
def test_the_turing_tiers_can_be_an_alternative_version(world: World) -> None:
    """Tiers 0 to 3 stand for our four; for tier 4 the standard has no environment: not taken in."""
    text = TURING.read_text()
    tiers = re.findall(r"^## (Tier \d)$", text, re.MULTILINE)
    assert tiers == [f"Tier {n}" for n in range(5)]
    assert "does not currently support environments suitable for the Tier 4" in text
    parameters = founding.parameters("data_handling")
    for (key, handling), label in zip(parameters["tiers"].items(), tiers, strict=False):
        part = text.split(f"## {label}\n")[1].split("\n## ")[0]
        handling["label"] = label
        handling["meaning"] = " ".join(part.split("\n\n")[1].replace("**", "").split())[:200]
        if "copy-and-paste" in part or key in ("restricted", "highly_restricted"):
            handling["download"] = handling["notebooks"] = "no"
    rule = adopted_rule(world, "data_handling", parameters)
    assert rule.version == 2
    page = client_of(world.applicant).get("/access/tiers/").content.decode()
    for label in tiers[:4]:
        assert f">{label}</th>" in page
    data = scenario.dataset(world)
    assert "Tier 2" in client_of(world.applicant).get(data.get_absolute_url()).content.decode()
    before = scenario.requested(world, world.fellowship, data)
    assert before.handling.version == 1, "a case under way keeps its version"


def test_the_api_offers_every_verb(world: World) -> None:
    client = client_of(world.steward)

    def post(path: str, by: Client = client, **body: Any) -> Any:
        sent, read = json.dumps(body), {"If-Match": "*"}
        return by.post(f"/api/v1/access/{path}", sent, "application/json", headers=read)

    new = {
        "program": world.program.slug,
        "slug": "calls",
        "name": "Calls",
        "description": "What was asked.",
        "owner": "product-owner",
        "row_filters": [{"key": "long", "label": "Long ones"}],
    }
    assert post("datasets/", **{**new, "row_filters": [{"key": "L!", "label": "x"}]}).json()[
        "code"
    ] == ("not_described")
    assert post("datasets/", client_of(world.manager), **new).status_code == 400
    made = post("datasets/", **new)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert (made.json()["tier"], made.json()["classification"]) == ("highly_restricted", None)
    changed = post(
        f"datasets/{pk}/change/", fields_described=[{"name": "turn"}], reason="Named."
    ).json()
    assert changed["fields"] == [{"name": "turn", "description": "", "sensitive": False}]
    assert post(f"datasets/{pk}/classify/").status_code == 200
    listed = client.get("/api/v1/access/classifications/").json()["results"]
    one = listed[0]["id"]
    answers = scenario.answers_for(founding_rule(world), "internal")
    post(f"classifications/{one}/answer/", answers=answers)
    other = client_of(world.oncall)
    seen = other.get(f"/api/v1/access/classifications/{one}/").json()
    assert (seen["sent"], seen["answers"]) == (["steward"], [])
    differ = {**answers, "misuse": 5}
    post(f"classifications/{one}/answer/", other, answers=differ)
    manager = client_of(world.manager)
    settled = post(
        f"classifications/{one}/settle/",
        manager,
        answers={"misuse": 2},
        because={"misuse": "It is published."},
    ).json()
    assert (settled["state"], settled["tier"], len(settled["answers"])) == (
        "settled",
        "internal",
        2,
    )
    assert post(f"classifications/{one}/call-off/", reason="x").status_code == 409
    assert post(f"datasets/{pk}/retire/", reason="Old.").json()["retired_at"]
    assert post(f"datasets/{pk}/restore/", reason="Needed.").json()["retired_at"] is None


def founding_rule(world: World) -> Any:
    from governance.rules import in_force

    return in_force(world.program, "data_classification").params
