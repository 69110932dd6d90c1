"""Finds texts in the source that stay English in every language: glued, or with an English part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TELLERS = ("notify", "Message")
"""What writes a notice, beside what is named `tell…`."""


def glued(path: Path) -> Iterator[str]:
    """Where a notice is made by an f-string or `str.join`, which say their parts at once."""
    for call in _calls(path):
        if not (_name(call) in TELLERS or _name(call).lstrip("_").startswith("tell")):
            continue
        told = [word.value for word in call.keywords if word.arg in ("title", "body")]
        for text in (*call.args, *told):
            if isinstance(text, ast.JoinedStr) or _joins(text):
                yield f"{path}:{text.lineno}"


def english_parts(path: Path) -> Iterator[str]:
    """Where a part of a text is a word of English that no catalogue knows."""
    for function in _functions(path):
        named = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _is_english(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in _calls_in(function):
            if _name(call) in ("say", "say_n", "needs_role"):
                for part in call.keywords:
                    known = isinstance(part.value, ast.Name) and part.value.id in named
                    if known or _is_english(part.value):
                        yield f"{path}:{part.value.lineno}"


def _functions(path: Path) -> Iterator[ast.AST]:
    tree = ast.parse(path.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _calls(path: Path) -> Iterator[ast.Call]:
    return _calls_in(ast.parse(path.read_text()))


def _calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _joins(text: ast.expr) -> bool:
    return (
        isinstance(text, ast.Call)
        and isinstance(text.func, ast.Attribute)
        and text.func.attr == "join"
        and isinstance(text.func.value, ast.Constant)
    )


def _is_english(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_english(value.body) or _is_english(value.orelse)
    if isinstance(value, ast.JoinedStr):
        return any(_is_word(part) for part in value.values)
    return _is_word(value)


def _is_word(value: ast.expr) -> bool:
    """Three letters in a row: less is a sign, or a reference's own."""
    text = value.value if isinstance(value, ast.Constant) else ""
    return isinstance(text, str) and any(len(w) > 2 and w.isalpha() for w in text.split())
