"""Signed notes against the example of Go's sumdb/note, which others verify with as well."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fellowship.history.signed_note import Checkpoint, NoteError, Verifier, sign, split, verify

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{LINE}"


def test_signing_gives_the_known_note() -> None:
    assert sign(TEXT, "PeterNeumann", KEY) == NOTE
    assert str(Verifier("PeterNeumann", KEY.public_key())) == VKEY


def test_the_known_note_verifies() -> None:
    text, verifier = verify(NOTE, [Verifier.parse(VKEY)])
    assert text == TEXT
    assert verifier.key_id == "c74f20a3"


def test_lines_of_unknown_keys_are_passed_over() -> None:
    other = sign(TEXT, "witness.example", Ed25519PrivateKey.generate()).rpartition("\n\n")[2]
    assert verify(f"{TEXT}\n{other}{LINE}", [Verifier.parse(VKEY)])[0] == TEXT
    with pytest.raises(NoteError, match=r"signed by no known key, but by witness\.example"):
        verify(f"{TEXT}\n{other}", [Verifier.parse(VKEY)])


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        NOTE[:-1],
        NOTE.replace("— ", "- "),
        NOTE.replace("cryptography", "cryptographY"),
        NOTE.replace("x08go", "x08gp"),
        NOTE.replace("PeterNeumann x08", "Other x08"),
        f"{TEXT}\n— PeterNeumann x08g\n",
        f"{TEXT}\n— PeterNeumann !!!!\n",
        f"{TEXT}\n\n",
    ],
)
def test_a_bent_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        verify(note, [Verifier.parse(VKEY)])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        VKEY[:-4],
        VKEY.replace("c74f20a3", "c74f20a4"),
        VKEY.replace("PeterNeumann", "Peter"),
        VKEY.replace("PeterNeumann", "Peter Neumann"),
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_bent_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        Verifier.parse(vkey)


@pytest.mark.parametrize(
    ("text", "name"),
    [("no newline", "log"), ("a\tb\n", "log"), ("a\n", "two words"), ("a\n", "a+b"), ("a\n", "")],
)
def test_what_cannot_stand_in_a_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(NoteError):
        sign(text, name, KEY)


def test_a_checkpoint_reads_back() -> None:
    checkpoint = Checkpoint("log.example", 20852163, b"\x01" * 32)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert split(sign(checkpoint.text(), "log.example", KEY))[0] == checkpoint.text()
    assert Checkpoint.parse(checkpoint.text() + "an extension\n") == checkpoint


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nAQ==\n", "\n1\nAQ==\n", "a\n-1\nAQ==\n", "a\n1\nAQ==\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)
