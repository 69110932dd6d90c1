"""How the API is described in OpenAPI: what every operation takes and answers alike."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from fellowship.accounts import schema  # noqa: F401 - how tokens sign in, read with the hooks alone
from fellowship.notices.webhooks import kinds
from fellowship.web import api_examples

_REF: Final = "#/components"
_PROBLEM: Final = {"$ref": f"{_REF}/schemas/Problem"}
_READ: Final = ("get", "head")
_ALWAYS: Final = ("400", "401", "403", "404", "406", "429")
_WRITTEN: Final = ("409", "412", "413", "415", "422")
_STATUSES: Final = {
    "400": ("BadRequest", "The input is wrong: `errors` point at it."),
    "401": ("NotSignedIn", "No token, or one that is unknown, expired or revoked."),
    "403": ("NotYours", "Refused to this person, or outside the token’s scopes."),
    "404": ("NotThere", "There is no such thing for you."),
    "406": ("NotAcceptable", "None of the media types in `Accept` is offered."),
    "409": ("NotNow", "The state, a clock or a condition stands against it."),
    "412": ("ChangedSince", "The record changed since it was read: `If-Match` does not match."),
    "413": ("TooLarge", "The body is larger than any that is taken."),
    "415": ("UnknownMediaType", "The body’s media type is not taken here."),
    "422": ("KeyUsed", "The `Idempotency-Key` came before with another request."),
    "428": ("IfMatchRequired", "It replaces what others write as well: send `If-Match`."),
    "429": ("TooMany", "Too many calls: `Retry-After` says when."),
}
_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of what you have: 304 without a body where it is the same.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,200}$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` you read the record with: 412 where it changed since. `*`: any.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,200}$"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Your name of this request. Sent again within a day, it has the same answer "
        "and nothing is done again.",
        "schema": {"type": "string", "pattern": r"^[!-~]{1,200}$"},
    },
}
_HEADERS: Final[dict[str, str]] = {
    "ETag": "Names what was read: for `If-None-Match` and `If-Match`.",
    "RateLimit": "What is left of each limit (`r`) and for how many seconds (`t`).",
    "Retry-After": "Seconds to wait.",
    "Idempotency-Replayed": "`true` where it is the kept answer to the same request.",
}


class Described(AutoSchema):
    """Verbs made by `service_action` answer with the record, or 204 where it is seen no longer."""

    def get_response_serializers(self) -> Any:
        """What the operation answers."""
        found = super().get_response_serializers()
        handler = getattr(self.view, getattr(self.view, "action", None) or "", None)
        if not getattr(handler, "is_verb", False):
            return found
        gone = OpenApiResponse(description="Done. You do not see the record any longer.")
        return {200: found, 204: gone}

    def _map_serializer_field(self, field: Any, direction: Any, *args: Any, **kwargs: Any) -> Any:
        """A field as it is answered: null, or empty for a choice, where its record may be so."""
        mapped: Any = super()._map_serializer_field
        described = mapped(field, direction, *args, **kwargs)
        if direction != "response" or not described:
            return described
        source = _model_field(field)
        if "enum" in described and source is not None and source.blank and not source.null:
            blank = [] if "" in described["enum"] else [""]
            return {**described, "enum": [*described["enum"], *blank]}
        return _or_null(described) if _may_be_null(field) else described

    def get_override_parameters(self) -> Any:
        """Marks an operation that asks for `If-Match`; the hook below turns it into words."""
        handler = getattr(self.view, getattr(self.view, "action", None) or "", None)
        self.replaces = bool(getattr(handler, "replaces", False))
        return super().get_override_parameters()

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """The operation, marked where it replaces what others write."""
        operation = super().get_operation(*args, **kwargs)
        if operation and self.replaces:
            operation["x-replaces"] = True
        return operation


def _model_field(field: Any) -> Any:
    """The field of the model that an answered one stands for; None where it is worked out."""
    path = _path(field)
    return path[-1] if len(path) == len((field.source or "").split(".")) else None


def _may_be_null(field: Any) -> bool:
    """Whether what is answered may be null: by default, or by one of the records on the way."""
    if field.allow_null or field.default is None:
        return True
    return any(getattr(one, "null", False) or one.one_to_one for one in _path(field))


def _path(field: Any) -> list[Any]:
    """The fields of models from the serialiser's record to what is answered, as far as they go."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    found: list[Any] = []
    for name in (field.source or "").split("."):
        try:
            one = model._meta.get_field(name)  # type: ignore[union-attr]
        except (AttributeError, FieldDoesNotExist):
            break
        found.append(one)
        model = one.related_model
    return found


def _or_null(described: dict[str, Any]) -> dict[str, Any]:
    kind = described.get("type")
    if "enum" in described:
        return {**described, "enum": [*(e for e in described["enum"] if e is not None), None]}
    if isinstance(kind, str) and kind != "null":
        return {**described, "type": [kind, "null"]}
    if "$ref" in described or "allOf" in described:
        return {"anyOf": [described, {"type": "null"}]}
    return described


def _any_of(described: Any) -> None:
    """Alternatives that overlap (null, an empty choice) are said as such, everywhere."""
    if isinstance(described, list):
        for one in described:
            _any_of(one)
    if isinstance(described, dict):
        if "oneOf" in described and "discriminator" not in described:
            described["anyOf"] = described.pop("oneOf")
        for one in described.values():
            _any_of(one)


def one_spelling(endpoints: list[Any], **_: Any) -> list[Any]:
    """Describe a route once: those that also answer without the last slash stand there with it."""
    paths = {path for path, *_ in endpoints}
    return [e for e in endpoints if f"{e[0]}/" not in paths]


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What every operation takes and answers: keys and tags, problems, limits; and the webhooks."""
    _any_of(result)
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _problem()
    components["responses"] = {name: _response(*_STATUSES[s]) for s, (name, _) in _STATUSES.items()}
    components["parameters"] = _PARAMETERS
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()
    }
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                _describe(path, method, operation)
    result["webhooks"] = {one.key: _webhook(one) for one in kinds.catalogue()}
    return result


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses, taken = [*_ALWAYS], ["IfNoneMatch"]
    if method not in _READ:
        statuses += _WRITTEN
        taken = ["IdempotencyKey", *(["IfMatch"] if "{" in path else [])]
    if operation.pop("x-replaces", False):
        statuses.append("428")
    if method in _READ:
        operation["responses"]["304"] = {"description": "You have the same already."}
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response["headers"] = {**_named(method), **response.get("headers", {})}
    for status in statuses:
        name = _STATUSES[status][0]
        operation["responses"][status] = {"$ref": f"{_REF}/responses/{name}"}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    operation.setdefault("parameters", []).extend(
        {"$ref": f"{_REF}/parameters/{name}"} for name in taken
    )
    api_examples.add(operation)


def _named(method: str) -> dict[str, Any]:
    names = ("ETag", "RateLimit") if method in _READ else ("RateLimit", "Idempotency-Replayed")
    return {name: {"$ref": f"{_REF}/headers/{name}"} for name in names}


def _response(name: str, text: str) -> dict[str, Any]:
    headers = ("Retry-After",) if name in ("TooMany",) else ()
    return {
        "description": text,
        "headers": {h: {"$ref": f"{_REF}/headers/{h}"} for h in headers},
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
        "examples": [api_examples.PROBLEM],
    }


def _webhook(kind: kinds.Kind) -> dict[str, Any]:
    """One kind of message, as an endpoint that is sent it sees it."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    content = {"schema": kinds.envelope(kind), "example": kinds.example(kind)}
    return {
        "post": {
            "operationId": f"webhook_{kind.key.replace('.', '_')}",
            "summary": kind.label,
            "tags": ["webhooks"],
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {"2XX": {"description": "Taken. Everything else is tried again."}},
        }
    }


@cache
def described() -> dict[str, Any]:
    """The description of the API, worked out once a process."""
    generator: Any = SchemaGenerator
    found: dict[str, Any] = generator().get_schema(request=None, public=True)
    return found
