"""Working time against a slow reference that walks day by day, holidays and all."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.kernel import saying
from fellowship.kernel.worktime import Window, WorkCalendar

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
DAY = dt.timedelta(days=1)
days = st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31))
calendars = st.builds(WorkCalendar, st.frozensets(days, max_size=40), st.sampled_from(ZONES))
instants = st.datetimes(timezones=st.just(dt.UTC)).map(
    lambda at: at.replace(year=2024 + at.year % 3, day=min(at.day, 28))
)


def slow_between(calendar: WorkCalendar, start: dt.datetime, end: dt.datetime) -> int:
    zone = ZoneInfo(calendar.zone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    sign = 1
    if last < day:
        day, last, sign = last, day, -1
    count = 0
    while day < last:
        day += DAY
        if day.strftime("%a") not in ("Sat", "Sun") and day not in calendar.holidays:
            count += 1
    return sign * count


def slow_add(calendar: WorkCalendar, start: dt.datetime, amount: int) -> dt.date:
    day = start.astimezone(ZoneInfo(calendar.zone)).date()
    while amount:
        day += DAY
        if day.strftime("%a") not in ("Sat", "Sun") and day not in calendar.holidays:
            amount -= 1
    return day


@given(calendars, days)
def test_a_day_ends_with_itself_and_at_the_midnight_after(
    calendar: WorkCalendar, day: dt.date
) -> None:
    end = calendar.end_of_day(day)
    assert calendar.day(end) == calendar.last_day(end) == day
    midnight = end + dt.timedelta(microseconds=1)
    assert (calendar.last_day(midnight), calendar.day(midnight)) == (day, day + DAY)


@given(calendars, instants, instants)
def test_days_between_agree_with_counting(
    calendar: WorkCalendar, start: dt.datetime, end: dt.datetime
) -> None:
    assert calendar.working_days_between(start, end) == slow_between(calendar, start, end)


@given(calendars, instants, st.integers(0, 60))
def test_adding_days_agrees_with_walking(
    calendar: WorkCalendar, start: dt.datetime, amount: int
) -> None:
    due = calendar.add_working_days(start, amount)
    local = due.astimezone(ZoneInfo(calendar.zone))
    assert local.date() == slow_add(calendar, start, amount)
    assert due.utcoffset() == dt.timedelta(0)


@given(calendars, instants, st.integers(0, 60))
def test_counting_undoes_adding(calendar: WorkCalendar, start: dt.datetime, amount: int) -> None:
    due = calendar.add_working_days(start, amount)
    assert calendar.working_days_between(start, due) == amount
    assert calendar.working_days_between(due, start) == -calendar.working_days_between(start, due)


@given(calendars, instants, st.integers(0, 60))
def test_the_time_on_the_wall_stays_unless_the_clock_skips_it(
    calendar: WorkCalendar, start: dt.datetime, amount: int
) -> None:
    zone = ZoneInfo(calendar.zone)
    for due in (
        calendar.add_working_days(start, amount),
        calendar.add_calendar_days(start, amount),
    ):
        wall, was = due.astimezone(zone), start.astimezone(zone)
        if wall.time() != was.time():
            named = dt.datetime.combine(wall.date(), was.time(), zone)
            assert named.astimezone(dt.UTC).astimezone(zone) != named  # no such time that day


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        # Friday 27 March 2026, 09:00 in Berlin, is 08:00 UTC; on Monday the clock has gone forward.
        ("2026-03-27T08:00:00+00:00", 1, "2026-03-30T07:00:00+00:00"),
        # In October it goes back.
        ("2026-10-23T07:00:00+00:00", 1, "2026-10-26T08:00:00+00:00"),
        # Thursday before Easter: Good Friday and Easter Monday do not count.
        ("2026-04-02T10:00:00+00:00", 1, "2026-04-07T10:00:00+00:00"),
        # A start on Saturday: the next working day is Monday.
        ("2026-11-21T12:00:00+00:00", 1, "2026-11-23T12:00:00+00:00"),
        ("2026-11-23T12:00:00+00:00", 0, "2026-11-23T12:00:00+00:00"),
        # 23:30 UTC on Monday is Tuesday in Berlin: the next working day is Wednesday.
        ("2026-11-23T23:30:00+00:00", 1, "2026-11-24T23:30:00+00:00"),
    ],
)
def test_known_days_in_berlin(start: str, amount: int, due: str) -> None:
    calendar = WorkCalendar(
        frozenset({dt.date(2026, 4, 3), dt.date(2026, 4, 6)}), zone="Europe/Berlin"
    )
    found = calendar.add_working_days(dt.datetime.fromisoformat(start), amount)
    assert found == dt.datetime.fromisoformat(due)


def test_a_wall_time_that_is_skipped_is_taken_at_the_offset_before() -> None:
    calendar = WorkCalendar(zone="Europe/Berlin")
    start = dt.datetime(2026, 3, 28, 1, 30, tzinfo=dt.UTC)  # 02:30 on the wall
    assert calendar.add_calendar_days(start, 1) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("day", [dt.date.min, dt.date.max])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "UTC", "Pacific/Honolulu"])
def test_every_day_there_is_has_its_end(day: dt.date, zone: str) -> None:
    end = WorkCalendar(zone=zone).end_of_day(day)
    assert abs(end - dt.datetime.combine(day, dt.time.max, dt.UTC)) < dt.timedelta(days=1)


def test_days_are_not_counted_backward() -> None:
    with pytest.raises(ValueError, match="counted forward"):
        WorkCalendar().add_working_days(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), -1)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("4 hours", "2026-11-20T16:00:00+00:00"),
        ("30 calendar days", "2026-12-20T12:00:00+00:00"),
        ("1 calendar_day", "2026-11-21T12:00:00+00:00"),
        ("5 working days", "2026-11-27T12:00:00+00:00"),
    ],
)
def test_windows_as_policies_write_them(text: str, due: str) -> None:
    start = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
    window = Window.parse(text)
    assert window.due(start, WorkCalendar()) == dt.datetime.fromisoformat(due)
    assert Window.parse(str(window)) == window


@pytest.mark.parametrize("text", ["", "days", "3 weeks", "-1 hours", "1.5 hours", "working days 3"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a window"):
        Window.parse(text)


@pytest.mark.parametrize("unit", ["minutes", "hours", "calendar_days", "working_days"])
@pytest.mark.parametrize("amount", [1, 30, 2000])
def test_a_window_is_read_as_the_language_of_the_page_says_it(amount: int, unit: Any) -> None:
    window = Window(amount, unit)
    with saying.override("de"):
        assert Window.parse(str(str(window))) == window
        assert Window.parse(saying.plain(str(window))) == window
        with pytest.raises(ValueError, match="„drei“ ist keine Frist wie „30 Kalendertage“"):
            Window.parse("drei")
