"""What we depend on is audited, and what could not be audited is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import audit

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_licence_of_the_lock_file_is_taken() -> None:
    assert audit.licences() == []


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GNU Lesser General Public License v2 or later (LGPLv2+)", True),
        ("GNU General Public License v3 (GPLv3)", False),
        ("AGPL-3.0-only", False),
        ("Other/Proprietary License", False),
        ("none", False),
    ],
)
def test_licences_that_bind_a_company_are_not(said: str, taken: bool) -> None:
    assert (audit.refused("x", said) == "") is taken


@pytest.mark.parametrize(
    ("shell", "required", "status", "words"),
    [
        ("exit 0", "", 0, "No package of the lock file has a known vulnerability."),
        ("echo Found 1 known vulnerability in 1 package; exit 1", "", 1, "Found 1 known"),
        ("echo no route to host >&2; exit 1", "", 0, "SKIPPED"),
        ("echo no route to host >&2; exit 1", "required", 1, "NOT looked for"),
    ],
)
def test_an_audit_that_could_not_be_made_is_said(
    tmp_path: Path, shell: str, required: str, status: int, words: str
) -> None:
    auditor = tmp_path / "auditor"
    auditor.write_text(f"#!/bin/sh\n{shell}\n")
    auditor.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "scripts/audit.py"],
        cwd=ROOT,
        env=os.environ | {"AUDITOR": str(auditor), "AUDIT": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, words in done.stdout + done.stderr) == (status, True)
