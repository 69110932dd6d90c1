"""Errors as RFC 9457 problem details: refusals with their rule, wrong input with pointers to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from fellowship.kernel import logs
from fellowship.kernel.refusals import Missing, Refusal, Refused
from fellowship.web.actions import status_of

MEDIA_TYPE = "application/problem+json"
_NON_FIELD = "non_field_errors"


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler; None lets what we do not know become a 500."""
    known = _known(error)
    if known is None:
        return None
    set_rollback()
    status, body, headers = known
    request = context.get("request")
    body["instance"] = request.path if request is not None else ""
    response = Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)
    response["Content-Type"] = MEDIA_TYPE
    return response


def plain_problem(request: HttpRequest, status: int, detail: str) -> JsonResponse:
    """The problem of a request that reached no view of the API."""
    body = {**_body(status, detail), "instance": request.path}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    """A refusal as problem details, without its instance."""
    body: dict[str, Any] = {
        "type": f"urn:fellowship:refusal:{refusal.code}",
        "title": "Refused",
        "status": status_of(refusal),
        "detail": refusal.reason,
        "code": refusal.code,
        "rule": refusal.rule,
        "clause": refusal.clause,
    }
    if refusal.field:
        pointer = f"/{refusal.field}"
        body["errors"] = [{"pointer": pointer, "detail": refusal.reason, "code": refusal.code}]
    return body


def _known(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    if isinstance(error, Refused):
        logs.refused(error.refusal.code)
        return status_of(error.refusal), refusal_body(error.refusal), {}
    if isinstance(error, Missing | Http404):
        return 404, _body(404, "There is no such thing for you."), {}
    if isinstance(error, PermissionDenied):
        return 403, _body(403, "You may not do this."), {}
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(_django(error))
    if isinstance(error, exceptions.ValidationError):
        return 400, {**_body(400, "The input is wrong."), "errors": list(_errors(error.detail))}, {}
    if isinstance(error, exceptions.APIException):
        body = {**_body(error.status_code, str(error.detail)), "code": _code(error)}
        return error.status_code, body, _headers(error)
    return None


def _body(status: int, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase.capitalize()
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if scheme := getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = scheme
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _django(error: ValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _errors(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Each message with a JSON pointer (RFC 6901) to the input it is about."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == _NON_FIELD else f"/{_escaped(str(name))}"
            yield from _errors(inner, pointer + step)
    elif isinstance(detail, list | tuple):
        for i, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _errors(inner, f"{pointer}/{i}" if nested else pointer)
    else:
        code = getattr(detail, "code", "invalid") or "invalid"
        yield {"pointer": pointer, "detail": str(detail), "code": str(code)}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
