"""Signatures of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Iterable
from typing import Final

from standardwebhooks import Webhook

from fellowship.kernel import sealed

PURPOSE: Final = "webhook"
SECRET_BYTES: Final = 32
NAMES: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


def new_secret() -> str:
    """A secret as the standard writes it: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


@sealed.kept_by(PURPOSE)
def secrets_kept(change: sealed.Change) -> None:
    """Every secret of an endpoint, for the rotation of the key that seals them."""
    from fellowship.notices.models import EndpointSecret

    for kept in EndpointSecret.objects.select_for_update().order_by("pk"):
        resealed = change(kept.sealed)
        if resealed != kept.sealed:
            EndpointSecret.objects.filter(pk=kept.pk).update(sealed=resealed)


def seal(secret: str) -> str:
    """The secret as it is kept."""
    return sealed.seal(secret, purpose=PURPOSE)


def headers(message_id: str, body: str, at: dt.datetime, kept: Iterable[str]) -> dict[str, str]:
    """The headers of one attempt, with a signature for each of the sealed secrets in use."""
    signatures = [
        Webhook(sealed.unseal(one, purpose=PURPOSE)).sign(message_id, at, body) for one in kept
    ]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Fellowship-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
