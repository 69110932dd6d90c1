"""A company's identity provider on loopback: OpenID Connect with the authorization code flow.

It checks what a real one checks (client, address of return, PKCE, each code once) and signs its
tokens with a key of its own. Whoever is `person` is signed in there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "fellowship"
SECRET = "known to both"


@dataclass
class Provider:
    """The provider: its address, who is signed in there, and what it was asked."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    signed_in_at: float = field(default_factory=time.time)
    honours_prompt: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signs_with: tuple[Any, str] | None = None
    """A key and an algorithm that are not those it publishes."""
    issuer: str = ""
    """What its document says it is, if not its address."""
    details: dict[str, Any] | None = None
    """What it tells of the person beside the ID token, if not the same."""
    sends_id_token: bool = True
    silent: bool = False
    """Whether it hangs up on everyone."""

    def settings(self) -> dict[str, Any]:
        """The site's settings that name this provider."""
        app = {
            "provider_id": "company",
            "name": "Meridian",
            "client_id": CLIENT,
            "secret": SECRET,
            "settings": {"server_url": self.url},
        }
        return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code."""
        self.asked.append(query)
        if query.get("prompt") == "login" and self.honours_prompt:
            self.signed_in_at = time.time()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code; None where anything does not fit."""
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if (
            asked is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != asked["redirect_uri"]
            or asked.get("code_challenge") != challenge
        ):
            return None
        said = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
            "auth_time": int(self.signed_in_at),
            **self.person,
        }
        key, algorithm = self.signs_with or (self.key, "RS256")
        signed = jwt.encode(said, key, algorithm=algorithm, headers={"kid": "one"})
        id_token = {"id_token": signed} if self.sends_id_token else {}
        return {"access_token": "at", "token_type": "Bearer", **id_token}

    def answer(self, path: str) -> Any:
        """What lies at the addresses that are read."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/userinfo":
            return self.person if self.details is None else self.details
        if path == "/jwks":
            jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**jwk, "kid": "one", "use": "sig", "alg": "RS256"}]}
        return None


@contextmanager
def provider(**person: Any) -> Iterator[Provider]:
    """A provider that lives as long as the block, at which `person` is signed in."""
    it = Provider(person=person)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if it.silent:
                self.close_connection = True
                return
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {k: v[0] for k, v in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", it.authorize(query))
                self.end_headers()
                return
            self._json(it.answer(parts.path))

        def do_POST(self) -> None:
            if it.silent:
                self.close_connection = True
                return
            length = int(self.headers["Content-Length"])
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            self._json(it.token(form))

        def _json(self, body: Any) -> None:
            self.send_response(400 if body is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body or {"error": "invalid_grant"}).encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
