"""Signing in to the API with a token."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission

from fellowship.accounts.models import ApiToken, User
from fellowship.kernel.time import now

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer fel_…`. Hashes are compared; last use is kept to the hour."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's person and the token, or None when no bearer token was sent."""
        kind, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not secret:
            return None
        hashed = hashlib.sha256(secret.strip().encode()).hexdigest()
        token = ApiToken.objects.select_related("user").filter(token_hash=hashed).first()
        if token is None or not token.live():
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        if token.last_used_at is None or (now() - token.last_used_at).total_seconds() > 3600:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class TokenScope(BasePermission):
    """A token reads with `read` or `write` and acts with `write`; a session is not limited.

    A view that names `token_scope` ("access:decide") accepts tokens with that scope as well.
    """

    message = "The token’s scopes do not cover this."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the token's scopes cover the request."""
        if not isinstance(request.auth, ApiToken):
            return True
        enough = {"write"} | ({"read"} if request.method in SAFE_METHODS else set())
        own = getattr(view, "token_scope", None)
        return bool((enough | ({own} if own else set())) & set(request.auth.scopes))
