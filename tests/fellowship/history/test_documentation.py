"""What docs/ledger.md tells an outsider to run does verify an export."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from fellowship.history import bulk, erasing, redactions, tiles
from fellowship.history.models import Seal
from fellowship.history.seal import seal
from fellowship.history.traces import traces_of
from fellowship.history.verify import verify
from fellowship.kernel import journal
from tests.fellowship.history.conftest import BY, found_realm
from tests.fellowship.history.test_bulk import realms

PAGE = Path(settings.BASE_DIR) / "docs" / "ledger.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


@pytest.fixture
def exported(tmp_path: Path, db: None) -> Path:
    bulk.create_many(realms(600), verb="test.found", by=BY)
    seal()
    tiles.export(tmp_path / "log")
    return tmp_path / "log"


def test_the_script_of_the_page_recomputes_the_root(exported: Path) -> None:
    command = [sys.executable, "-c", block("python")]
    done = subprocess.run(command, cwd=exported, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    tile = exported / "tile/entries/000"
    tile.write_bytes(tile.read_bytes().replace(b"test.found", b"test.faund", 1))
    done = subprocess.run(command, cwd=exported, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_script_follows_redactions_to_their_erasure_and_no_further(
    tmp_path: Path, db: None
) -> None:
    realm = found_realm("a", reason="Ada Nwosu asks")
    found_realm("b")
    seal()
    traces = traces_of(pseudonym="Person 7", names=["Ada Nwosu"], codes=[])
    with journal.acting(redactions.VERB, by=BY):
        done = erasing.erase(traces)
        told = redactions.summary(done.redactions)
        journal.record(subject=realm, change={redactions.KEY: told, "approved_by": 3})
    seal()
    assert verify().ok
    folder, out = tmp_path / "log", io.StringIO()
    call_command("export_ledger", str(folder), stdout=out)
    assert "taken out of 1 of them" in out.getvalue()
    assert b"Nwosu" not in (folder / "tile/entries/000.p/3").read_bytes()
    assert (folder / "tile/0/000.p/3").read_bytes()[:32].hex() == Seal.objects.get(seq=0).leaf_hash
    path = folder / redactions.FILE
    kept = path.read_text()
    assert _script(folder) == "0 was redacted by the erasure at index 2\nTrue\n"
    path.write_text("")
    assert _script(folder) == "False\n", "no redaction"
    line = json.loads(kept)
    for wrong in ({"others": ["0" * 64]}, {"rows": line["rows"] * 2}, {"rows": [], "others": []}):
        path.write_text(f"{json.dumps({**line, **wrong})}\n")
        assert _script(folder) == "False\n", wrong
    path.write_text(f"{json.dumps({**line, 'index': 3})}\n")
    assert _script(folder).endswith("False\n"), "an erasure that is not in the log"


def _script(folder: Path) -> str:
    command = [sys.executable, "-c", block("python")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_the_commands_of_the_page_verify_the_signature(exported: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    done = subprocess.run(
        ["/bin/sh", "-ec", block("sh")], cwd=exported, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Signature Verified Successfully\n"
