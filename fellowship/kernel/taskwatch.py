"""What is seen of background tasks: lines that name the task and the request behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from celery import signals

from fellowship.kernel import logs

HEADER: Final = "fellowship_request"
Heard = Callable[[str, bool, float], object]
_heard: list[Heard] = []
_began: dict[str, tuple[Any, float]] = {}


def hear(function: Heard) -> Heard:
    """Let `function(task, went_well, seconds)` know of each task that ended; a decorator."""
    if function not in _heard:
        _heard.append(function)
    return function


def ended(task: str, went_well: bool, seconds: float) -> None:
    """Tell that a task ran, however it was begun."""
    for function in _heard:
        function(task, went_well, seconds)


def watch() -> None:
    """Connect to Celery, once."""
    signals.before_task_publish.connect(_sent, dispatch_uid="fellowship.taskwatch.sent")
    signals.task_prerun.connect(_begins, dispatch_uid="fellowship.taskwatch.begins")
    signals.task_postrun.connect(_ends, dispatch_uid="fellowship.taskwatch.ends")


def _sent(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """The request that sends a task goes with it."""
    if headers is not None and (request := logs.about().get("request")):
        headers[HEADER] = request


def _begins(task_id: str = "", task: Any = None, **_: Any) -> None:
    request = getattr(task.request, HEADER, None) or (task.request.headers or {}).get(HEADER)
    told = {"task": task.name, "task_id": task_id}
    during = logs.during(**told, **({"request": request} if request else {}))
    during.__enter__()
    _began[task_id] = (during, time.monotonic())


def _ends(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    during, began = _began.pop(task_id, (None, 0.0))
    if during is None:
        return
    try:
        ended(task.name, state == "SUCCESS", time.monotonic() - began)
    finally:
        during.__exit__(None, None, None)
