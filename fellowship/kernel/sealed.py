"""Secrets that must be read again: kept encrypted under the instance's key, one key per purpose.

`manage.py reseal_secrets` puts all of them under the present key, so that an earlier one can go.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

Change = Callable[[str], str]
Keeper = Callable[[Change], None]
_keepers: Final[dict[str, Keeper]] = {}


def seal(text: str, *, purpose: str) -> str:
    """Encrypt `text`; only `unseal` with the same purpose reads it."""
    return _fernet(purpose).encrypt(text.encode()).decode()


def unseal(token: str, *, purpose: str) -> str:
    """Read what `seal` made; keys being rotated out are still tried.

    Raises cryptography.fernet.InvalidToken for anything else.
    """
    return _fernet(purpose).decrypt(token.encode()).decode()


def kept_by(purpose: str) -> Callable[[Keeper], Keeper]:
    """Register what puts every sealed secret of a purpose through a function and keeps the result.

    A purpose without one is not found by a rotation.
    """

    def register(keeper: Keeper) -> Keeper:
        _keepers[purpose] = keeper
        return keeper

    return register


def reseal(*, look: bool = False) -> dict[str, tuple[int, int]]:
    """Put every kept secret under the present key; `look` only counts.

    By purpose: how many there are, and how many were under an earlier key. Call it in a
    transaction. Raises cryptography.fernet.InvalidToken for one that no known key opens.
    """
    return {purpose: _reseal(purpose, keeper, look) for purpose, keeper in _keepers.items()}


def _reseal(purpose: str, keeper: Keeper, look: bool) -> tuple[int, int]:
    counts = [0, 0]
    fernet, present = _fernet(purpose), Fernet(_keys(purpose)[0])

    def change(token: str) -> str:
        counts[0] += 1
        try:
            present.decrypt(token.encode())
        except InvalidToken:
            counts[1] += 1
            again = fernet.rotate(token.encode()).decode()
            return token if look else again
        return token

    keeper(change)
    return counts[0], counts[1]


def _fernet(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys(purpose)])


def _keys(purpose: str) -> list[bytes]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = (hashlib.sha256(purpose.encode() + key.encode()).digest() for key in keys)
    return [base64.urlsafe_b64encode(key) for key in derived]
