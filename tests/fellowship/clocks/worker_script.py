"""A worker process for the tests: sweeps once; its breach handler waits when told to.

Arguments: the instant to sweep at; a file to touch inside the handler, after which it sleeps.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

import django

django.setup()

from fellowship.clocks import registry, services  # noqa: E402
from fellowship.clocks.models import Clock  # noqa: E402
from tests.fellowship.clocks.conftest import act_on  # noqa: E402


@registry.on_breach("tests.review")
def handle(clock: Clock, at: dt.datetime) -> None:
    """Leave an event, then hang in the open transaction if a file is named."""
    act_on(clock.realm)
    if len(sys.argv) > 2:
        Path(sys.argv[2]).touch()
        time.sleep(60)


registry.sweepers().clear()
services.sweep(at=dt.datetime.fromisoformat(sys.argv[1]))
