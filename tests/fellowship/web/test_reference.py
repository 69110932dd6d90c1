"""The description of the API: valid OpenAPI 3.1, complete, and readable as pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from schemathesis.specs.openapi.definitions import OPENAPI_31

from fellowship.notices.webhooks import kinds
from fellowship.web.schema import described

pytestmark = pytest.mark.django_db
READ = {"get", "head"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def referring(schema: Any) -> dict[str, Any]:
    """The schema with what it may refer to."""
    return {**schema, "components": described()["components"]}


def test_it_is_valid_and_served_as_it_is() -> None:
    served = Client().get("/api/v1/schema/")
    document = json.loads(served.content)
    jsonschema_rs.validate(OPENAPI_31, document)
    assert (document["openapi"], served["Content-Type"]) == ("3.1.0", "application/json")
    same = Client().get("/api/v1/schema/", headers={"If-None-Match": served["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert Client().post("/api/v1/schema/").status_code == 405


def test_each_operation_says_what_it_answers() -> None:
    bare = []
    for name, operation in operations():
        done = {c: r for c, r in operation["responses"].items() if c.startswith("2")}
        if not any("content" in response for code, response in done.items() if code != "204"):
            bare.append(name)
    assert [name for name in bare if not name.startswith("delete ")] == []


def test_each_write_takes_a_key_and_each_change_a_tag() -> None:
    for name, operation in operations():
        taken = {one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]}
        if name.partition(" ")[0] in READ:
            assert "IfNoneMatch" in taken, name
            continue
        assert "IdempotencyKey" in taken, name
        assert ("IfMatch" in taken) == ("{" in name), name
    edit = described()["paths"]["/api/v1/scopes/{id}/edit/"]["post"]
    assert "428" in edit["responses"]


def test_every_example_is_as_its_schema_says() -> None:
    tried = 0
    for name, operation in operations():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            for example in media.get("examples", {}).values():
                if "value" in example:
                    validator = jsonschema_rs.validator_for(referring(media["schema"]))
                    assert not list(validator.iter_errors(example["value"])), name
                    tried += 1
    assert tried > 40


@pytest.mark.parametrize("kind", kinds.catalogue(), ids=lambda kind: kind.key)
def test_every_message_is_as_the_catalogue_says(kind: kinds.Kind) -> None:
    validator = jsonschema_rs.validator_for(kinds.envelope(kind), validate_formats=True)
    assert not list(validator.iter_errors(kinds.example(kind)))
    assert kind.key in described()["webhooks"]


def test_people_read_it_as_pages() -> None:
    index = Client().get("/developers/")
    assert b'href="/developers/findings/"' in index.content
    page = Client().get("/developers/scopes/").content.decode()
    for part in ("POST /api/v1/scopes/{id}/edit/", "If-Match", "428", "Idempotency-Key"):
        assert part in page
    assert "HOOK-2026-001" in Client().get("/developers/webhooks/").content.decode()
    assert Client().get("/developers/nothing/").status_code == 404
