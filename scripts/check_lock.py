"""Check that the lock files pin what pyproject.toml asks for, by hash, and name no host."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(text: str) -> set[tuple[str, str]]:
    return {(_name(name), version) for name, version in PIN.findall(text)}


def _problems() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    base_text = (ROOT / "requirements/base.txt").read_text()
    dev_text = (ROOT / "requirements/dev.txt").read_text()
    base, dev = _pins(base_text), _pins(dev_text)
    runtime = project["project"]["dependencies"]
    development = project["dependency-groups"]["dev"]
    problems = [
        f"{line} is not an exact pin" for line in runtime + development if not PIN.match(line)
    ]
    for where, asked, locked in (
        ("base.txt", _pins("\n".join(runtime)), base),
        ("dev.txt", _pins("\n".join(runtime + development)), dev),
    ):
        problems += [f"{where} lacks {name}=={version}" for name, version in asked - locked]
    problems += [f"dev.txt disagrees with base.txt on {name}" for name, _ in base - dev]
    for where, text in (("base.txt", base_text), ("dev.txt", dev_text)):
        if "://" in text or re.search(r"^\s*--(?!hash)", text, re.MULTILINE):
            problems.append(f"{where} names a host or carries an option")
        for block in re.split(r"\n(?=\S)", text.strip()):
            if "--hash=sha256:" not in block:
                problems.append(f"{where}: no hash for {block.splitlines()[0]}")
    return problems


def main() -> int:
    """Print each problem; return the exit status."""
    problems = _problems()
    for problem in problems:
        print(f"lock: {problem}", file=sys.stderr)
    if problems:
        print("Run `make lock`.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
