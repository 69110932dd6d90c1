"""The project's own settings in a process that a test starts, with the tests' watch on days."""

from __future__ import annotations

import pytest

from fellowship.settings import *  # noqa: F403
from tests.support import days

days.watch(pytest.MonkeyPatch())
