"""Reading JSON into frozen dataclasses, strictly: what is unknown, missing or ill-typed is refused.

Only what rules need: text, whole numbers, truth, windows, lists, mappings, literals, choices,
values with a `parse` of their own, and dataclasses of these.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from fellowship.kernel.saying import joined, say
from fellowship.kernel.worktime import Window

T = TypeVar("T")


class BadParameter(ValueError):
    """A value that does not fit; `path` names it: `windows.vulnerability`."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path}: {text}" if path else text)
        self.path = path
        self.text = text


@functools.cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def read(cls: type[T], value: Any, path: str = "") -> T:
    """`value` (plain JSON) as a `cls`. Raises BadParameter with the path of the first misfit."""
    if not isinstance(value, Mapping):
        raise BadParameter(path, say("must be a group of named values"))
    hints = _hints(typing.cast("Any", cls))
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in value:
        if key not in fields:
            raise BadParameter(_join(path, str(key)), say("is not a known parameter"))
    for key in fields:
        if key not in value:
            raise BadParameter(_join(path, key), say("is missing"))
    made = {key: _read(hints[key], value[key], _join(path, key)) for key in fields}
    try:
        return cls(**made)
    except BadParameter as error:
        raise BadParameter(_join(path, error.path), error.text) from error


def choices(cls: Any, path: Sequence[str | int]) -> tuple[str, ...]:
    """The values that fit at a path into a `cls`, where they are a closed list; else none."""
    hint: Any = cls
    for step in path:
        if typing.get_origin(hint) in (dict, Mapping):
            hint = typing.get_args(hint)[1]
        elif isinstance(step, int):
            hint = typing.get_args(hint)[0]
        elif dataclasses.is_dataclass(hint):
            hint = _hints(typing.cast("Any", hint)).get(step)
        else:
            return ()
    if typing.get_origin(hint) is typing.Literal:
        return tuple(map(str, typing.get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return tuple(str(member.value) for member in hint)
    return ()


def write(value: Any) -> Any:
    """A parameter dataclass as plain JSON; `read` gives it back."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if hasattr(type(value), "parse"):
            return str(value)
        return {f.name: write(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): write(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [write(item) for item in value]
    if isinstance(value, (enum.Enum, Fraction)):
        return str(value)
    return value


def _read(hint: Any, value: Any, path: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return tuple(
            _read(args[0], item, f"{path}[{i}]") for i, item in enumerate(_list(value, path))
        )
    if origin in (dict, Mapping) or origin is typing.get_origin(Mapping[str, int]):
        if not isinstance(value, Mapping):
            raise BadParameter(path, say("must be a group of named values"))
        return {str(k): _read(args[1], item, _join(path, str(k))) for k, item in value.items()}
    if origin is typing.Literal:
        return _choice(value, args, path)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _read(args[0], value, path)
    return _scalar(hint, value, path)


def _scalar(hint: Any, value: Any, path: str) -> Any:
    if hint is Window or hasattr(hint, "parse"):
        return _parsed(hint, value, path)
    if dataclasses.is_dataclass(hint):
        return read(typing.cast("type[Any]", hint), value, path)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(_choice(value, tuple(str(member.value) for member in hint), path))
    names = {int: say("a whole number"), bool: say("yes or no"), str: "text"}
    if hint not in names:
        raise TypeError(f"{hint} is no type of a parameter")
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise BadParameter(path, say("must be {names}", names=names[hint]))
    if hint is int and value < 0:
        raise BadParameter(path, say("must not be negative"))
    return value


def _parsed(hint: Any, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise BadParameter(path, say("must be text"))
    try:
        return hint.parse(value)
    except ValueError as error:
        raise BadParameter(path, error.args[0]) from error


def _choice(value: Any, allowed: tuple[Any, ...], path: str) -> Any:
    if not isinstance(value, str) or value not in allowed:
        raise BadParameter(path, say("must be one of {map}", map=joined(", ", map(str, allowed))))
    return value


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise BadParameter(path, say("must be a list"))
    return list(value)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
