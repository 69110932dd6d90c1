"""A worker process for the tests: sweeps once; where a file is named it hangs in the middle.

Arguments: the instant to sweep at; a file to touch once a page is written but not committed, after
which it sleeps.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from fellowship.clocks import services  # noqa: E402
from governance.services import paging  # noqa: E402

if len(sys.argv) > 2:
    carry = paging._carry

    def hang(*args: Any) -> None:
        """Do what is to be done, and never come to its end."""
        carry(*args)
        Path(sys.argv[2]).touch()
        time.sleep(120)

    paging._carry = hang

services.sweep(at=dt.datetime.fromisoformat(sys.argv[1]))
