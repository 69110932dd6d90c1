"""C2SP signed notes with Ed25519: the form of our checkpoints, verified by tools not ours.

A note is text that ends in a newline, a blank line, and signature lines; see
https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519 = b"\x01"
_DASH = "— "


class NoteError(ValueError):
    """A note that is malformed, or signed by none of the keys it should be signed by."""


@dataclass(frozen=True)
class Verifier:
    """A key that may sign notes under a name."""

    name: str
    key: Ed25519PublicKey

    @property
    def raw(self) -> bytes:
        """The key's 32 bytes."""
        return self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        """Four bytes in hex, bound to the name."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).hexdigest()[:8]

    def __str__(self) -> str:
        """The verifier key as text: `name+id+key`."""
        return f"{self.name}+{self.key_id}+{base64.b64encode(_ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read `name+id+key`; raises NoteError when it does not hold together."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decode(encoded)
        if len(raw) != 33 or raw[:1] != _ED25519:
            raise NoteError("a verifier key holds 32 bytes of Ed25519")
        verifier = cls(check_name(name), Ed25519PublicKey.from_public_bytes(raw[1:]))
        if verifier.key_id != key_id:
            raise NoteError("the id of the verifier key is not that of its name and key")
        return verifier


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: str
    value: bytes


@dataclass(frozen=True)
class Checkpoint:
    """What a log's checkpoint says: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; raises NoteError."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise NoteError("no checkpoint: origin, size and root are its first three lines")
        if lines[1] != str(int(lines[1])) or len(root := _decode(lines[2])) != 32:
            raise NoteError("no checkpoint: its size or its root is malformed")
        return cls(lines[0], int(lines[1]), root)


def check_name(name: str) -> str:
    """A name that may stand in a signature line; raises NoteError."""
    if not name or "+" in name or any(c.isspace() for c in name):
        raise NoteError(f"{name!r} cannot name a key: no spaces, no plus sign")
    return name


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The note: `text` signed as `name`. Raises NoteError when either cannot stand in a note."""
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise NoteError("a note's text ends in a newline and holds no control characters")
    verifier = Verifier(check_name(name), key.public_key())
    blob = bytes.fromhex(verifier.key_id) + key.sign(text.encode())
    return f"{text}\n{_DASH}{name} {base64.b64encode(blob).decode()}\n"


def split(note: str) -> tuple[str, list[Signature]]:
    """A note's text and its signatures, unverified; raises NoteError."""
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("the note has no signature lines")
    return f"{text}\n", [_signature(line) for line in lines[:-1].split("\n")]


def verify(note: str, verifiers: Iterable[Verifier]) -> tuple[str, Verifier]:
    """The note's text and the known key that signed it.

    Lines of unknown keys are passed over (witnesses add theirs); a bad signature of a known key, or
    none at all, raises NoteError.
    """
    known = {(v.name, v.key_id): v for v in verifiers}
    text, signatures = split(note)
    for signature in signatures:
        if verifier := known.get((signature.name, signature.key_id)):
            try:
                verifier.key.verify(signature.value, text.encode())
            except InvalidSignature:
                raise NoteError(f"the signature of {verifier.name} is wrong") from None
            return text, verifier
    names = ", ".join(f"{s.name} {s.key_id}" for s in signatures)
    raise NoteError(f"signed by no known key, but by {names}")


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    blob = _decode(encoded)
    if not line.startswith(_DASH) or not name or len(blob) < 5:
        raise NoteError("malformed signature line")
    return Signature(name, blob[:4].hex(), blob[4:])


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"{text[:20]!r} is not base64") from None
