"""The exported log, verified by a reader that shares no code with us, and by openssl."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fellowship.history import bulk, tiles
from fellowship.history.models import Checkpoint, Event
from fellowship.history.seal import seal
from tests.fellowship.history.conftest import BY, found_realm
from tests.fellowship.history.test_bulk import realms

pytestmark = pytest.mark.django_db


def place(number: int) -> str:
    """A tile's path, written from the specification."""
    text = "/".join(f"x{number // 1000**i % 1000:03d}" for i in (3, 2, 1, 0))
    while text.startswith("x000/"):
        text = text[5:]
    head, _, tail = text.rpartition("x")
    return head + tail


def read(folder: Path, number: int, count: int) -> bytes:
    full = folder / place(number)
    if count == 256:
        return full.read_bytes()
    return (folder / f"{place(number)}.p" / str(count)).read_bytes()


def entries_of(folder: Path, size: int) -> list[bytes]:
    found: list[bytes] = []
    for number in range(-(-size // 256)):
        bundle = read(folder / "tile/entries", number, min(256, size - number * 256))
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            found.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    return found


def tree_hash(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as the text has it: recursively."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + tree_hash(hashes[:k]) + tree_hash(hashes[k:])).digest()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_the_tiles_give_the_root_that_was_signed(tmp_path: Path, size: int) -> None:
    bulk.create_many(realms(size), verb="test.found", by=BY, reason="“quoted” – ünïcode")
    seal()
    tiles.export(tmp_path / "log")
    origin, signed_size, root, *_ = (tmp_path / "log/checkpoint").read_text().split("\n")
    assert (origin, signed_size) == ("log.example/fellowship", str(size))

    entries = entries_of(tmp_path / "log", size)
    assert [entry.decode() for entry in entries] == list(
        Event.objects.order_by("seal__seq").values_list("body", flat=True)
    )
    leaves = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    assert base64.b64encode(tree_hash(leaves)).decode() == root

    for level, step in ((0, 1), (1, 256)):
        whole = [tree_hash(leaves[i : i + step]) for i in range(0, size - step + 1, step)]
        for number in range(-(-len(whole) // 256)):
            part = whole[number * 256 : (number + 1) * 256]
            assert read(tmp_path / f"log/tile/{level}", number, len(part)) == b"".join(part)
        assert (tmp_path / f"log/tile/{level}").exists() == bool(whole)


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, 256, "000"),
        (67, 5, "067.p/5"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (1234067, 1, "x001/x234/067.p/1"),
    ],
)
def test_paths_are_those_of_the_specification(number: int, width: int, path: str) -> None:
    assert tiles.tile_path(number, width) == path
    assert place(number) == path.partition(".")[0]


def test_openssl_alone_verifies_the_signature(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here")
    found_realm("one")
    seal()
    tiles.export(tmp_path)
    note = (tmp_path / "checkpoint").read_text()
    text, _, lines = note.rpartition("\n\n")
    blob = base64.b64decode(lines.split(" ")[2])
    name, key_id, encoded = (tmp_path / "public-key.txt").read_text().strip().split("+", 2)
    assert (name, key_id) == ("log.example/fellowship", blob[:4].hex())
    assert len(base64.b64decode(encoded)) == 33
    (tmp_path / "text").write_text(f"{text}\n")
    (tmp_path / "signature").write_bytes(blob[4:])
    command = [openssl, "pkeyutl", "-verify", "-pubin", "-rawin"]
    files = ["-inkey", "public-key.pem", "-in", "text", "-sigfile", "signature"]
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout.strip() == b"Signature Verified Successfully"
    (tmp_path / "text").write_text(f"{text}\nmore\n")
    done = subprocess.run([*command, *files], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1


def test_an_earlier_checkpoint_exports_the_log_as_it_was(
    tmp_path: Path, log: list[Checkpoint]
) -> None:
    found_realm("unsealed")
    call_command("export_ledger", str(tmp_path / "early"), "--size", "5", verbosity=0)
    assert len(entries_of(tmp_path / "early", 5)) == 5
    assert (tmp_path / "early/checkpoint").read_text() == log[1].note
    with pytest.raises(CommandError, match="is not empty"):
        call_command("export_ledger", str(tmp_path / "early"))
    with pytest.raises(CommandError, match="no checkpoint was signed for that size"):
        call_command("export_ledger", str(tmp_path / "none"), "--size", "4")
