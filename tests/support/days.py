"""Days and instants in texts, watched while the tests run.

Which day an instant is depends on the place, so a text that names a day gets a `date`: of a
programme's instant by `program.day` or `last_day`. An instant is told with its hour, in UTC.
"""

from __future__ import annotations

import datetime as dt
import functools
import string
from typing import Any

import pytest

from fellowship.kernel import saying


@functools.cache
def fields(pattern: str) -> dict[str, str]:
    """What a pattern writes as a day (empty) or as an instant: what follows it there."""
    pieces = list(string.Formatter().parse(pattern))
    followed = [piece[0] for piece in pieces[1:]] + [""]
    return {
        name: after if "%H" in spec else ""
        for (_, name, spec, _), after in zip(pieces, followed, strict=True)
        if name and spec and "%" in spec
    }


def _judge(pattern: str, parts: dict[str, Any]) -> None:
    for name, after in fields(pattern).items():
        value = parts.get(name)
        if isinstance(value, dt.datetime):
            assert after, f"{name} of “{pattern}” is an instant: name its day in the programme"
            told = after.startswith(" UTC") and not value.utcoffset()
            assert told, f"{name} of “{pattern}” is told in UTC, and says so"


def watch(patch: pytest.MonkeyPatch) -> None:
    """Fail whatever says the day of an instant, or an hour of no zone."""
    made: Any = saying._Filled.of

    def of(cls: Any, text: str, many: str, n: int, parts: dict[str, Any]) -> Any:
        for pattern in filter(None, (text, many)):
            _judge(pattern, parts)
        return made.__func__(cls, text, many, n, parts)

    patch.setattr(saying._Filled, "of", classmethod(of))
