"""What every task is, and what beat runs for the foundation."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from fellowship.kernel import blobs
from fellowship.kernel.connections import close_stale
from fellowship.kernel.frames import roomy


class Roomy(Task[..., Any]):
    """A task with room for the frames of what it calls, as a request has."""

    __call__ = roomy(Task.__call__)


@shared_task(name="files.clean")
def clean_files() -> None:
    """Remove files that no record names any more."""
    close_stale()
    blobs.clean()
