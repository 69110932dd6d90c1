"""The table of OWASP ASVS 5.0: each requirement of levels 1 and 2, each claim with its test."""

from __future__ import annotations

import logging
import re
from collections import Counter
from pathlib import Path
from typing import Any

from django.test import Client

from tests.scenarios.world import World

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "asvs.md"
WANTED = Path(__file__).with_name("asvs_5_0_0_levels_1_and_2.txt")
ROW = re.compile(
    r"^\| (V[\d.]+) \| ([12]) \| (.+?) \| (met|partly|host|n/a) \| (.+?) \| (.+?) \|$", re.M
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([^)]+)\)")


def table() -> list[tuple[str, ...]]:
    """Every row: id, level, title, state, how, tests."""
    return [tuple(found) for found in ROW.findall(PAGE.read_text())]


def test_every_requirement_is_in_the_table_once() -> None:
    wanted = [tuple(line.split()) for line in WANTED.read_text().splitlines()]
    assert Counter(level for _, level in wanted) == {"1": 70, "2": 183}, "as the standard counts"
    rows = table()
    assert [(row[0], row[1]) for row in rows] == wanted
    assert len(rows) == len(re.findall(r"^\| V\d", PAGE.read_text(), re.M)), "every row is read"


def test_each_claim_names_tests_there_are() -> None:
    sources: dict[str, str] = {}
    for number, _, _, state, how, shown in table():
        named = TEST.findall(shown)
        assert bool(named) == (state in ("met", "partly")), number
        assert state in ("met",) or how != "–", f"{number}: no reason"
        for path, name in named:
            source = sources.setdefault(path, (ROOT / path).read_text())
            assert f"def {name}(" in source, f"{number}: {path}::{name}"


def test_every_link_of_the_table_leads_somewhere() -> None:
    for link in LINK.findall(PAGE.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        text = (PAGE.parent / path).read_text()
        titles = re.findall(r"^#+ (.+)$", text, re.M)
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not anchor or anchor in anchors, link


def test_the_counts_above_the_table_are_those_of_the_table() -> None:
    found = Counter(row[3] for row in table())
    said = (
        f"{found['met']} are met, {found['partly']} partly, {found['host']} the host's, "
        f"{found['n/a']} not applicable"
    )
    assert said in " ".join(PAGE.read_text().split())


def test_a_refused_page_is_in_the_log(world: World, caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.fresh("applicant"))
    client.get("/triage/findings/FND-1/\nforged/")
    client.post("/accounts/profile/", {})
    client.get("/", headers={"Host": "evil.example"})
    said = " ".join(record.getMessage() for record in caplog.records)
    for words in ("Not Found: /triage", "Forbidden (CSRF", "Invalid HTTP_HOST header"):
        assert words in said
    assert "\nforged" not in said
