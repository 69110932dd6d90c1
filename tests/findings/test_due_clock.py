"""The due clock: re-rated, paused, overdue step by step, and equal to a slow reference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.kernel.worktime import Window, WorkCalendar
from fellowship.notices.models import Notice
from findings import duetimes, duework, services
from findings.models import DuePause, DueSegment, Finding, Overdue
from tests.scenarios import findings as scenario
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
MARCH = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def fresh(finding: Finding) -> Finding:
    rows = Finding.objects.select_related("program", "fellowship__fellow", "product_owner")
    return rows.get(pk=finding.pk)


def due(finding: Finding) -> dt.datetime:
    at = fresh(finding).due_at
    assert at is not None
    return at


def taken(world: World, **values: Any) -> Finding:
    return services.take_finding(finding=scenario.reported(world, **values), by=world.product_owner)


def rerate(world: World, finding: Finding, severity: str, **values: Any) -> Finding:
    said = {"by": world.product_owner, "reason": "Seen live.", "evidence": "Log 7.", **values}
    return services.rerate_finding(finding=finding, severity=severity, **said)


def pause(world: World, finding: Finding, days: float, waits_on: str = "fellow") -> Finding:
    return services.pause_finding(
        finding=finding,
        until=now() + days * DAY,
        waits_on=waits_on,
        reason="Which of the two?",
        by=world.product_owner,
    )


@contextmanager
def later(finding: Finding, days: float) -> Iterator[dt.datetime]:
    with frozen(finding.reported_at + days * DAY) as at:
        yield at


def test_the_due_time_is_counted_from_the_report_after_a_change_of_severity(world: World) -> None:
    finding = taken(world)
    calendar = finding.program.calendar()
    reported = DueSegment.objects.get(finding=finding).counts_from
    with later(finding, 1):
        rerate(world, finding, "low")
        assert due(finding) == calendar.add_working_days(reported, 20)
        rerate(world, finding, "high", reason="Worse again.")
        assert due(finding) == calendar.add_working_days(reported, 3)
    rows = list(DueSegment.objects.filter(finding=finding).values_list("why", "severity", "grace"))
    assert rows == [
        ("reported", "medium", False),
        ("rerated", "low", False),
        ("rerated", "high", False),
    ]
    assert Clock.objects.about(finding).open().get().due_at == due(finding)
    assert fresh(finding).severity_rank == 3


def test_nothing_becomes_overdue_by_a_change_of_severity_without_being_told(world: World) -> None:
    finding = taken(world)
    before = due(finding)
    with later(finding, 6) as at:
        with pytest.raises(Refused) as refused:
            rerate(world, finding, "high")
        assert (refused.value.refusal.code, refused.value.refusal.field) == (
            "confirm_due",
            "confirmed",
        )
        assert fresh(finding).severity == "medium"
        rerate(world, finding, "high", confirmed=True)
        segment = DueSegment.objects.get(finding=finding, ended_at=None)
        wanted = min(before, finding.program.calendar().add_working_days(at, 3))
        assert (segment.grace, segment.due_at) == (True, wanted)
        assert segment.by_rule_at <= at < segment.due_at
        assert not Finding.objects.overdue().exists()
        events = Event.objects.count()
        rerate(world, finding, "high", confirmed=True)
        assert Event.objects.count() == events
    told = Notice.objects.filter(recipient=finding.fellowship.fellow).latest("id")
    assert "severity changed, Medium → High" in told.title


def test_what_was_overdue_before_stays_so_whatever_its_severity(world: World) -> None:
    finding = taken(world)
    before = due(finding)
    with later(finding, 60):
        sweep()
        rerate(world, finding, "critical")
        assert due(finding) == before
        assert Finding.objects.overdue().get() == finding
        assert DueSegment.objects.filter(finding=finding).count() == 2
        sweep()
        assert Overdue.objects.count() == 2
        services.accept_finding(
            finding=finding, by=world.product_owner, reason="Yes.", mapping="control"
        )
        assert not Finding.objects.overdue().exists()


def test_who_may_change_a_severity(world: World) -> None:
    finding = taken(world, severity="high")
    assert code_of(lambda: rerate(world, finding, "low")) == "separation"
    assert code_of(lambda: rerate(world, finding, "low", by=world.mentor)) == "wrong_role"
    assert code_of(lambda: rerate(world, finding, "high")) == "same"
    assert code_of(lambda: rerate(world, finding, "critical", reason=" ")) == "no_rationale"
    assert code_of(lambda: rerate(world, finding, "critical", evidence="")) == "no_evidence"
    assert rerate(world, finding, "low", by=world.oncall).severity == "low"


def test_a_pause_moves_the_due_time_and_is_over_by_itself(world: World) -> None:
    finding = taken(world)
    before, calendar = due(finding), finding.program.calendar()
    with later(finding, 1) as at:
        pause(world, finding, 4)
        until = at + 4 * DAY
        days = calendar.working_days_between(at, until)
        moved = calendar.add_working_days(before, days)
        assert due(finding) == moved
        events = Event.objects.count()
        pause(world, finding, 4)
        assert Event.objects.count() == events
        assert code_of(lambda: rerate(world, finding, "low")) == "paused"
    with later(finding, 5.5):  # over, though no sweep has come by
        assert fresh(finding).standing_still(now()) is None
        assert Clock.objects.about(finding).open().get().paused_at is not None
    with later(finding, 40):  # a worker dead for a month
        sweep()
        sweep()
        stretch = DuePause.objects.get()
        assert (stretch.ended_at, stretch.due_after) == (until, moved)
        assert (due(finding), Clock.objects.about(finding).open().get().due_at) == (moved, moved)
        assert Event.objects.filter(verb="findings.pause_over").count() == 1


def test_resumed_early_it_counts_only_what_was_paused(world: World) -> None:
    finding = taken(world)
    before, calendar = due(finding), finding.program.calendar()
    with later(finding, 1) as at:
        pause(world, finding, 6)
    with later(finding, 3) as resumed:
        services.resume_finding(finding=finding, by=world.product_owner)
        services.resume_finding(finding=finding, by=world.product_owner)
        days = calendar.working_days_between(at, resumed)
        assert due(finding) == calendar.add_working_days(before, days)
        work = duework.of(fresh(finding), calendar)
        assert (work.with_fellow, work.with_others, work.pause) == (days, 0, None)
        total = calendar.working_days_between(finding.reported_at, resumed)
        assert work.with_us == total - days


def test_the_clock_stands_still_no_longer_than_the_rule_allows_in_all(world: World) -> None:
    finding = taken(world)  # medium: ten working days
    with later(finding, 0.5):
        assert code_of(lambda: pause(world, finding, 30)) == "not_within_rule"
        assert code_of(lambda: pause(world, finding, -1)) == "not_within_rule"
        assert code_of(lambda: pause(world, finding, 3, "nobody")) == "no_holder"
        pause(world, finding, 12)  # nine or ten working days, whatever day it is
    with later(finding, 14):
        assert code_of(lambda: pause(world, finding, 8)) in ("not_within_rule", "paused_enough")
        rerate(world, finding, "low")  # asks nothing anew: what was paused stays counted
        assert duework.of(fresh(finding), WorkCalendar()).with_fellow > 0
    with later(finding, 60):
        assert code_of(lambda: pause(world, finding, 1)) == "window_over"


def test_overdue_goes_to_the_owner_then_to_the_sponsor_once_each(world: World) -> None:
    finding = taken(world)
    calendar, at = finding.program.calendar(), due(finding)
    sponsor_at = calendar.add_working_days(at, 5)

    def told() -> list[tuple[str, str]]:
        rows = Notice.objects.filter(kind="findings.overdue").order_by("id")
        return [(n.recipient.username, n.title[:9]) for n in rows.select_related("recipient")]

    with frozen(at - dt.timedelta(seconds=1)):
        sweep()
        assert told() == []
    with frozen(at):
        sweep()
        sweep()
        assert [name for name, _ in told()] == ["product-owner"]
    with frozen(sponsor_at - dt.timedelta(seconds=1)):
        sweep()
        assert len(told()) == 1
    with frozen(sponsor_at):
        sweep()
        sweep()
        assert [name for name, _ in told()] == ["product-owner", "sponsor"]
    with frozen(at - DAY):  # a clock that jumps back and forth
        sweep()
    with frozen(sponsor_at + 90 * DAY):
        sweep()
    assert len(told()) == 2
    assert Event.objects.filter(verb="findings.overdue").count() == 2


def test_disposed_of_in_time_nobody_hears_and_a_new_due_time_is_told_anew(world: World) -> None:
    finding = taken(world)
    with frozen(due(finding) + DAY):
        sweep()
        services.accept_finding(
            finding=finding, by=world.product_owner, reason="Yes.", mapping="control"
        )
    with frozen(due(finding) - DAY):
        sweep()
        assert Overdue.objects.count() == 1  # the sponsor never heard of the first
    with frozen(due(finding) + 60 * DAY):
        sweep()
        assert Overdue.objects.filter(due_at=due(finding)).count() == 2


# --- the arithmetic, against a reference that walks day by day


def walked(
    start: dt.datetime, days: int, calendar: WorkCalendar, pauses: list[tuple[int, int]]
) -> dt.date:
    """The day on which a window of working days ends: one day after the other, by hand.

    A pause, in days after the start, gives back each working day after its first until its last.
    """
    first = calendar.local(start).date()
    day, left = first, days
    given = 0
    for begun, ended in pauses:
        for offset in range(begun + 1, ended + 1):
            given += calendar.is_working(first + offset * DAY)
    left += given
    while left:
        day += DAY
        left -= calendar.is_working(day)
    return day


ZONES = st.sampled_from(["UTC", "Europe/London", "America/New_York", "Pacific/Auckland"])
HOLIDAYS = st.frozensets(st.dates(dt.date(2026, 3, 1), dt.date(2026, 5, 1)), min_size=0, max_size=8)


@given(
    minutes=st.integers(0, 45 * 24 * 60),
    days=st.integers(1, 20),
    zone=ZONES,
    holidays=HOLIDAYS,
    cuts=st.lists(st.integers(0, 30), max_size=6, unique=True),
)
@example(28 * 24 * 60 + 90, 1, "Europe/London", frozenset(), [])
@example(27 * 24 * 60 + 90, 1, "Europe/London", frozenset(), [0, 3])
def test_windows_and_pauses_agree_with_a_walk_over_the_days(
    minutes: int,
    days: int,
    zone: str,
    holidays: frozenset[dt.date],
    cuts: list[int],
) -> None:
    at, calendar = MARCH + dt.timedelta(minutes=minutes), WorkCalendar(holidays, zone)
    edges = sorted(cuts)
    pauses = list(zip(edges[::2], edges[1::2], strict=False))
    spans = [
        (calendar.add_calendar_days(at, a), calendar.add_calendar_days(at, b)) for a, b in pauses
    ]
    found = duetimes.counted(at, Window(days, "working_days"), calendar, spans)
    assert calendar.local(found).date() == walked(at, days, calendar, pauses)
    # never by more than an hour's shift of the wall, and never before what it was without
    assert found >= duetimes.counted(at, Window(days, "working_days"), calendar)


@given(
    elapsed=st.integers(0, 40),
    old=st.integers(1, 20),
    new=st.integers(1, 20),
    holidays=HOLIDAYS,
)
def test_a_change_of_severity_never_makes_overdue_and_never_gives_more_than_the_rule(
    elapsed: int, old: int, new: int, holidays: frozenset[dt.date]
) -> None:
    start, calendar = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), WorkCalendar(holidays)
    at = start + elapsed * DAY
    before, window = calendar.add_working_days(start, old), Window(new, "working_days")
    found = duetimes.rerated(
        at=at,
        counts_from=start,
        window=window,
        calendar=calendar,
        pauses=(),
        before=before,
    )
    by_rule = calendar.add_working_days(start, new)
    assert found.by_rule == by_rule
    if by_rule > at:
        assert (found.at, found.grace, found.stays) == (by_rule, False, False)
    elif before <= at:
        assert (found.at, found.grace, found.stays) == (before, False, True)
    else:
        assert at < found.at <= before
        assert found.at <= window.due(at, calendar)
        assert found.grace
