"""What we depend on: its licences, and whether a vulnerability of it is known.

Licences are read from what is installed, without a network. Vulnerabilities are asked of the Python
Packaging Advisory Database by pip-audit, which needs one: where it cannot be reached this is said
loudly, and is a failure where AUDIT=required promises that it can.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements/base.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.MULTILINE)
ALLOWED = re.compile(
    r"0BSD|Apache|BSD|CC0|ISC|MIT|MPL|Mozilla|PSF|Python Software|Public Domain|Zlib"
    # Used as libraries that stay replaceable, which the lesser licence allows.
    r"|LGPL|Lesser"
)
NOT_ALLOWED = re.compile(r"AGPL|Affero|(?<!Lesser )General Public License|\bGPL|Proprietary|SSPL")
CHOSEN = {
    "pyphen": "offered under GPL, LGPL or MPL: taken under MPL 1.1",
    "psycopg2-binary": "LGPL with exceptions; its classifier says “Library or Lesser”",
    "qrcode": "BSD; its classifier “Other” stands for the trademark note on the words QR Code",
}
"""Packages whose metadata says several things, and under which they are taken."""


def licence(name: str) -> str:
    """What an installed package says of its licence; empty where it is not for this system."""
    try:
        told: Any = importlib.metadata.distribution(name).metadata
    except importlib.metadata.PackageNotFoundError:
        return ""
    classified = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License")
    ]
    said = told.get("License-Expression") or "; ".join(classified) or told.get("License") or "none"
    return str(said)


def refused(name: str, said: str) -> str:
    """Why a package is not taken under what it says; empty where it is."""
    if name in CHOSEN or not said:
        return ""
    if NOT_ALLOWED.search(said) or not ALLOWED.search(said):
        return f"{name}: the licence “{said}” is not one we take"
    return ""


def licences(lock: Path = LOCK) -> list[str]:
    """Every package of the lock file whose licence is not taken."""
    names = sorted({name.lower() for name in PIN.findall(lock.read_text())})
    return [why for name in names if (why := refused(name, licence(name)))]


def vulnerabilities(auditor: list[str], lock: Path = LOCK) -> tuple[int, str]:
    """Run the auditor over the lock file: 0 none known, 1 some, 2 it could not be asked."""
    command = [*auditor, "--requirement", str(lock), "--no-deps", "--disable-pip"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 2, str(error)
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return 0, said
    return (1 if re.search(r"Found \d+ known vulnerabilit", said) else 2), said


def main() -> int:
    """Print what is wrong; return the exit status."""
    problems = licences()
    for problem in problems:
        print(f"licence: {problem}", file=sys.stderr)
    if "--licences" in sys.argv:
        return 1 if problems else 0
    auditor = os.environ.get("AUDITOR", str(ROOT / "var/audit/bin/pip-audit")).split()
    found, said = vulnerabilities(auditor)
    if found == 1:
        print(said, file=sys.stderr)
    elif found == 2:
        bar = "=" * 78
        print(f"{bar}\nSKIPPED: known vulnerabilities were NOT looked for.\n", file=sys.stderr)
        print(f"{said.strip()[-600:]}\n{bar}", file=sys.stderr)
    else:
        print("No package of the lock file has a known vulnerability.")
    failed = found == 1 or (found == 2 and os.environ.get("AUDIT") == "required")
    return 1 if problems or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
