"""How often a process that stays looks for circles among its objects."""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 20)
"""Nearly every object goes when the last name for it does; a page makes a few hundred circles."""


def settle() -> None:
    """Call once the application is loaded: what is there by now stays, and is not looked at again.

    By Python's own numbers a worker would search some ten times a page for circles, of which the
    page has hardly any.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def settled(**_: object) -> None:
    """A process of a Celery worker has begun: `settle` as a signal calls it."""
    settle()
