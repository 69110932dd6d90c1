"""Reporting by API: bodies of every shape, tokens of one source, keys that repeat an answer."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import services
from access.importers import native
from access.models import AccessEvent, EventBatch, Grant
from fellowship.accounts.models import User
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from governance.models import Escalation
from tests.governance.test_board_race import at_once
from tests.scenarios import access as scenario
from tests.scenarios.scoping import world_with_fellowship
from tests.scenarios.world import World

EVENTS = "/api/v1/access/events"


def token(user: User, *scopes: str) -> Client:
    _, secret = create_token(user=user, scopes=scopes, by=user, name="jupyter")
    return Client(headers={"authorization": f"Bearer {secret}"})


def send(client: Client, body: Any, query: str = "", **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(EVENTS + query, raw, content_type="application/x-ndjson", headers=headers)


def row(number: int, **values: Any) -> dict[str, Any]:
    at = dt.datetime(2026, 11, 2, tzinfo=dt.UTC).isoformat()
    return {"id": f"r-{number}", "at": at, "person": "nobody", "kind": "query", **values}


# --- bodies


BAD = {
    b'{"id": 1, "id": 2}': "duplicate_key",
    b'{"at": "2026-11-02T00:00Z", "person": "x", "kind": "query", "details": {"x": 1, "x": 2}}': (
        "duplicate_key"
    ),
    b'{"id": nope}': "not_json",
    b'{"id": "a\x01b"}': "not_json",
    b'{"id": "\xff"}': "not_text",
    b'{"id": ' + b"9" * 5000 + b"}": "number",
    b"7": "not_an_object",
    b'{"id": "a", "details": ' + b"[" * 100_000 + b"]" * 100_000 + b"}": "too_deep",
}


@pytest.mark.parametrize(("raw", "code"), BAD.items(), ids=lambda value: str(value)[:24])
@pytest.mark.parametrize("shape", ["lines", "array"])
def test_a_bad_row_is_named_and_the_good_ones_are_kept(
    world: World, raw: bytes, code: str, shape: str
) -> None:
    good = [json.dumps(row(n)).encode() for n in (1, 2)]
    parts = [good[0], raw, good[1]]
    body = b"\n".join(parts) if shape == "lines" else b" [" + b" , ".join(parts) + b"]\n"
    answer = send(token(world.steward, "events:write"), body)
    assert answer.status_code == 200, answer.content
    said = answer.json()
    refused = [(r["index"], r["code"]) for r in said["refused"]]
    assert (said["accepted"], refused) == (2, [(1, code)])


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ('{"n": 1e999}', "details"),
        ('{"n": "\\u0000"}', "details"),
        ('{"n": "\\ud800"}', "details"),
        ('{"\\ud800": 1}', "details"),
        ('{"n": 123456789012345678901234567890}', None),
        ('{"n": "\\ud83d\\ude00"}', None),
        ("{}", None),
        ("null", None),
        ("[]", None),
        ("[1]", "details"),
    ],
)
def test_odd_details(world: World, details: str, code: str | None) -> None:
    body = json.dumps(row(1))[:-1] + f', "details": {details}}}'
    said = send(token(world.steward, "events:write"), body.encode()).json()
    assert [r["code"] for r in said["refused"]] == ([code] if code else [])
    assert said["accepted"] == (0 if code else 1)


@pytest.mark.parametrize(
    "body", [b"[1,", b"[1]]", b"[1] 2", b'[{"a": 1]', b'["open', b"[" * 99_000], ids=repr
)
def test_an_array_whose_brackets_do_not_match_is_refused_whole(world: World, body: bytes) -> None:
    answer = send(token(world.steward, "events:write"), body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "This is not JSON" in answer.json()["detail"]
    assert not EventBatch.objects.exists()


def test_elements_are_told_apart_by_brackets_outside_of_texts() -> None:
    inner = [{"a": '],["\\'}, [1, [2]], {"b": {"c": "}"}}, "x,y", 5]
    broken = json.dumps(inner)[:-1] + ", nope]"
    assert list(native.read(broken.encode())) == [*inner, native.NOT_JSON]
    assert list(native.read(b"[ ]")) == []
    assert list(native.read(b"[nope]")) == [native.NOT_JSON]


def test_a_gzip_of_several_members_is_read_to_its_end(world: World) -> None:
    parts = [gzip.compress(json.dumps(row(n)).encode() + b"\n") for n in (1, 2, 3)]
    assert send(token(world.steward, "events:write"), b"".join(parts)).json()["accepted"] == 3


def test_too_much_is_413_with_its_limit(world: World) -> None:
    client = token(world.steward, "events:write")
    bomb = gzip.compress(b" " * 60_000_001)
    for body, said in (
        (b"x" * 10_000_001, "larger than 10,000,000 bytes"),
        (bomb, "Unpacked, the body is larger than 60,000,000 bytes"),
        (gzip.compress(b" " * 50_000_000) * 2, "Unpacked, the body is larger"),
        (b"1\n" * 100_001, "at most 100,000 events"),
    ):
        answer = send(client, body)
        assert answer.status_code == 413
        assert said in answer.json()["detail"]
    answer = send(client, b"x", **{"content-encoding": "br"})
    assert answer.status_code == 415


# --- tokens


def test_a_token_of_one_source_reports_for_no_other(world: World, grant: Grant) -> None:
    client = token(world.steward, "events:jupyter")
    said = send(client, [scenario.event(grant, 1), scenario.event(grant, 2, source="other")]).json()
    assert said["accepted"] == 1
    assert said["refused"] == [
        {"index": 1, "code": "source", "reason": "This token reports for “jupyter” alone."}
    ]
    assert AccessEvent.objects.get().source == "jupyter"
    other = send(client, [scenario.event(grant, 3)], "?source=other")
    assert (other.status_code, other.json()["detail"]) == (
        403,
        "This token reports for “jupyter” alone.",
    )
    assert client.get(EVENTS).status_code == 403, "it reads nothing"
    assert token(world.steward, "read").get(EVENTS).status_code == 200
    assert send(token(world.steward, "write"), []).status_code == 403
    two = token(world.steward, "events:a", "events:b")
    assert send(two, []).status_code == 400
    assert send(two, [], "?source=b").status_code == 200


# --- keys


def test_the_same_key_and_body_have_the_same_answer_without_work(
    world: World, grant: Grant
) -> None:
    client = token(world.steward, "events:write")
    body = [scenario.event(grant, 1), scenario.event(grant, 2, kind="export"), "x"]
    first = send(client, body, **{"idempotency-key": "k-1"})
    before = Event.objects.count(), EventBatch.objects.count()
    with CaptureQueriesContext(connection) as seen:
        again = send(client, body, **{"idempotency-key": "k-1"})
    assert again.json() == first.json()
    assert (first.headers.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert (Event.objects.count(), EventBatch.objects.count()) == before
    assert not [q for q in seen.captured_queries if "access_event" in q["sql"]]
    other = send(client, [scenario.event(grant, 3)], **{"idempotency-key": "k-1"})
    assert other.status_code == 422
    assert "used for another request" in other.json()["detail"]
    elsewhere = send(client, body, "?source=other", **{"idempotency-key": "k-1"})
    assert elsewhere.status_code == 422
    assert send(client, body, **{"idempotency-key": "x" * 201}).status_code == 400


def test_keys_are_each_persons_own(world: World, grant: Grant) -> None:
    headers = {"idempotency-key": "k-1"}
    assert send(token(world.steward, "events:write"), [row(1)], **headers).status_code == 200
    assert send(token(world.oncall, "events:write"), [row(2)], **headers).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_two_at_once_one_works_and_both_answer_alike() -> None:
    world = world_with_fellowship()
    grant = scenario.granted(world)
    body = json.dumps([scenario.event(grant, n, kind="export") for n in range(50)]).encode()
    _, secret = create_token(user=world.steward, scopes=["events:env"], by=world.steward)

    def report() -> Any:
        client = Client(headers={"authorization": f"Bearer {secret}"})
        answer = send(client, body, **{"idempotency-key": "k-1"})
        while answer.status_code == 409:
            answer = send(client, body, **{"idempotency-key": "k-1"})
        return answer.json()

    one, two = at_once(report, report)
    assert one == two
    assert one["accepted"] == 50
    assert (EventBatch.objects.count(), AccessEvent.objects.count()) == (1, 50)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_batches_at_once_raise_one_escalation() -> None:
    world = world_with_fellowship()
    grant = scenario.granted(world)

    def report(source: str) -> Any:
        return services.ingest(
            program=world.program,
            events=[scenario.event(grant, n, kind="export") for n in range(5)],
            source=source,
            by=world.steward,
        )

    done = at_once(lambda: report("a"), lambda: report("b"))
    assert [one.accepted for one in done] == [5, 5]
    assert Escalation.objects.get().occurrences == 2
