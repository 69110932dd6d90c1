"""Stored files: whole or not at all, once for each content, gone when nothing names them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fellowship.kernel import blobs
from fellowship.kernel.refusals import Refused

DAY = blobs.KEEP_SECONDS


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """An empty store."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "sha256"


def files(folder: Path) -> list[str]:
    """The names of all files in the store, those under way too."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def age(folder: Path, blob: blobs.Blob, seconds: int) -> None:
    """Make a stored file old."""
    path = folder / blob.sha256[:2] / blob.sha256
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_the_same_content_is_kept_once_under_its_hash(folder: Path) -> None:
    first = blobs.put([b"one ", b"two"])
    assert first == blobs.Blob(hashlib.sha256(b"one two").hexdigest(), 7)
    assert blobs.put([b"one two"]) == first
    assert files(folder) == [first.sha256]
    assert blobs.read(first.sha256) == b"one two"


def test_a_failure_half_way_leaves_nothing(folder: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Refused) as refused:
        blobs.put(breaking())
    assert (refused.value.refusal.code, refused.value.refusal.field) == ("not_stored", "file")
    assert "nothing of it was kept" in refused.value.refusal.reason
    assert files(folder) == []


def test_a_file_that_is_gone_or_changed_is_not_given_out(folder: Path) -> None:
    blob = blobs.put([b"evidence"])
    (folder / blob.sha256[:2] / blob.sha256).write_bytes(b"something else")
    with pytest.raises(blobs.Damaged, match="no longer"):
        blobs.read(blob.sha256)
    with pytest.raises(blobs.Damaged, match="cannot be read"):
        blobs.read("0" * 64)
    with pytest.raises(ValueError, match="not a SHA-256"):
        blobs.read("../../etc/passwd")


def test_only_what_nothing_names_is_removed_and_only_when_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, orphan, young = (blobs.put([text]) for text in (b"named", b"orphan", b"young"))
    monkeypatch.setattr(blobs, "_references", [lambda: [named.sha256]])
    for blob in (named, orphan):
        age(folder, blob, DAY + 60)
    assert blobs.clean() == 1
    assert files(folder) == sorted([named.sha256, young.sha256])
    age(folder, young, DAY + 60)
    blobs.put([b"young"])
    assert blobs.clean() == 0
