"""No answer tells who has an account: whom one may not name does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.scenarios.world import World, make_person

pytestmark = pytest.mark.django_db


def _sent(world: World, who: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    client = Client()
    client.force_login(world.fresh(who))
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json")
    said = answer.json()
    said.pop("instance", None)
    said.pop("request_id", None)
    return answer.status_code, said


EXCEPTION = {
    "rationale": "It serves.",
    "risk": "Some.",
    "compensating_measure": "A second look.",
    "measure_test": "Each week.",
    "expires_at": "2099-01-01T00:00:00Z",
}


@pytest.mark.parametrize("who", ["stranger", "applicant", "steward"])
def test_an_address_nobody_has_and_that_of_somebody_elsewhere_are_answered_alike(
    world: World, who: str
) -> None:
    """Asked for data with an exception: its owner is looked up by e-mail."""
    outsider = make_person("outsider")
    asked = {
        "fellowship": "FEL-0000-000",
        "dataset": "none",
        "operations": [],
        "purpose": "x",
        "why_less_would_not_do": "x",
        "starts_on": "2099-01-01",
        "ends_on": "2099-01-02",
    }
    answers = [
        _sent(world, who, "access/requests/", asked | {"excepting": EXCEPTION | {"owner": owner}})
        for owner in (outsider.email, world.other_applicant.email, "nobody@example.org")
    ]
    assert answers[0][0] == 400
    assert "Nobody answers to this address." in str(answers[0])
    assert answers[0] == answers[1] == answers[2]


def test_a_short_name_nobody_has_and_that_of_somebody_elsewhere_are_answered_alike(
    world: World,
) -> None:
    outsider = make_person("outsider")
    asked = EXCEPTION | {"program": world.program.slug, "title": "One"}
    asked |= {"kind": "control_not_implemented"}
    names = (outsider.username, world.other_applicant.username, "no-such-person")
    answers = [_sent(world, "manager", "exceptions/", asked | {"owner": name}) for name in names]
    assert "There is no such person." in str(answers[0])
    assert answers[0] == answers[1] == answers[2]
