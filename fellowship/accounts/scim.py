"""SCIM 2.0 as values: people as resources, filters, patches (RFC 7643, RFC 7644); no database.

Only what serves to say who works for the company is kept: address, name, the directory's own key,
and whether the account is active. Attributes not kept are taken and dropped, as directories send
whatever they hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

MEDIA_TYPE: Final = "application/scim+json"
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
LARGEST_PAGE: Final = 200
_CLAUSE: Final = re.compile(r'\s*([\w.:]+)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*', re.IGNORECASE)
_WORK: Final = re.compile(r'emails(\[type eq "work"\])?(\.value)?', re.IGNORECASE)
FILTERED: Final = {
    "username": "email__iexact",
    "emails": "email__iexact",
    "emails.value": "email__iexact",
    "externalid": "directory_key",
    "active": "is_active",
    "id": "pk",
}


class BadRequest(Exception):
    """What was sent cannot be understood; `kind` is SCIM's own word for why."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Said:
    """What the directory says of a person; None where it says nothing."""

    email: str | None = None
    name: str | None = None
    key: str | None = None
    active: bool | None = None


def read(body: Any) -> Said:
    """A whole resource, as in POST and PUT. Raises BadRequest without a `userName`."""
    if not isinstance(body, Mapping):
        raise BadRequest("invalidSyntax", "The body is a JSON object.")
    said = _of_object(body)
    if not said.email:
        raise BadRequest("invalidValue", "userName is the person's e-mail address, and needed.")
    return said


def read_patch(body: Any) -> Said:
    """The operations of a PATCH, in order, as what they say in the end."""
    if not isinstance(body, Mapping) or PATCH not in (body.get("schemas") or []):
        raise BadRequest("invalidSyntax", f"The body names the schema {PATCH}.")
    operations = _folded(body).get("operations")
    if not isinstance(operations, list) or not operations:
        raise BadRequest("invalidSyntax", "Operations is a list of at least one.")
    said = Said()
    for operation in operations:
        if not isinstance(operation, Mapping):
            raise BadRequest("invalidSyntax", "An operation is a JSON object.")
        said = _applied(said, _folded(operation))
    return said


def _applied(said: Said, operation: Mapping[str, Any]) -> Said:
    op, path = str(operation.get("op", "")).lower(), operation.get("path") or ""
    value = operation.get("value")
    if op not in ("add", "replace", "remove"):
        raise BadRequest("invalidSyntax", f"There is no operation “{op}”.")
    if not isinstance(path, str):
        raise BadRequest("invalidPath", "A path is text.")
    if op == "remove":
        return _removed(said, path)
    if not path:
        if not isinstance(value, Mapping):
            raise BadRequest("invalidValue", "Without a path the value is a JSON object.")
        flat = {key: item for key, item in value.items() if "." in key}
        said = _over(said, _of_object(value))
        for key, item in flat.items():
            said = _over(said, _of_path(key, item))
        return said
    return _over(said, _of_path(path, value))


def _removed(said: Said, path: str) -> Said:
    if not path:
        raise BadRequest("noTarget", "What is removed is named by a path.")
    name = _short(path)
    if name in ("username", "active"):
        raise BadRequest("mutability", f"{path} is needed; replace it.")
    return replace(said, key="") if name == "externalid" else said


def _of_path(path: str, value: Any) -> Said:
    name = _short(path)
    if _WORK.fullmatch(name) and not isinstance(value, str):
        return _of_object({"emails": value})
    if name == "name" and isinstance(value, Mapping):
        return _of_object({"name": value})
    if name in ("displayname", "name.formatted"):
        return Said(name=_text(path, value))
    return _of_object({name: value})


def _of_object(body: Mapping[str, Any]) -> Said:
    """What an object of attributes says; names are read whatever their case."""
    given = _folded(body)
    said = Said()
    name = given.get("name")
    if isinstance(name, Mapping):
        parts = _folded(name)
        whole = parts.get("formatted") or " ".join(
            str(parts[part]) for part in ("givenname", "familyname") if parts.get(part)
        )
        said = replace(said, name=_text("name", whole) or None)
    if given.get("displayname"):
        said = replace(said, name=_text("displayName", given["displayname"]))
    if "username" in given:
        said = replace(said, email=_address(given["username"]))
    if "externalid" in given:
        said = replace(said, key=_text("externalId", given["externalid"] or ""))
    if "active" in given:
        said = replace(said, active=_truth(given["active"]))
    return said


def _over(before: Said, after: Said) -> Said:
    return Said(
        email=before.email if after.email is None else after.email,
        name=before.name if after.name is None else after.name,
        key=before.key if after.key is None else after.key,
        active=before.active if after.active is None else after.active,
    )


def conditions(text: str) -> dict[str, Any]:
    """A filter as conditions on people: `attribute eq value`, joined by `and`.

    Raises BadRequest for any other: an answer that ignored a filter would be wrong.
    """
    found: dict[str, Any] = {}
    for clause in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if text else []:
        match = _CLAUSE.fullmatch(clause)
        lookup = FILTERED.get(_short(match[1])) if match else None
        if match is None or lookup is None:
            raise BadRequest("invalidFilter", "Filters are “attribute eq value”, joined by “and”.")
        value: Any = match[2]
        value = re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value.lower() == "true"
        if (lookup == "is_active") != isinstance(value, bool):
            raise BadRequest("invalidFilter", f"{match[1]} is not compared with this.")
        if lookup == "pk":
            value = int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0
        found[lookup] = value
    return found


def resource(user: Any, location: str) -> dict[str, Any]:
    """A person as SCIM shows them."""
    body = {
        "schemas": [USER],
        "id": str(user.pk),
        "userName": user.email,
        "name": {"formatted": user.name},
        "displayName": user.name,
        "emails": [{"value": user.email, "type": "work", "primary": True}],
        "active": user.is_active,
        "meta": {
            "resourceType": "User",
            "created": user.date_joined.isoformat(),
            "location": location,
        },
    }
    if user.directory_key:
        body["externalId"] = user.directory_key
    return body


def listed(resources: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """One page of a list."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def error(status: int, detail: str, kind: str = "") -> dict[str, Any]:
    """An error as SCIM says it: the status is text."""
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return body | ({"scimType": kind} if kind else {})


def config(base: str) -> dict[str, Any]:
    """What this provider can do."""
    no = {"supported": False}
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API token",
                "description": "A token with the scope “scim”, of an administrator.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": base},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """The one type of resource."""
    return [
        {
            "schemas": [TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "A person of the company.",
            "schema": USER,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/User"},
        }
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """The attributes of a person that are kept."""

    def attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
        usual = {
            "multiValued": False,
            "required": False,
            "caseExact": False,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        }
        return {"name": name, "type": kind, **usual, **more}

    return [
        {
            "schemas": [SCHEMA],
            "id": USER,
            "name": "User",
            "description": "A person of the company.",
            "attributes": [
                attribute("userName", required=True, uniqueness="server"),
                attribute("name", "complex", subAttributes=[attribute("formatted")]),
                attribute("displayName"),
                attribute(
                    "emails",
                    "complex",
                    multiValued=True,
                    mutability="readOnly",
                    subAttributes=[attribute("value"), attribute("type")],
                ),
                attribute("active", "boolean"),
            ],
            "meta": {"resourceType": "Schema", "location": f"{base}/{USER}"},
        }
    ]


def _folded(body: Mapping[str, Any]) -> dict[str, Any]:
    return {_short(str(key)): value for key, value in body.items()}


def _short(path: str) -> str:
    """An attribute's name without its schema's, in small letters."""
    return re.sub(rf"^{re.escape(USER)}:", "", path.strip(), flags=re.IGNORECASE).lower()


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value or len(value) > 200:
        raise BadRequest("invalidValue", f"{name} is text of at most 200 characters.")
    return value.strip()


def _address(value: Any) -> str:
    text = _text("userName", value)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise BadRequest("invalidValue", "userName is an e-mail address.")
    return text


def _truth(value: Any) -> bool:
    """True or false, also as the text that some directories send."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise BadRequest("invalidValue", "active is true or false.")
    return value
