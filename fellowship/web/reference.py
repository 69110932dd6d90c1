"""The description of the API: as OpenAPI for machines, and as pages for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition, require_safe

from fellowship.web.schema import described

DEEPEST: Final = 3
"""How far the fields of nested objects are written out."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one field of a body, by its path."""

    name: str
    type: str
    required: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    method: str
    path: str
    key: str
    text: str
    takes: list[Field] = field(default_factory=list)
    body: list[Field] = field(default_factory=list)
    example: str = ""
    answers: list[tuple[str, str, list[Field]]] = field(default_factory=list)


@cache
def _document() -> tuple[bytes, str]:
    content = json.dumps(described(), separators=(",", ":"), default=str).encode()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@require_safe
@condition(etag_func=lambda request: _document()[1])
def schema(request: HttpRequest) -> HttpResponse:
    """The description in OpenAPI 3.1."""
    return HttpResponse(_document()[0], content_type="application/json")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What the API has, kind by kind."""
    groups = [(tag, len(found)) for tag, found in _groups().items()]
    return render(request, "web/reference.html", {"groups": groups})


@require_safe
def group(request: HttpRequest, tag: str) -> HttpResponse:
    """Every operation on one kind of record, or every kind of message."""
    found = _groups().get(tag)
    if found is None:
        raise Http404
    return render(request, "web/reference_group.html", {"tag": tag, "operations": found})


@cache
def _groups() -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {}
    document = described()
    for place in ("paths", "webhooks"):
        for path, operations in document.get(place, {}).items():
            for method, one in operations.items():
                shown = _operation(method, path, one)
                found.setdefault(one["tags"][0], []).append(shown)
    return dict(sorted(found.items()))


def _operation(method: str, path: str, one: dict[str, Any]) -> Operation:
    content = one.get("requestBody", {}).get("content", {})
    kind: dict[str, Any] = next(iter(content.values()), {})
    examples = [kind["example"]] if "example" in kind else []
    examples += [given["value"] for given in kind.get("examples", {}).values()]
    return Operation(
        method=method.upper(),
        path=path,
        key=one["operationId"],
        text=one.get("summary") or one.get("description", ""),
        takes=[_parameter(_resolved(given)) for given in one.get("parameters", [])],
        body=list(_fields(kind.get("schema", {}))),
        example=json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else "",
        answers=[_answer(code, _resolved(said)) for code, said in one["responses"].items()],
    )


def _answer(code: str, said: dict[str, Any]) -> tuple[str, str, list[Field]]:
    if not code.startswith("2"):
        return code, said.get("description", ""), []
    kind: dict[str, Any] = next(iter(said.get("content", {}).values()), {})
    return code, said.get("description", ""), list(_fields(kind.get("schema", {})))


def _parameter(given: dict[str, Any]) -> Field:
    where = {"header": "header", "path": "in the path"}.get(given["in"], "query")
    said = given.get("description", "")
    schema = given.get("schema", {})
    return Field(given["name"], f"{_type(schema)}, {where}", given.get("required", False), said)


def _fields(schema: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[Field]:
    schema = _resolved(schema)
    if schema.get("type") == "array":
        yield from _fields(schema.get("items", {}), f"{before}[].".replace("..", "."), depth)
        return
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        one = _resolved(given)
        path = f"{before}{name}"
        yield Field(path, _type(given), name in required, one.get("description", ""))
        nested = one.get("items", {}) if one.get("type") == "array" else one
        if depth < DEEPEST and _resolved(nested).get("properties"):
            listed = "[]" if one.get("type") == "array" else ""
            yield from _fields(nested, f"{path}{listed}.", depth + 1)


def _type(schema: dict[str, Any]) -> str:
    schema = _resolved(schema)
    if "const" in schema:
        return f"“{schema['const']}”"
    if "enum" in schema:
        return ", ".join(f"“{value}”" for value in schema["enum"] if value not in ("", None))
    for joined in ("oneOf", "anyOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[joined]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    types = schema.get("type", "anything")
    name = " or ".join(types) if isinstance(types, list) else str(types)
    return f"{name} ({schema['format']})" if "format" in schema else name


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference points to; of an `allOf` with one part, that part."""
    while True:
        if "$ref" in schema:
            found: Any = described()
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **{k: v for k, v in schema.items() if k != "allOf"}}
        else:
            return schema
