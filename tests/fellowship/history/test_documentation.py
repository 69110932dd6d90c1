"""What docs/ledger.md tells an outsider to run does verify an export."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from fellowship.history import bulk, tiles
from fellowship.history.seal import seal
from tests.fellowship.history.conftest import BY
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


def test_the_commands_of_the_page_verify_the_signature(exported: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    done = subprocess.run(
        ["/bin/sh", "-ec", block("sh")], cwd=exported, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Signature Verified Successfully\n"
