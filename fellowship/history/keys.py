"""The key that signs checkpoints, and the keys whose signatures are accepted."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from fellowship.history.signed_note import Verifier


def signing_key() -> Ed25519PrivateKey:
    """The log's key from `settings.LEDGER_KEY_FILE`, made on first use, readable by its owner
    alone.

    Raises ValueError when the file holds another kind of key.
    """
    path = Path(settings.LEDGER_KEY_FILE)
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def verifier() -> Verifier:
    """The public half of the present key, under the log's name."""
    return Verifier(settings.LEDGER_ORIGIN, signing_key().public_key())


def verifiers() -> list[Verifier]:
    """Every key whose checkpoints are accepted: the present one and those of LEDGER_OLD_KEYS."""
    return [verifier(), *map(Verifier.parse, settings.LEDGER_OLD_KEYS)]


def public_pem() -> bytes:
    """The present public key as PEM, for openssl."""
    key = signing_key().public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _make(path: Path) -> None:
    """Write a new key whole or not at all; where another process was first, its key stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
