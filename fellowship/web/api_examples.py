"""Requests as people send them, for the description of the API; each is held against its schema."""

from __future__ import annotations

from typing import Any, Final

PROBLEM: Final[dict[str, Any]] = {
    "type": "urn:fellowship:refusal:separation",
    "title": "Refused",
    "status": 403,
    "detail": "Whoever checked the request does not approve it.",
    "code": "separation",
    "rule": "separation of duties",
    "clause": "",
    "instance": "/api/v1/access/requests/8/approve/",
}
BODIES: Final[dict[str, Any]] = {}
"""By operation; applications add theirs with `register`."""
_REASON: Final = {"reason": "Checked with the steward on Tuesday; nothing stands against it."}


def register(bodies: dict[str, Any]) -> None:
    """Add example bodies by `operationId`."""
    BODIES.update(bodies)


def add(operation: dict[str, Any]) -> None:
    """Put the operation's example into its description; a bare reason has one by itself."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    body = BODIES.get(operation.get("operationId", ""))
    if body is None and content.get("schema", {}).get("$ref", "").endswith("/ReasonInput"):
        body = _REASON
    if body is not None:
        content["examples"] = {"example": {"value": body}}
