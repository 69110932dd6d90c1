"""What time does to what the API remembers."""

from __future__ import annotations

import datetime as dt

from fellowship.clocks.registry import sweeper
from fellowship.web.api import idempotency


@sweeper("web.answers")
def forget_answers(at: dt.datetime) -> int:
    """Remove kept answers whose time is over."""
    return idempotency.forget(at)
