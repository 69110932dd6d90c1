"""What beat runs for the foundation."""

from __future__ import annotations

from celery import shared_task

from fellowship.kernel import blobs
from fellowship.kernel.connections import close_stale


@shared_task(name="files.clean")
def clean_files() -> None:
    """Remove files that no record names any more."""
    close_stale()
    blobs.clean()
