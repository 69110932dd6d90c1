"""The table of SATRE: each requirement once, each claim with the mechanism behind it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "satre.md"
ROW = re.compile(
    r"^\| (\d\.\d\.\d\d) \| (.+) \| (\w+)\*? \| (met|partly|host|n/a) \| (.+) \|$", re.M
)
LINK = re.compile(r"\]\(([^)]+)\)")


def table() -> list[tuple[str, str, str, str, str]]:
    return [tuple(found) for found in ROW.findall(PAGE.read_text())]


def test_every_requirement_is_in_the_table_once(shared_data: Path) -> None:
    text = (shared_data / "standards" / "04-satre-specification.yaml").read_text()
    wanted = {
        row["requirement_index"]: row["importance"].lower().rstrip("*")
        for row in yaml.safe_load(text)["specification"]
    }
    rows = table()
    assert [n for n, times in Counter(row[0] for row in rows).items() if times > 1] == []
    assert {row[0]: row[2] for row in rows} == wanted
    assert len(rows) == len(re.findall(r"^\| \d", PAGE.read_text(), re.M)), "every row is read"


def test_each_claim_names_a_page_or_a_module_there_is() -> None:
    for number, _, _, state, how in table():
        links = LINK.findall(how)
        if state in ("met", "partly"):
            assert links or state == "partly", number
        for link in links:
            assert (PAGE.parent / link).resolve().is_file(), f"{number}: {link}"


def test_the_counts_above_the_table_are_those_of_the_table() -> None:
    found = Counter(state for _, _, _, state, _ in table())
    said = (
        f"{found['met']} are met, {found['partly']} partly, {found['host']} the host's, "
        f"{found['n/a']} not applicable"
    )
    assert said in " ".join(PAGE.read_text().split())


@pytest.mark.parametrize("words", ["CC BY", "in our own, shorter words"])
def test_the_specification_is_named(words: str) -> None:
    assert words in PAGE.read_text()
