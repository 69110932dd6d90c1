"""Instants and deadlines in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from fellowship.kernel import time
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web.components import times

NOW = dt.datetime(2026, 11, 23, 14, 0, tzinfo=dt.UTC)  # a Monday


@pytest.fixture(autouse=True)
def _present() -> Iterator[None]:
    with time.frozen(NOW), timezone.override("UTC"):
        yield


def later(**parts: int) -> dt.datetime:
    return NOW + dt.timedelta(**parts)


def test_an_instant_is_shown_with_its_zone_and_kept_in_utc_for_machines() -> None:
    with timezone.override("Europe/Berlin"):
        shown = times.when(dt.datetime(2026, 7, 1, 16, 30, tzinfo=dt.UTC))
    assert shown == (
        '<time datetime="2026-07-01T16:30:00Z" title="Wednesday 1 July, 18:30:00 CEST">'
        "1 July 2026, 18:30 CEST</time>"
    )


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("full", "23 November 2026, 14:00 UTC"),
        ("long", "Monday 23 November, 14:00 UTC"),
        ("date", "23 November 2026"),
        ("short", "23 Nov"),
        ("time", "14:00 UTC"),
    ],
)
def test_styles(style: str, expected: str) -> None:
    assert times.text(NOW, style) == expected


def test_another_year_is_named_in_the_short_styles() -> None:
    assert times.text(NOW.replace(year=2025), "short") == "23 Nov 2025"


def test_a_day_without_time_is_in_no_zone() -> None:
    with timezone.override("Pacific/Kiritimati"):
        assert (
            times.when(dt.date(2026, 1, 2)) == '<time datetime="2026-01-02">2 January 2026</time>'
        )


def test_a_zone_without_a_name_is_shown_by_its_offset() -> None:
    local = NOW.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert times.zone_name(local) == "UTC+05:45"


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (later(days=8), "in 6 working days"),
        (later(days=1), "in 1 working day"),
        (later(hours=3), "in 3 hours"),
        (later(minutes=1), "in 1 minute"),
        (later(days=-4), "2 working days over"),
        (later(hours=-1), "1 hour over"),
    ],
)
def test_a_deadline_says_how_far_it_is(due: dt.datetime, expected: str) -> None:
    assert times.relative(due) == expected


def test_holidays_of_the_calendar_count() -> None:
    calendar = WorkCalendar(holidays=frozenset({dt.date(2026, 11, 24)}))
    assert times.relative(later(days=2), calendar) == "in 1 working day"


def test_a_deadline_over_a_weekend_is_told_in_days() -> None:
    saturday = dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC)
    with time.frozen(saturday):
        assert times.relative(saturday + dt.timedelta(days=1)) == "in 1 day"


@pytest.mark.parametrize(
    ("due", "tone"), [(later(days=-1), "bad"), (later(days=3), "warn"), (later(days=4), "plain")]
)
def test_a_tag_is_coloured_by_urgency(due: dt.datetime, tone: str) -> None:
    assert f'class="tag {tone}"' in times.due_tag(due)


def test_a_finished_deadline_is_a_plain_date() -> None:
    assert "tag" not in times.due_tag(later(days=-9), done=True)


def test_no_deadline_is_a_dash() -> None:
    assert times.due_tag(None) == times.due(None) == times.when(None) == "–"


LAGOS = WorkCalendar(zone="Africa/Lagos")


@pytest.mark.parametrize(
    "deadline",
    [
        dt.date(2026, 12, 4),
        WorkCalendar().end_of_day(dt.date(2026, 12, 4)),
        dt.datetime(2026, 12, 5, tzinfo=dt.UTC),
    ],
    ids=["a day", "its last instant", "the midnight after"],
)
def test_a_deadline_at_the_end_of_a_day_is_that_day_in_every_zone(deadline: dt.date) -> None:
    calendar = WorkCalendar()
    with timezone.override("Africa/Lagos"):
        assert ">4 December 2026</time>, " in times.due(deadline, calendar)
        assert 'title="Friday 4 December"' in times.due_tag(deadline, calendar)
        assert ">in 9 working days<" in times.due_tag(deadline, calendar)
        assert times.due_tag(deadline, calendar, done=True).endswith(">4 Dec</time>")


def test_a_deadline_within_a_day_is_an_instant_in_the_readers_zone() -> None:
    at = LAGOS.end_of_day(dt.date(2026, 12, 4)) - dt.timedelta(hours=3)
    assert ">4 December 2026, 19:59 UTC</time>" in times.due(at, LAGOS)


def test_recorded_instants_in_a_sentence_stand_in_the_readers_zone() -> None:
    said = "GRA-2026-001 ended on 2026-10-08 15:00 UTC."
    with timezone.override("Africa/Lagos"):
        assert times.localised(said) == "GRA-2026-001 ended on 8 October 2026, 16:00 WAT."
        said = "This call closed on 8 March 2026 at 23:30 UTC; the vote, 1 May 2026, 00:00 UTC."
        expected = "This call closed on 9 March 2026, 00:30 WAT; the vote, 1 May 2026, 01:00 WAT."
        assert times.localised(said) == expected
        for text in ("No time here.", "On 2026-13-40 25:00 UTC.", "40 May 2026 at 10:00 UTC."):
            assert times.localised(text) == text
