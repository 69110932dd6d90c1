"""Which service verbs a view may call, read from its source: a page as well as an operation."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

OURS = (
    *("fellowship", "governance", "proposals", "scoping", "access", "findings"),
    *("publications", "oversight"),
)


def routes(patterns: Any = None, before: str = "", names: str = "") -> Iterator[tuple[Any, ...]]:
    """Every route of ours: its address, its name with the namespace, its view."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from routes(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern) and _ours(pattern.callback):
            yield route, f"{names}{pattern.name or ''}", pattern.callback


def _ours(view: Any) -> bool:
    return str(getattr(view, "__module__", "")).partition(".")[0] in OURS


def operations() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every operation of the API: its method, its address and the function that performs it."""
    for route, _, view in routes():
        if not route.startswith("api/v1/"):
            continue
        path = route.removeprefix("api/v1/").replace("^", "").replace("$", "")
        known = getattr(view, "actions", None)
        cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
        for method in ("get", "post", "put", "patch", "delete"):
            name = known.get(method) if known else method
            if cls is not None and name and hasattr(cls, name):
                yield method.upper(), path, getattr(cls, name)


def verbs(function: Any) -> frozenset[str]:
    """The service verbs it may call, by module and name, through whatever helper of ours."""
    found: set[str] = set()
    seen, ahead = {function}, [function]
    while ahead:
        called, further = _calls(ahead.pop())
        found |= called
        ahead += further - seen
        seen |= further
    return frozenset(found)


@functools.cache
def _calls(function: Any) -> tuple[frozenset[str], frozenset[Any]]:
    """The verbs it calls itself, and the helpers it calls on the way to others."""
    origins = {inspect.unwrap(f) for named in _named(function) for f in _functions(named)}
    called = {f for f in origins if ".services" in f.__module__}
    return (
        frozenset(f"{f.__module__}.{f.__name__}" for f in called),
        frozenset(f for f in origins - called if _leads_on(f.__module__)),
    )


def _leads_on(module: str) -> bool:
    """Whether a function there may call a verb: not one of policy, models or forms."""
    parts = module.split(".")
    calls = {"views", "api", "audit_api", "closing_api", "cohort_api", "drawing", "export"}
    return parts[0] in OURS and parts[:2] != ["fellowship", "web"] and bool(calls & {*parts})


def _functions(found: Any) -> Iterator[FunctionType]:
    if isinstance(found, dict):
        found = [*found.values()]
    if isinstance(found, list | tuple):
        for one in found:
            yield from _functions(one)
    elif isinstance(found, FunctionType):
        yield found


def _named(function: Any) -> Iterator[Any]:
    """Whatever its source names that is known where it stands."""
    origin = inspect.unwrap(function)
    if isinstance(origin, functools.partial):
        origin = origin.func
    code = getattr(origin, "__code__", None)
    if code is None:
        return
    cells = zip(code.co_freevars, origin.__closure__ or (), strict=True)
    known = {**origin.__globals__, **{name: _held(cell) for name, cell in cells}}
    yield from (known[name] for name in code.co_freevars)
    for node in ast.walk(_source(origin)):
        if isinstance(node, ast.Name) and node.id in known:
            yield known[node.id]
        elif isinstance(node, ast.Attribute):
            yield from _attribute(node, known, origin)


def _attribute(node: ast.Attribute, known: dict[str, Any], origin: Any) -> Iterator[Any]:
    if not isinstance(node.value, ast.Name):
        return
    if node.value.id == "self":
        owner = _class_of(origin)
        if owner is not None and hasattr(owner, node.attr):
            yield getattr(owner, node.attr)
    elif isinstance(known.get(node.value.id), ModuleType):
        yield getattr(known[node.value.id], node.attr, None)


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _class_of(function: Any) -> Any:
    owner = function.__qualname__.rpartition(".")[0]
    return function.__globals__.get(owner)


@functools.cache
def _source(function: Any) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return ast.Module(body=[], type_ignores=[])
