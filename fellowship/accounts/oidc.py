"""Coming back from the company's identity provider: its ID token is checked in full.

django-allauth leaves the signature of a token unread that came straight from the provider, as
OpenID Connect Core 3.1.3.7 allows. Here it is read all the same, by a key of the configured issuer:
what somebody on the way put in its place then signs nobody in. A provider that does not answer is
told as that.
"""

from __future__ import annotations

from typing import Any, Final

import jwt
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) | {
    *("ES256", "ES384", "ES512", "EdDSA"),
}
"""Signatures by a key pair; none by a shared secret, and never `none`."""


class CompanyProvider(OpenIDConnectOAuth2Adapter):
    """The provider as its own document describes it."""

    _told: dict[str, Any] | None = None

    @property
    def openid_config(self) -> dict[str, Any]:
        """Its metadata, which must name the configured issuer (Discovery 1.0, section 4.3)."""
        found: dict[str, Any] = super().openid_config
        if str(found.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
            raise OAuth2Error("The metadata names another issuer than OIDC_ISSUER.")
        return found

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> Any:
        """The person the provider names; without an ID token, nobody."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no ID token.")
        return super().complete_login(request, app, token, **kwargs)

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        self._told = super()._fetch_user_info(access_token)
        return self._told

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(id_token).get("alg") not in ALGORITHMS:
                raise OAuth2Error("The ID token is signed by an algorithm that is not taken.")
            said: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (jwt.PyJWTError, KeyError, TypeError) as error:
            raise OAuth2Error("The ID token cannot be read.") from error
        if self._told is not None and self._told.get("sub") != said.get("sub"):
            raise OAuth2Error("The ID token and the details are about two people.")
        return said


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The way there."""
    return _answered(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to."""
    return _answered(OAuth2CallbackView, request, provider_id)


def _answered(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    there = CompanyProvider(request, provider_id)
    try:
        answer: HttpResponse = view.adapter_view(there)(request)
    except SocialApp.DoesNotExist as unknown:
        raise Http404 from unknown
    except (OAuth2Error, RequestException) as error:
        answer = render_authentication_error(request, there.get_provider(), exception=error)
    return answer
