"""SCIM 2.0 for the company's directory, below `/scim/v2/`: people come, change and leave."""

from __future__ import annotations

from typing import Any, cast

from django.urls import reverse
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fellowship.accounts import scim
from fellowship.accounts.models import ApiToken, User
from fellowship.accounts.policy import may_use_directory
from fellowship.accounts.scopes import SCIM
from fellowship.accounts.services import directory
from fellowship.accounts.tokens import TokenAuthentication
from fellowship.kernel.refusals import Refused
from fellowship.web import bodies


class Renderer(JSONRenderer):
    """SCIM's own media type."""

    media_type = scim.MEDIA_TYPE
    format = "scim"


class Parser(bodies.JSONParser):
    """SCIM's own media type."""

    media_type = scim.MEDIA_TYPE


class OfAnAdministrator(BasePermission):
    """The scope `scim`, on a token of somebody who administers a programme."""

    message = "This needs a token with the scope “scim”, of an administrator."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the token and its person may."""
        token, user = request.auth, cast("User", request.user)
        fits = isinstance(token, ApiToken) and SCIM in token.scopes
        return fits and may_use_directory(user) is None


class ScimView(APIView):
    """The base: its errors are SCIM's."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [OfAnAdministrator]
    renderer_classes = [Renderer, JSONRenderer]
    parser_classes = [Parser, JSONParser]
    schema = None

    def handle_exception(self, error: Exception) -> Response:
        """An error with its status, SCIM's word for it, and a sentence."""
        status, kind = 400, ""
        if isinstance(error, scim.BadRequest):
            kind = error.kind
        elif isinstance(error, Refused):
            kind = "uniqueness" if error.refusal.code == "uniqueness" else ""
            status = 409 if kind else 403
        elif isinstance(error, exceptions.APIException):
            status = error.status_code
            kind = "invalidSyntax" if isinstance(error, exceptions.ParseError) else ""
        else:
            raise error
        response = Response(scim.error(status, str(error), kind), status=status)
        if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            response.status_code, response["WWW-Authenticate"] = 401, "Bearer"
            response.data["status"] = "401"
        response.exception = True
        return response

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        """Say the media type whatever was asked for."""
        response = super().finalize_response(*args, **kwargs)
        response.content_type = f"{scim.MEDIA_TYPE}; charset=utf-8"
        return response

    @property
    def by(self) -> Any:
        """The person whose token the directory uses."""
        return self.request.user

    def shown(self, user: User, status: int = 200) -> Response:
        """A person as their resource."""
        location = self.request.build_absolute_uri(reverse("scim:user", args=[user.pk]))
        response = Response(scim.resource(user, location), status=status)
        response["Location"] = location
        return response


class Users(ScimView):
    """The people the directory may see."""

    def get(self, request: Request) -> Response:
        """One page of them, narrowed by a filter."""
        rows = directory.covered().filter(**scim.conditions(request.GET.get("filter", "")))
        start = max(1, _number(request, "startIndex", 1))
        count = min(scim.LARGEST_PAGE, max(0, _number(request, "count", 100)))
        page = rows[start - 1 : start - 1 + count]
        resources = [self.shown(user).data for user in page]
        return Response(scim.listed(resources, rows.count(), start))

    def post(self, request: Request) -> Response:
        """Somebody joins."""
        said = scim.read(request.data)
        user = directory.provision(
            email=said.email or "", name=said.name or "", key=said.key or "", by=self.by
        )
        if said.active is False:
            user = directory.change(user=user, by=self.by, active=False)
        return self.shown(user, 201)


class OneUser(ScimView):
    """One person."""

    def _found(self, pk: int) -> User:
        user = directory.covered().filter(pk=pk).first()
        if user is None:
            raise exceptions.NotFound("There is no such person.")
        return user

    def get(self, request: Request, pk: int) -> Response:
        """The person."""
        return self.shown(self._found(pk))

    def put(self, request: Request, pk: int) -> Response:
        """Take over the whole of what the directory says; left out, a person is active."""
        said = scim.read(request.data)
        user = directory.change(
            user=self._found(pk),
            by=self.by,
            name=said.name,
            email=said.email,
            key=said.key or "",
            active=said.active is not False,
        )
        return self.shown(user)

    def patch(self, request: Request, pk: int) -> Response:
        """Take over what the operations say."""
        found, said = self._found(pk), scim.read_patch(request.data)
        user = directory.change(
            user=found,
            by=self.by,
            name=said.name,
            email=said.email,
            key=said.key,
            active=said.active,
        )
        return self.shown(user)

    def delete(self, request: Request, pk: int) -> Response:
        """Somebody is gone for good."""
        directory.remove(user=self._found(pk), by=self.by)
        return Response(status=204)


class Describes(ScimView):
    """What this provider can do, its types and its schemas."""

    what = "config"

    def get(self, request: Request, key: str = "") -> Response:
        """The whole list, or one of it."""
        base = request.build_absolute_uri(request.path).rstrip("/")
        if self.what == "config":
            return Response(scim.config(base))
        base = base.removesuffix(f"/{key}") if key else base
        found = scim.schemas(base) if self.what == "schemas" else scim.resource_types(base)
        if not key:
            return Response(scim.listed(found, len(found), 1))
        one = next((entry for entry in found if entry["id"] == key), None)
        if one is None:
            raise exceptions.NotFound("There is nothing of this name.")
        return Response(one)


def _number(request: Request, name: str, usual: int) -> int:
    text = request.GET.get(name, str(usual))
    try:
        return int(text) if len(text) < 10 else usual
    except ValueError as error:
        raise scim.BadRequest("invalidValue", f"{name} is a number.") from error
