"""The API: who may ask, what is answered, what is refused, and nothing of another person's case."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any

import pytest
from django.test import Client

from access.models import AccessEvent, Grant
from fellowship.accounts.models import User
from fellowship.accounts.services import create_token
from fellowship.kernel.time import now
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World, make_world

DECISION = "/api/v1/access/decision"
EVENTS = "/api/v1/access/events"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def token(user: User, *scopes: str, name: str = "jupyter") -> Client:
    _, secret = create_token(user=user, scopes=scopes, by=user, name=name)
    return Client(headers={"authorization": f"Bearer {secret}"})


def ask(client: Client, grant: Grant, **values: Any) -> Any:
    body = {"person": grant.person.email, "dataset": grant.dataset.slug, "operation": "query"}
    return client.post(DECISION, {**body, **values}, content_type="application/json")


def test_the_answer(world: World, grant: Grant) -> None:
    answer = ask(signed_in(grant.person), grant)
    assert answer.status_code == 200
    assert answer.json() == {
        "allowed": True,
        "clause": grant.ref,
        "reason": f"{grant.ref} with {grant.agreement.ref} allows it: "
        f"board decision {grant.decision.matter.ref}.",  # type: ignore[union-attr]
        "until": grant.ends_at.isoformat().replace("+00:00", "Z"),
    }


def test_then_and_now(world: World, grant: Grant) -> None:
    client = signed_in(grant.person)
    after = ask(client, grant, at=grant.ends_at.isoformat()).json()
    assert (after["allowed"], after["clause"], after["until"]) == (False, grant.ref, None)
    assert ask(client, grant, operation="export").json()["allowed"] is False


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("applicant", 200),
        ("steward", 200),
        ("oncall", 200),
        ("manager", 200),
        ("auditor", 200),
        ("mentor", 403),
        ("product_owner", 403),
        ("admin", 403),
    ],
)
def test_who_may_ask_about_the_fellow(world: World, grant: Grant, who: str, status: int) -> None:
    answer = ask(signed_in(getattr(world, who)), grant)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["allowed"] is True
    unknown = ask(signed_in(getattr(world, who)), grant, person="nobody@example.org")
    assert unknown.status_code == (403 if who == "applicant" or status == 403 else 200)


def test_a_stranger_learns_nothing_of_the_dataset(world: World, grant: Grant) -> None:
    client = signed_in(world.stranger)
    seen = ask(client, grant, person=world.stranger.email).json()
    unseen = ask(client, grant, person=world.stranger.email, dataset="never-was").json()
    assert (
        seen
        == unseen
        == {
            "allowed": False,
            "clause": "Dataset",
            "reason": "No dataset of this name is in a catalogue you may read.",
            "until": None,
        }
    )


def test_a_token_with_the_scope_may_ask_about_anyone(world: World, grant: Grant) -> None:
    assert ask(token(world.admin, "access:decide"), grant).json()["allowed"] is True
    assert ask(token(world.admin, "read"), grant).status_code == 403
    own = token(world.other_applicant, "access:decide")
    assert ask(own, grant).json()["allowed"] is False, "the scope gives no catalogue"


def test_names_and_keys(world: World, grant: Grant) -> None:
    client = signed_in(world.steward)
    for person in (grant.person.pk, str(grant.person.pk), grant.person.username):
        for dataset in (grant.dataset.ref, grant.dataset.name, grant.dataset.slug):
            assert ask(client, grant, person=person, dataset=dataset).json()["allowed"] is True


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"operation": "fly"}, "/operation"),
        ({"at": "2026-11-23T14:00:00"}, "/at"),
        ({"at": "soon"}, "/at"),
        ({"person": ""}, "/person"),
        ({"person": "x" * 201}, "/person"),
        ({"dataset": None}, "/dataset"),
        ({"dataset": "a\x00b"}, "/dataset"),
        ({"person": {"a": 1}}, "/person"),
        ({"mood": 1}, "/mood"),
    ],
)
def test_wrong_questions_are_pointed_at(
    world: World, grant: Grant, values: dict[str, Any], pointer: str
) -> None:
    answer = ask(signed_in(world.steward), grant, **values)
    assert answer.status_code == 400
    assert {e["pointer"] for e in answer.json()["errors"]} == {pointer}


def test_without_signing_in(world: World, grant: Grant) -> None:
    assert ask(Client(), grant).status_code == 401
    assert Client().post(EVENTS, [], content_type="application/json").status_code == 401


def test_events_as_array_as_lines_and_packed(world: World, grant: Grant) -> None:
    client = token(world.steward, "events:write")
    one, two, three = (scenario.event(grant, n) for n in (1, 2, 3))
    array = client.post(EVENTS, json.dumps([one, "x"]), content_type="application/json")
    assert array.status_code == 200
    assert array.json() == {
        "accepted": 1,
        "late": 0,
        "duplicate": 0,
        "conflict": 0,
        "out_of_scope": 0,
        "verdicts": {"within": 1},
        "refused": [{"index": 1, "code": "not_an_object", "reason": "An event is a JSON object."}],
    }
    lines = "\n".join(map(json.dumps, [one, two])).encode()
    answer = client.post(EVENTS, lines, content_type="application/x-ndjson").json()
    assert (answer["accepted"], answer["duplicate"]) == (1, 1)
    packed = gzip.compress(json.dumps({**three, "kind": "export"}).encode())
    answer = client.post(
        EVENTS,
        packed,
        content_type="application/x-ndjson",
        headers={"content-encoding": "gzip"},
    ).json()
    assert answer["verdicts"] == {"out_of_scope": 1}
    assert set(AccessEvent.objects.values_list("source", flat=True)) == {"jupyter"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"[1,", 400, id="cut short"),
        pytest.param(b"\x1f\x8bnonsense", 400, id="not packed"),
        pytest.param(gzip.compress(b"[]" * 9)[:-6], 400, id="packed and cut short"),
        pytest.param(b"x" * 10_000_001, 413, id="too long"),
        pytest.param(gzip.compress(b" " * 60_000_001), 413, id="too long once unpacked"),
        pytest.param(b"[]", 200, id="no events"),
        pytest.param(b"", 200, id="nothing"),
        pytest.param(b"null", 200, id="null"),
    ],
)
def test_bad_bodies(world: World, body: bytes, status: int) -> None:
    client = token(world.steward, "events:write")
    assert client.post(EVENTS, body, content_type="application/json").status_code == status


def test_who_may_report(world: World, grant: Grant) -> None:
    event = json.dumps([scenario.event(grant)])

    def report(client: Client, query: str = "") -> int:
        return client.post(EVENTS + query, event, content_type="application/json").status_code

    assert report(token(world.steward, "read")) == 403, "a token needs its scope"
    assert report(token(world.applicant, "events:write")) == 403
    assert report(token(world.auditor, "events:write")) == 403
    assert report(token(world.oncall, "events:write"), "?program=elsewhere") == 403
    assert report(token(world.oncall, "events:write"), f"?program={world.program.slug}") == 200


def test_a_request_through_the_api(world: World) -> None:
    data = scenario.dataset(world, tier="internal")
    case = scopes.signed_fellowship(world)
    fellow, steward, manager = map(signed_in, (world.applicant, world.steward, world.manager))
    today = now().date()
    body = {
        "fellowship": case.ref,
        "dataset": data.slug,
        "operations": ["view", "query"],
        "fields_wanted": ["turn"],
        "purpose": "Measure drift.",
        "why_less_would_not_do": "Rare events.",
        "starts_on": today.isoformat(),
        "ends_on": (today + dt.timedelta(days=30)).isoformat(),
    }
    url = "/api/v1/access/requests/"
    wrong = fellow.post(url, {**body, "operations": ["export"]}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "outside_scope")
    made = fellow.post(url, body, content_type="application/json")
    assert made.status_code == 201
    one = f"{url}{made.json()['id']}/"
    reason = {"reason": "Least that serves."}
    refused = fellow.post(f"{one}check/", reason, content_type="application/json")
    assert refused.status_code == 403
    assert signed_in(world.other_applicant).get(one).status_code == 404
    unanswered = steward.post(f"{one}check/", reason, content_type="application/json")
    assert (unanswered.status_code, unanswered.json()["code"]) == (409, "unanswered")
    answers = {key: {"holds": True} for key in scenario.all_hold(data)}
    checked = {**reason, "answers": answers}
    assert steward.post(f"{one}check/", checked, content_type="application/json").status_code == 200
    done = manager.post(f"{one}approve/", reason, content_type="application/json").json()
    assert done["state"] == "approved"
    grant = Grant.objects.get()
    accept = {"text_hash": done["agreement"]["text_hash"]}
    answer = fellow.post(
        f"/api/v1/access/grants/{grant.pk}/accept/", accept, content_type="application/json"
    )
    assert answer.json()["accepted_at"]
    assert ask(fellow, grant).json()["allowed"] is True


def test_lists_of_two_programmes_do_not_mix(world: World, grant: Grant) -> None:
    other = make_world("-b")
    scenario.dataset(other, "chat-logs")
    slugs = [
        row["slug"]
        for row in signed_in(world.steward).get("/api/v1/access/datasets/").json()["results"]
    ]
    assert slugs == ["refusal-logs"]
    assert signed_in(other.steward).get("/api/v1/access/grants/").json()["results"] == []
    assert signed_in(other.steward).get("/access/trail/").status_code == 200
