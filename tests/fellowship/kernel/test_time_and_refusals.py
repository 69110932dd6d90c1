"""The one clock, and refusals."""

from __future__ import annotations

import datetime as dt

import pytest

from fellowship.kernel.refusals import Refusal, Refused, first, refuse
from fellowship.kernel.time import frozen, now, parse_instant, set_now

AT = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


def test_time_runs_unless_it_is_set() -> None:
    before = dt.datetime.now(dt.UTC)
    assert before <= now() <= dt.datetime.now(dt.UTC)
    with frozen(AT):
        assert now() == AT
        with frozen(AT + dt.timedelta(days=1)):
            assert now().day == 24
        assert now() == AT
    set_now(AT.astimezone(dt.timezone(dt.timedelta(hours=1))))
    assert now() == AT
    assert now().utcoffset() == dt.timedelta(0)
    set_now(None)
    assert now() >= before


def test_an_instant_needs_its_zone() -> None:
    assert parse_instant(" 2026-11-23T10:00:00+01:00 ") == AT
    assert parse_instant("2026-11-23T09:00Z") == AT
    for text in ("2026-11-23T09:00", "2026-11-23", "soon", ""):
        with pytest.raises(ValueError):
            parse_instant(text)
    with pytest.raises(ValueError, match="no time zone"):
        set_now(dt.datetime(2026, 1, 1))  # noqa: DTZ001


def test_refusals_are_raised_and_collected() -> None:
    one, two = Refusal("one", "First."), Refusal("two", "Second.", rule="a rule")
    refuse(None)
    with pytest.raises(Refused, match="First") as caught:
        refuse(first(None, one, two))
    assert caught.value.refusal is one
    assert first(None, None) is None
