"""Where the secrets of second factors are kept, for the rotation of the key that seals them."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator

from fellowship.kernel import sealed

PURPOSE = "mfa"


@sealed.kept_by(PURPOSE)
def factors(change: sealed.Change) -> None:
    """Every secret of an authenticator app, and what recovery codes are made from."""
    for factor in Authenticator.objects.select_for_update().order_by("pk"):
        data = {key: _changed(key, value, change) for key, value in factor.data.items()}
        if data != factor.data:
            Authenticator.objects.filter(pk=factor.pk).update(data=data)


def _changed(key: str, value: Any, change: sealed.Change) -> Any:
    if key in ("secret", "seed"):
        return change(value)
    if key == "migrated_codes":
        return [change(one) for one in value]
    return value
