"""What is shipped: lock files, container files, the make targets that the documents name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


@pytest.mark.parametrize("service", ["web", "worker", "beat", "migrate"])
def test_our_processes_run_without_privileges(service: str) -> None:
    config = SERVICES[service]
    assert config["cap_drop"] == ["ALL"]
    assert config["read_only"] is True
    assert config["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_our_processes_start_after_the_migration_as_the_application_role(service: str) -> None:
    config = SERVICES[service]
    assert config["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "//fellowship_app:" in config["environment"]["DATABASE_URL"]
    assert "//fellowship:" in SERVICES["migrate"]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("service", ["worker", "beat", "db", "redis"])
def test_each_process_has_a_health_check(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]


def test_the_compose_file_holds_no_secret() -> None:
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if re.search(r"KEY|PASSWORD|URL", name):
                assert re.search(r"\$\{\w+:\?[^}]+\}", value), name


def test_the_image_runs_as_a_person_of_its_own() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER fellowship") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD")
    )


def test_the_documents_name_only_targets_that_exist() -> None:
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md", "docs/deployment.md", "CHANGELOG.md"):
        assert set(re.findall(r"`?make ([a-z]+)", (ROOT / name).read_text())) <= made, name


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("django==5.2.19", "django==5.2.18", "base.txt lacks django==5.2.19"),
        ("--hash=sha256:", "--nohash=", "names a host or carries an option"),
        ("bagit==1.9.0", "--index-url https://x.example\nbagit==1.9.0", "names a host"),
    ],
)
def test_a_lock_that_drifted_is_found(old: str, new: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "scripts").mkdir()
    for name in (
        "pyproject.toml",
        "requirements/base.txt",
        "requirements/dev.txt",
        "scripts/check_lock.py",
    ):
        (tmp_path / name).write_text((ROOT / name).read_text())
    command = ["python3", "scripts/check_lock.py"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    base = tmp_path / "requirements/base.txt"
    base.write_text(base.read_text().replace(old, new, 1))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert problem in done.stderr
