"""Where the code does what could be turned against it, and what a request may set."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from django.test import Client

from tests.scenarios.world import World

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = (
    *("fellowship", "governance", "proposals", "scoping"),
    *("access", "findings", "publications", "oversight"),
)
LOOKED_AT = {
    "S308": {  # HTML that is not escaped again
        "fellowship/programs/structured.py",
        "fellowship/web/charts/base.py",
        "fellowship/web/components/texts.py",
        "oversight/views/lineage.py",
    },
    "S314": {"access/outputs/tables.py"},  # XML, its document type refused before
    "S506": {"findings/atlas.py"},  # YAML, by a safe loader
    "S603": {  # another process, from a list of our own
        "oversight/demo/preparation.py",
        "oversight/management/commands/demo.py",
        "publications/reading/bounded.py",
    },
    "S611": {"oversight/casebook.py"},  # SQL with parameters
}
"""Every place where a rule about dangerous functions is lifted. Look before you add one."""
NEVER = ("S102", "S301", "S307", "S324", "S501", "S602", "S605", "S606", "S701")
"""`exec`, `pickle`, `eval`, weak hashes, no TLS checks, shells: nowhere."""


def lifted() -> dict[str, set[str]]:
    """The files in which each rule is lifted."""
    found: dict[str, set[str]] = {}
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for codes in re.findall(r"noqa: ((?:[A-Z]+\d+(?:, )?)+)", path.read_text()):
            for code in codes.split(", "):
                found.setdefault(code, set()).add(str(path.relative_to(ROOT)))
    return found


def test_dangerous_functions_are_used_where_somebody_looked() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in rules["select"]
    assert not any(rule.startswith("S") for rule in rules["ignore"])
    found = lifted()
    assert {code: found.get(code, set()) for code in LOOKED_AT} == LOOKED_AT
    assert [code for code in NEVER if code in found] == []


def test_our_scripts_write_no_html_of_what_people_wrote() -> None:
    risky = r"\beval\(|new Function|document\.write|insertAdjacentHTML|window\.postMessage"
    for path in sorted((ROOT / "static/js").rglob("*.js")):
        if "vendor" not in path.parts:
            assert not re.search(risky, path.read_text()), path


def test_a_request_sets_what_its_form_has_and_nothing_else(world: World) -> None:
    client = Client()
    client.force_login(world.fresh("applicant"))
    before = world.fresh("applicant")
    sent = {
        "name": "Ada",
        "time_zone": "UTC",
        "is_superuser": "1",
        "is_staff": "1",
        "email": "other@example.org",
        "username": "admin",
        "password": "x",
        "is_active": "",
        "role": "administrator",
    }
    assert client.post("/accounts/profile/", sent).status_code == 302
    after = world.fresh("applicant")
    assert after.name == "Ada"
    kept = ("is_superuser", "is_staff", "email", "username", "password", "is_active")
    assert {name: getattr(after, name) for name in kept} == {
        name: getattr(before, name) for name in kept
    }
    assert not after.role_assignments.filter(role="administrator").exists()


def test_a_parameter_sent_twice_is_read_as_one(world: World) -> None:
    client = Client()
    client.force_login(world.fresh("applicant"))
    body = "name=First&name=Ada&time_zone=UTC"
    kind = "application/x-www-form-urlencoded"
    client.post("/accounts/profile/?name=Query", body, content_type=kind)
    assert world.fresh("applicant").name == "Ada"


def test_a_page_of_an_error_says_nothing_of_the_inside(world: World, monkeypatch: object) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.fresh("applicant"))

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("password=hunter2 in /srv/secret.py")

    from fellowship.accounts import services

    monkeypatch.setattr(services, "update_profile", broken)  # type: ignore[attr-defined]
    page = client.post("/accounts/profile/", {"name": "Ada", "time_zone": "UTC"})
    assert page.status_code == 500
    said = page.content.decode()
    assert not re.search(r"hunter2|RuntimeError|Traceback|secret\.py|Django", said)
    assert world.fresh("applicant").name == "Applicant"
