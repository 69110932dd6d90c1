"""Endpoints, their messages and the calendar feed by API, as on their pages."""

from __future__ import annotations

import pytest

from fellowship.notices.models import CalendarFeed, Delivery
from tests.scenarios.world import World
from tests.support.api_calls import Api, tried

pytestmark = pytest.mark.django_db


def test_an_endpoint_is_set_up_tested_and_switched_off(world: World) -> None:
    said = {
        "realm": world.program.slug,
        "name": "Warehouse",
        "kinds": [],
        "url": "https://warehouse.example/hook",
    }
    who = {"by": world.steward, "hidden": world.stranger}
    made = tried("webhook-endpoints/", said, code=201, hidden_code=400, again=409, **who)
    assert made["secret"].startswith("whsec_")
    one, reads = f"webhook-endpoints/{made['ref']}/", {"refused": world.auditor, **who}
    assert "secret" not in Api(world.auditor).get(one)
    Api(world.stranger).get(one, 404)
    new = {"name": "Lake", "url": "https://lake.example/hook", "kinds": []}
    assert tried(f"{one}change/", new, **reads)["name"] == "Lake"
    wrong = Api(world.steward).post(f"{one}change/", {**new, "url": "ftp://x"})
    assert wrong.json()["errors"][0]["pointer"] == "/url"

    assert Api(world.auditor).post(f"{one}test/").status_code == 403
    assert Api(world.steward).post(f"{one}test/").status_code == 200
    rotated = Api(world.steward).post(f"{one}rotate/")
    assert rotated.json()["secret"] != made["secret"]
    assert rotated["Cache-Control"] == "no-store"
    assert Api(world.auditor).post(f"{one}rotate/").status_code == 403

    [message] = Api(world.auditor).get("webhook-deliveries/")["results"]
    whole = Api(world.auditor).get(f"webhook-deliveries/{message['id']}/")
    assert whole["body"]["data"]["endpoint"] == made["ref"]
    Delivery.objects.update(state="failed")
    again = tried(f"webhook-deliveries/{message['id']}/again/", **reads)
    assert again["state"] == "waiting"
    off = tried(f"{one}switch/", {"enabled": False}, **reads)
    assert off["enabled"] is False
    assert Api(world.stranger).get("webhook-deliveries/")["results"] == []


def test_a_calendar_feed_is_opened_and_closed(world: World) -> None:
    mentor = Api(world.mentor)
    assert mentor.get("calendar-feed/") == {"open": False, "address": ""}
    assert mentor.post("calendar-feed/", {"nonsense": 1}).status_code == 400
    opened = mentor.post("calendar-feed/").json()
    assert opened["address"].endswith(".ics")
    assert (
        mentor.client.get(
            opened["address"].partition("://")[2].partition("/")[2].join(["/", ""])
        ).status_code
        == 200
    )
    assert mentor.get("calendar-feed/") == {"open": True, "address": ""}
    for _ in range(2):
        assert mentor.client.delete("/api/v1/calendar-feed/").status_code == 204
    assert not CalendarFeed.objects.exists()
