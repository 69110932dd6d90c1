"""The malware scanner: what it says, and what is kept of a file it has not cleared."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fellowship.kernel import blobs, scanning
from fellowship.kernel.refusals import Refused

EVIL = b"what a scanner knows"


class Clamd(socketserver.StreamRequestHandler):
    """Speaks INSTREAM as clamd does: it finds one content, and refuses more than a kilobyte."""

    def handle(self) -> None:
        """Read one stream; answer."""
        assert self.rfile.read(10) == b"zINSTREAM\0"
        body = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            body += self.rfile.read(size)
        said = b"stream: OK"
        if len(body) > 1000:
            said = b"INSTREAM size limit exceeded. ERROR"
        elif EVIL in body:
            said = b"stream: Test.Signature FOUND"
        self.wfile.write(said + b"\0")


class Server(socketserver.ThreadingUnixStreamServer):
    """Threads that no test waits for."""

    daemon_threads = True


@pytest.fixture
def clamd(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A scanner that listens, and an empty store."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.CLAMD = f"unix://{tmp_path}/clamd.sock"
    with Server(f"{tmp_path}/clamd.sock", Clamd) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield
        server.shutdown()


def files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_what_is_clean_is_kept_and_what_is_not_is_refused(clamd: None, settings: Any) -> None:
    assert blobs.read(blobs.put([b"clean"]).sha256) == b"clean"
    with pytest.raises(Refused) as refused:
        blobs.put([b"before ", EVIL])
    assert refused.value.refusal.code == "file_malware"
    assert "found Test.Signature" in refused.value.refusal.reason
    assert len(files(settings)) == 1
    blobs.put([EVIL], ours=True)


@pytest.mark.parametrize("where", ["unix:///nowhere.sock", "tcp://127.0.0.1:9", "the answer"])
def test_without_an_answer_nothing_is_kept(clamd: None, settings: Any, where: str) -> None:
    if "://" in where:
        settings.CLAMD = where
    with pytest.raises(Refused) as refused:
        blobs.put([b"x" * 2000])
    assert refused.value.refusal.code == "not_scanned"
    assert files(settings) == []


def test_without_a_scanner_files_are_kept_unscanned(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    assert not scanning.configured()
    assert blobs.put([EVIL]).size == len(EVIL)
    with pytest.raises(CommandError, match="set CLAMD"):
        call_command("scan_files")


def test_what_the_scanner_learnt_later_is_moved_aside(
    clamd: None, settings: Any, capsys: Any
) -> None:
    evil, clean = blobs.put([EVIL], ours=True), blobs.put([b"clean"])
    with pytest.raises(CommandError, match="1 files were moved aside"):
        call_command("scan_files")
    assert capsys.readouterr().out == f"{evil.sha256} Test.Signature\n"
    with pytest.raises(blobs.Damaged):
        blobs.read(evil.sha256)
    assert blobs.read(clean.sha256) == b"clean"
    call_command("scan_files")
    assert [path.parent.name for path in files(settings) if path.name == evil.sha256] == [
        "quarantine"
    ]


def test_tcp_is_spoken_as_well(settings: Any, tmp_path: Path) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.CLAMD = f"tcp://127.0.0.1:{server.server_address[1]}"
        (tmp_path / "file").write_bytes(EVIL)
        assert scanning.found_in(tmp_path / "file") == "Test.Signature"
        server.shutdown()
