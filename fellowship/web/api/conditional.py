"""Reading only what changed, and changing only what was read: ETag, If-None-Match, If-Match.

A record's tag is the hash of what this person reads of it: whatever they could see changes it, and
nothing else does.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponseBase, HttpResponseNotModified
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from fellowship.web.bodies import JSONRenderer

if TYPE_CHECKING:
    from rest_framework.request import Request

ANY: Final = "*"
_KEPT_BY_304: Final = ("ETag", "Cache-Control", "Vary", "RateLimit", "RateLimit-Policy", "Link")


class Moved(APIException):
    """The record is not as the caller read it."""

    status_code = 412
    default_code = "changed_since"
    default_detail = "This changed since you read it. Read it again, and send the change anew."


class Unread(APIException):
    """A change that would replace what another wrote does not say what it was read as."""

    status_code = 428
    default_code = "if_match_required"
    default_detail = (
        "This replaces what is there. Send If-Match with the ETag that reading it gave you."
    )


class Busy(APIException):
    """Two changes of the same records waited for each other."""

    status_code = 409
    default_code = "busy"
    default_detail = "Somebody changes this at the same moment. Send it again."
    wait = 1


def tag_of(data: Any) -> str:
    """The tag of a record that reads `data`."""
    return _tag(JSONRenderer().render(data))


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def tagged(request: Request, response: Response) -> HttpResponseBase:
    """A rendered answer with its tag; 304 without a body where the caller has the same already."""
    plain = ";" not in (request.accepted_media_type or "")
    tag = _tag(response.content) if plain else tag_of(response.data)
    response["ETag"] = tag
    given = request.headers.get("If-None-Match", "")
    if request.method not in ("GET", "HEAD") or not matches(given, tag):
        return response
    same = HttpResponseNotModified()
    for name in _KEPT_BY_304:
        if name in response:
            same[name] = response[name]
    return same


def matches(given: str, tag: str) -> bool:
    """Whether a header names the tag; one that a compressing proxy made weak (`W/`) is the same."""
    named = (one.strip().removeprefix("W/") for one in given.split(","))
    return any(one in (tag, ANY) for one in named)
