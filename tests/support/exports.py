"""Exports as a stranger handles them: unpacked, and verified in a process that has nothing ours."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from django.core.management import call_command


def exported(program: str, to: Path, file_format: str = "jsonl", *more: str) -> Path:
    """The unpacked export of a programme by the command."""
    to.mkdir(parents=True, exist_ok=True)
    out = to / f"{file_format}.zip"
    asked = ["--program", program, "--format", file_format, "--out", str(out)]
    call_command("export_history", *asked, *more, stdout=io.StringIO(), stderr=io.StringIO())
    return unpacked(out.read_bytes(), to / file_format)


def unpacked(content: bytes, folder: Path) -> Path:
    """The files of a ZIP in a folder."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(folder)
    return folder


def verified(folder: Path, *more: str) -> tuple[int, str]:
    """The exit status of the export's own `verify.py`, and what it says."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(folder / "verify.py"), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, done.stdout + done.stderr
