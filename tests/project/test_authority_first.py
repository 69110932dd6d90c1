"""Authority before state: who may not do a thing is told so, not that it is done already.

A verb sent twice does its work once, and the second answer is what stands. That answer is for who
might have done it (`refusals.unchanged`), or who did.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fellowship.kernel.logs import OURS

ROOT: Final = Path(__file__).resolve().parent.parent.parent
MEANT: Final = {
    "remove_filter": "nothing is there any more that could be judged",
    "remove_scope": "nothing is there any more that could be judged",
    "run_batch": "found among the person's own",
    "start_proposal": "found among the person's own",
    "submit_proposal": "goes on to the revision, which judges",
    "amend_pin": "the verb that calls it judges",
    "give_finding": "who was not named is told so before anything else",
}
"""Verbs that answer before they ask `policy`, and why that is right."""


def test_no_verb_says_what_stands_before_it_asks_who_is_asking() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}:{line} {verb.name}"
        for path, verb in _verbs()
        for line in _hasty(verb)
        if verb.name not in MEANT
    }
    assert wrong == set(), "answer with refusals.unchanged(…, policy.may_…(…, by))"


def test_what_is_excepted_still_answers_first() -> None:
    assert {verb.name for _, verb in _verbs() if list(_hasty(verb))} == set(MEANT)


def test_a_hasty_verb_would_be_found() -> None:
    hasty = "if row.done:\n  return row\n refuse(policy.may_do(row, by))"
    asks = (
        "if row.done:\n  return unchanged(row, policy.may(row, by))\n refuse(policy.may(row, by))"
    )
    mine = "if row.done_by == by:\n  return row\n refuse(policy.may_do(row, by))"
    judged = "refuse(policy.is_whole(text))\n refuse(policy.may_do(row, by))"
    found = []
    for body in (hasty, asks, mine, judged):
        (verb,) = ast.parse(f"def do(*, row, text, by):\n {body}\n return row").body
        assert isinstance(verb, ast.FunctionDef)
        found.append(list(_hasty(verb)))
    assert found == [[3], [], [], [2]]


def _verbs() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every verb that is told who does it, with its file."""
    for app in OURS:
        for path in sorted((ROOT / app).rglob("*.py")):
            text = path.read_text()
            if "journal.verb(" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and _is_verb(node):
                    yield path, node


def _is_verb(node: ast.FunctionDef) -> bool:
    marked = any("journal.verb" in ast.unparse(one) for one in node.decorator_list)
    return marked and any(one.arg == "by" for one in node.args.kwonlyargs)


def _hasty(verb: ast.FunctionDef) -> Iterator[int]:
    """The lines that answer before the first that judges who asks; none where no line does."""
    nodes = sorted(
        (n for n in ast.walk(verb) if isinstance(n, ast.Return | ast.Call)),
        key=lambda n: (n.lineno, n.col_offset),
    )
    judging = next((n for n in nodes if _is_refusing(n) and _names_by(n)), None)
    if judging is None:
        return
    for node in nodes[: nodes.index(judging)]:
        answers = isinstance(node, ast.Return) and not _is_call(node.value, "unchanged")
        if (answers or _is_refusing(node)) and not _asked_of_by(verb, node):
            yield node.lineno


def _is_refusing(node: ast.AST) -> bool:
    return _is_call(node, "refuse") or _is_call(node, "answering_role")


def _is_call(node: ast.AST | None, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "id", getattr(node.func, "attr", "")) == name


def _names_by(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "by" for one in ast.walk(node)) or any(
        isinstance(one, ast.Name) and one.id == "refused" for one in ast.walk(node)
    )


def _asked_of_by(verb: ast.FunctionDef, node: ast.stmt | ast.expr) -> bool:
    """Whether it stands under a question about the person."""
    return any(
        _names_by(one.test)
        for one in ast.walk(verb)
        if isinstance(one, ast.If) and one.lineno <= node.lineno <= (one.end_lineno or 0)
    )
