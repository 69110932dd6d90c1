"""The demonstration: its people page, its folder, its command."""

from __future__ import annotations

import http.cookiejar
import importlib
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, clear_url_caches, reverse

import fellowship.urls
import oversight.urls
from fellowship.accounts.models import User
from oversight.demo.content.people import SIGN_INS
from oversight.demo.content.sentences import PARTS
from oversight.demo.preparation import BUILDING, DATABASE, SHAPE, NotTold, OtherShape, prepare
from tests.scenarios.world import World
from tests.support.demonstration import ROOT, demonstration, keep

USERNAMES = [
    "applicant",
    "fellow",
    "mentor",
    "reviewer",
    "board-research",
    "board-product",
    "board-security",
    "board-legal",
    "board-policy",
    "chair",
    "manager",
    "steward",
    "product-owner",
    "oncall",
    "policy-reviewer",
    "legal-reviewer",
    "auditor",
    "sponsor",
    "admin",
]


# --- the people page ------------------------------------------------------------------------


def _route_anew() -> None:
    """Make the routes as a process that starts now makes them."""
    importlib.reload(oversight.urls)
    importlib.reload(fellowship.urls)
    clear_url_caches()


@pytest.fixture
def demo(settings: Any) -> Iterator[Any]:
    settings.DEMO = True
    _route_anew()
    yield settings
    settings.DEMO = False
    _route_anew()


def test_every_username_is_played_and_every_part_has_its_sentence() -> None:
    assert sorted(person.username for person in SIGN_INS) == sorted(USERNAMES)
    assert sorted(name for part in PARTS for name in part.usernames) == sorted(USERNAMES)
    assert all(part.can and not part.can.endswith(".") for part in PARTS)


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_page_lists_everyone_and_signs_in_with_one_post(world: World) -> None:
    client = Client()
    page = client.get("/demo/").content.decode()
    assert all(f"/demo/{name}/" in page for name in USERNAMES)
    assert "score a few relevant proposals" in page
    for name in ("manager", "board-security"):
        assert client.post(f"/demo/{name}/")["Location"] == "/"
        user = User.objects.get(pk=client.session["_auth_user_id"])
        assert user.username == name
    assert "That is you" in client.get("/demo/").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_only_those_listed_and_only_by_post(world: World) -> None:
    client = Client()
    assert client.post("/demo/other-applicant/").status_code == 404
    assert client.post("/demo/nobody/").status_code == 404
    assert client.get("/demo/manager/").status_code == 405
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_elsewhere_there_is_no_such_page(world: World) -> None:
    client = Client()
    assert client.get("/demo/").status_code == 404
    assert client.post("/demo/manager/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("oversight:demo")


@pytest.mark.django_db
def test_the_views_refuse_by_themselves(world: World, demo: Any) -> None:
    demo.DEMO = False  # routed by mistake
    client = Client()
    assert client.get("/demo/").status_code == 404
    assert client.post("/demo/manager/").status_code == 404
    assert "_auth_user_id" not in client.session


def test_the_command_refuses_elsewhere() -> None:
    with pytest.raises(CommandError, match="FELLOWSHIP_DEMO"):
        call_command("demo")


# --- the folder -----------------------------------------------------------------------------


def _told(text: str) -> Any:
    def tell(building: Path) -> None:
        (building / "checkpoints").mkdir()
        (building / "checkpoints" / "1").write_text(text)
        (building / DATABASE).write_text(text)

    return tell


def test_a_second_start_keeps_what_is_there(tmp_path: Path) -> None:
    assert prepare(tmp_path, _told("first"))
    assert not prepare(tmp_path, _told("second"))
    assert (tmp_path / DATABASE).read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints", DATABASE, SHAPE]


def test_what_another_version_told_is_neither_served_nor_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, _told("first"))
    monkeypatch.setattr("governance.founding.parameters", lambda kind: {"another": kind})
    with pytest.raises(OtherShape):
        prepare(tmp_path, _told("second"))
    monkeypatch.undo()
    assert not prepare(tmp_path, _told("second"))
    (tmp_path / SHAPE).unlink()
    with pytest.raises(OtherShape):
        prepare(tmp_path, _told("second"))
    assert (tmp_path / DATABASE).read_text() == "first"


def test_an_interrupted_start_leaves_nothing_half_made(tmp_path: Path) -> None:
    def interrupted(building: Path) -> None:
        _told("half")(building)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, interrupted)
    assert not (tmp_path / DATABASE).exists()
    with pytest.raises(NotTold):
        prepare(tmp_path, lambda building: None)
    assert not (tmp_path / DATABASE).exists()
    assert prepare(tmp_path, _told("whole"))
    assert (tmp_path / "checkpoints" / "1").read_text() == "whole"
    assert not (tmp_path / BUILDING).exists()


# --- the command, as `make demo` starts it --------------------------------------------------


def _post(browser: Any, page: str, to: str, **fields: Any) -> str:
    """What answers a form of the page, filled."""
    shown = browser.open(page, timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown)
    assert token
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
    return str(browser.open(to, form, timeout=60).read().decode())


def _signed_in(url: str, username: str) -> tuple[Any, str]:
    """The person's browser and home page, signed in by the one button of the people page."""
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(jar)
    return browser, _post(browser, f"{url}/demo/", f"{url}/demo/{username}/")


def _home_of(url: str, username: str) -> str:
    return _signed_in(url, username)[1]


def _token_of(url: str, username: str) -> str:
    """A token that the person makes on the page of tokens."""
    browser, _ = _signed_in(url, username)
    tokens = f"{url}/accounts/tokens/"
    made = _post(browser, tokens, tokens, name="Examples", scopes="write", days=1)
    found = re.search("fel_[A-Za-z0-9_-]{43}", made)
    assert found
    return found[0]


def _examples() -> dict[str, str]:
    """The programs of the documents, by whose they are, each with the lines they share."""
    page = (ROOT / "docs" / "api-examples.md").read_text()
    shared, *blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return {block.partition("\n")[0].removeprefix("# "): shared + block for block in blocks}


def test_there_is_an_example_for_each_role() -> None:
    named = set(_examples())
    assert named <= set(USERNAMES)
    assert [part.can for part in PARTS if not named & set(part.usernames)] == []


def _runs(url: str, username: str, program: str) -> str:
    """What the program says; its exit and its errors are the test's."""
    env = {**os.environ, "FELLOWSHIP": url, "TOKEN": _token_of(url, username)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, f"{username}: {done.stderr}"
    return done.stdout


@pytest.mark.sqlite
@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_it_is_told_once_served_and_ended_cleanly(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with demonstration(tmp_path) as (url, said):
        for path in ("/healthz", "/readyz", "/static/css/base.css"):
            assert urllib.request.urlopen(url + path, timeout=60).status == 200
        assert all(any(line.split()[:1] == [name] for line in said) for name in USERNAMES)
        assert "You are Daniel Okafor now." in _home_of(url, "manager")
    made = (tmp_path / DATABASE).stat()
    keep(tmp_path, tmp_path_factory)
    with demonstration(tmp_path) as (url, said):
        assert f"Keeping the data in {tmp_path}." in said
        assert "You are Ada Nwosu now." in _home_of(url, "fellow")
        silent = [who for who, program in _examples().items() if not _runs(url, who, program)]
        assert silent == [], "each says something about the told year"
    assert (tmp_path / DATABASE).stat().st_ino == made.st_ino
