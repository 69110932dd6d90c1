"""Room for frames: no depth at which calls cost many times what they cost elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from celery import current_app

from fellowship.kernel.frames import roomy
from fellowship.kernel.tasks import Roomy

DEPTHS = range(0, 600, 2)
"""Some hundred frames fill a piece of 16 kB: so many depths meet several ends."""


def _nothing(a: int, b: int) -> int:
    return a + b


def _spent() -> float:
    began = time.perf_counter()
    for _ in range(100):
        _nothing(1, 2)
    return time.perf_counter() - began


def _at(depth: int, work: Callable[[], float]) -> float:
    return _at(depth - 1, work) if depth else work()


def _dearest() -> float:
    """What calls cost at the dearest depth, as a multiple of the usual one; the best of several."""
    spent = [min(_at(depth, _spent) for _ in range(7)) for depth in DEPTHS]
    return max(spent) / sorted(spent)[len(spent) // 2]


def test_calls_cost_the_same_at_every_depth() -> None:
    assert roomy(_dearest)() < 5


def test_it_is_the_function_it_holds() -> None:
    held = roomy(_nothing)
    assert held(1, b=2) == 3
    assert held.__name__ == "_nothing"


def test_pages_and_tasks_have_room(settings: Any) -> None:
    first = settings.MIDDLEWARE[0]
    assert first == f"{roomy.__module__}.{roomy.__qualname__}"
    ours = [task for task in current_app.tasks.values() if not task.name.startswith("celery.")]
    assert ours
    assert all(isinstance(task, Roomy) for task in ours)
