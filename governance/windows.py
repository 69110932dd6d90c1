"""Windows as the founding rules write them."""

from __future__ import annotations

from fellowship.kernel.worktime import Window


def days(amount: int) -> Window:
    """Calendar days."""
    return Window(amount, "calendar_days")


def working(amount: int) -> Window:
    """Working days."""
    return Window(amount, "working_days")


def hours(amount: int) -> Window:
    """Hours."""
    return Window(amount, "hours")


def minutes(amount: int) -> Window:
    """Minutes."""
    return Window(amount, "minutes")
