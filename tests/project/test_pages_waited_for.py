"""What a page shows is expected, not asked for once: after a click the page may still be coming."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
AT_ONCE = {
    "all_inner_texts",
    "count",
    "input_value",
    "is_checked",
    "is_disabled",
    "is_enabled",
    "is_hidden",
    "is_visible",
    "title",
}
"""What Playwright answers of a page as it is at that instant."""
OF_A_PAGE = re.compile(r"get_by_|locator\(|page\.")


def test_no_browser_test_asserts_what_is_read_at_once() -> None:
    read = [path for path in TESTS.rglob("test_*.py") if "playwright" in path.read_text()]
    assert read
    found = [f"{path.name}:{line}" for path in read for line in _at_once(path.read_text())]
    assert not found, f"expect() waits for it: {found}"


def test_one_would_be_found() -> None:
    assert list(_at_once("assert page.get_by_text('Saved').count() == 1")) == [1]
    assert not list(_at_once("assert Finding.objects.filter(ref=ref).count() == 1"))


def _at_once(text: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert):
            for call in ast.walk(node.test):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                    continue
                if call.func.attr in AT_ONCE and OF_A_PAGE.search(ast.unparse(call)):
                    yield node.lineno
