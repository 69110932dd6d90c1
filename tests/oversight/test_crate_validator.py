"""The package is accepted by tools not ours: rocrate-validator, offline, and bagit."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest

from oversight.closeout import package
from tests.scenarios.oversight import Case

pytestmark = pytest.mark.once
CHECK = Path(__file__).parent.parent / "support" / "rocrate_check.py"


def _unpacked(case: Case, to: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(package.of_case(case.fellowship).content)) as packed:
        packed.extractall(to)
    (folder,) = to.iterdir()
    return folder


def _judged(crate: Path, contexts: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECK), str(crate), str(contexts)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_validator_accepts_it_and_refuses_it_without_its_licence(
    case: Case, tmp_path: Path, shared_data: Path
) -> None:
    pytest.importorskip("rocrate_validator")
    contexts = shared_data / "rocrate" / "docs" / "_specification"
    folder = _unpacked(case, tmp_path)
    bagit.Bag(str(folder)).validate()
    crate = folder / "data"
    judged = _judged(crate, contexts)
    assert (judged.returncode, judged.stdout) == (0, ""), judged.stderr
    described = crate / "ro-crate-metadata.json"
    graph = json.loads(described.read_text())
    for entity in graph["@graph"]:
        entity.pop("license", None)
        entity.pop("instrument", None)
    described.write_text(json.dumps(graph))
    refused = _judged(crate, contexts)
    assert refused.returncode == 1
    assert "license" in refused.stdout
    assert "instrument" in refused.stdout
