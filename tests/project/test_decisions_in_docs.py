"""The decisions in docs/adr: one number each, in the index, and named where they hold."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ADRS = sorted((ROOT / "docs/adr").glob("*.md"))


def _texts() -> str:
    """All that may name a decision: the code and the pages, but neither the index nor the ADRs."""
    apps = ("access", "fellowship", "findings", "governance", "oversight", "proposals")
    found = [p for app in (*apps, "publications", "scoping") for p in (ROOT / app).rglob("*.py")]
    found += [p for p in (ROOT / "docs").rglob("*.md") if p not in ADRS and p.name != "README.md"]
    return "\n".join(p.read_text() for p in [*found, ROOT / "CONTRIBUTING.md"])


def test_numbers_are_unique_without_gap_and_in_the_title() -> None:
    numbers = [path.name[:4] for path in ADRS]
    assert numbers == [f"{n:04}" for n in range(1, len(ADRS) + 1)]
    for path in ADRS:
        assert path.read_text().startswith(f"# {path.name[:4]} "), path.name


def test_each_is_in_the_index_and_named_where_it_holds() -> None:
    index, texts = (ROOT / "docs/README.md").read_text(), _texts()
    assert [p.name for p in ADRS if p.name not in index] == []
    assert [p.name for p in ADRS if p.name not in texts] == []


def test_no_page_links_to_a_decision_that_is_not_there() -> None:
    named = set(re.findall(r"\b\d{4}-[a-z-]+\.md", _texts()))
    assert named <= {p.name for p in ADRS}
