"""Tests of control: each is computed anew from the record, and lists its exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oversight.audit.controls import approval, duties, expiry, removal
from oversight.audit.controls.shape import Ask, Failure, Outcome, Test

__all__ = ["TESTS", "Ask", "Failure", "Outcome", "Test"]

TESTS: Final[Mapping[str, Test]] = {
    test.key: test for test in (approval.TEST, removal.TEST, duties.TEST, expiry.TEST)
}
