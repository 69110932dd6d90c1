"""Exports as a stranger handles them: unpacked, and verified in a process that has nothing ours."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from django.core.management import call_command

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


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


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV or XLSX file by the names in its first row, each cell as text."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as held:
            return list(csv.DictReader(held))
    with zipfile.ZipFile(path) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    names, *rows = [
        {
            cell.attrib["r"].rstrip("0123456789"): "".join(cell.itertext())
            for cell in row.iter(f"{_SHEET}c")
        }
        for row in sheet.iter(f"{_SHEET}row")
    ]
    return [{name: row.get(column, "") for column, name in names.items()} for row in rows]


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
