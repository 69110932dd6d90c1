"""The interval of a share."""

from __future__ import annotations

import pytest

from fellowship.kernel.shares import wilson


def test_the_wilson_interval() -> None:
    assert wilson(41, 60) == pytest.approx((0.5576623, 0.7869413), abs=1e-6)  # statsmodels
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 60)[0] == 0.0
    assert wilson(60, 60)[1] == 1.0
