"""Hooks of the OpenAPI schema."""

from __future__ import annotations

from typing import Any

from fellowship.accounts import schema  # noqa: F401 - how tokens sign in, read with the hooks alone

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_STATUSES = {
    "400": "Wrong input",
    "401": "Not signed in",
    "403": "Refused to this person",
    "404": "Not there for this person",
    "409": "Refused in this state",
}


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation may answer with problem details: say so in the schema."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _problem()
    for path in result.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                _add(operation)
    return result


def _add(operation: dict[str, Any]) -> None:
    for status, text in _STATUSES.items():
        if status == "409" and "requestBody" not in operation:
            continue
        operation["responses"][status] = {
            "description": text,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        }


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    error = {
        "type": "object",
        "properties": {"pointer": text, "detail": text, "code": text},
        "required": ["pointer", "detail"],
    }
    names = ("type", "title", "detail", "code", "rule", "clause", "instance")
    properties: dict[str, Any] = dict.fromkeys(names, text)
    properties["status"] = {"type": "integer"}
    properties["errors"] = {"type": "array", "items": error}
    return {
        "type": "object",
        "description": "Problem details, RFC 9457.",
        "properties": properties,
        "required": ["type", "title", "status"],
    }


def one_spelling(endpoints: list[Any], **_: Any) -> list[Any]:
    """Describe a route once: those that also answer without the last slash stand there with it."""
    paths = {path for path, *_ in endpoints}
    return [e for e in endpoints if f"{e[0]}/" not in paths]
