"""Who is on call: derived from rota, absences and overrides; told once; handed over."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from fellowship.accounts.models import User
from fellowship.accounts.services import end_role
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Missing, Refused
from fellowship.kernel.time import frozen
from fellowship.kernel.worktime import WorkCalendar
from fellowship.notices.models import Notice
from governance import roster, services
from governance.models import OncallAbsence, Rota, RotaMember, Watch
from tests.scenarios.oncall import colleague, first_line, second_line
from tests.scenarios.world import SETUP, World

MONDAY = dt.datetime(2094, 3, 1, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WEEK = 7 * DAY


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    """All of this happens on a Monday in March, a few weeks before the clocks change."""
    with frozen(MONDAY):
        yield


def called(world: World, at: dt.datetime, line: int = 1) -> User | None:
    return roster.read(world.program, at).duty(line, at)[0]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def test_members_take_turns_that_change_at_the_same_hour_of_the_wall(world: World) -> None:
    first_line(world)
    other = colleague(world)
    expected = [world.oncall, other, world.oncall, other, world.oncall]
    assert [called(world, MONDAY + n * WEEK) for n in range(5)] == expected
    assert called(world, MONDAY + WEEK - dt.timedelta(seconds=1)) == world.oncall
    assert called(world, MONDAY - dt.timedelta(seconds=1)) is None


def test_a_turn_begins_at_the_same_hour_when_the_clocks_change(world: World) -> None:
    first_line(world)
    found = roster.read(world.program, MONDAY + 2 * WEEK, 4 * WEEK)
    found.calendar = WorkCalendar(zone="Europe/Berlin")
    starts = [found.calendar.local(t.starts_at).hour for t in found.turns(1, MONDAY, found.until)]
    assert set(starts) == {10}
    assert len(starts) >= 6


def test_the_next_takes_the_turn_of_who_is_away_and_gives_it_back(world: World) -> None:
    first_line(world)
    away = {"starts_at": MONDAY + DAY, "ends_at": MONDAY + 3 * DAY, "by": world.oncall}
    absence = services.be_away(program=world.program, user=world.oncall, **away)
    assert services.be_away(program=world.program, user=world.oncall, **away) == absence
    found = roster.read(world.program, MONDAY)
    turns = found.turns(1, MONDAY, MONDAY + WEEK)
    other = colleague(world)
    assert [(t.user, t.starts_at, t.why) for t in turns] == [
        (world.oncall, MONDAY, ""),
        (other, MONDAY + DAY, f"{world.oncall} is away"),
        (world.oncall, MONDAY + 3 * DAY, ""),
    ]
    services.cancel_away(absence=absence, by=world.manager)
    services.cancel_away(absence=absence, by=world.manager)
    assert called(world, MONDAY + DAY) == world.oncall


def test_whoever_stands_in_is_called_before_the_rota(world: World) -> None:
    first_line(world)
    other = colleague(world)
    period = {"starts_at": MONDAY, "ends_at": MONDAY + DAY, "reason": "A wedding."}
    override = services.stand_in(program=world.program, user=other, by=world.oncall, **period)
    assert services.stand_in(program=world.program, user=other, by=world.oncall, **period) == (
        override
    )
    assert called(world, MONDAY) == other
    assert called(world, MONDAY + DAY) == world.oncall
    assert Notice.objects.filter(kind="governance.on_call", recipient=other).count() == 1
    services.cancel_stand_in(override=override, by=other)
    assert called(world, MONDAY) == world.oncall


def test_nobody_is_called_whose_role_has_ended(world: World) -> None:
    first_line(world)
    assignment = world.oncall.role_assignments.get()
    end_role(assignment=assignment, by=SETUP, reason="Left the company.")
    assert called(world, MONDAY + dt.timedelta(minutes=1)) == colleague(world)


def test_with_everybody_away_a_line_calls_nobody_and_the_next_line_counts(world: World) -> None:
    first_line(world, members=[world.oncall])
    second_line(world)
    away = {"starts_at": MONDAY, "ends_at": MONDAY + DAY, "by": world.oncall}
    services.be_away(program=world.program, user=world.oncall, **away)
    found = roster.read(world.program, MONDAY)
    assert found.duty(1, MONDAY) == (None, world.oncall, "Everybody is away")
    assert found.calling_order(MONDAY) == [world.chair]


def test_a_changed_line_takes_over_and_the_past_stays(world: World) -> None:
    first = first_line(world)
    assert first_line(world, starts_at=first.starts_at) == first
    changed = first_line(world, members=[world.chair], starts_at=MONDAY + WEEK)
    first.refresh_from_db()
    assert first.ended_at == changed.starts_at
    assert called(world, MONDAY + WEEK - dt.timedelta(seconds=1)) == world.oncall
    assert called(world, MONDAY + WEEK) == world.chair
    services.end_rota(rota=changed, by=world.manager)
    services.end_rota(rota=changed, by=world.manager)
    assert called(world, MONDAY + WEEK) is None


def test_what_makes_no_rota_is_refused(world: World) -> None:
    for values, code in (
        ({"by": world.mentor}, "wrong_role"),
        ({"members": []}, "no_members"),
        ({"members": [world.oncall, world.oncall]}, "twice"),
        ({"members": [world.applicant]}, "wrong_role"),
        ({"every_days": 0}, "turn_length"),
        ({"line": 9}, "no_such_line"),
        ({"name": " "}, "no_name"),
        ({"starts_at": MONDAY + 400 * DAY}, "too_far"),
    ):
        assert refused(lambda values=values: first_line(world, **values)) == code
    first_line(world)
    assert refused(lambda: first_line(world, name="x", starts_at=MONDAY - WEEK)) == "in_the_past"


def test_what_makes_no_absence_and_nobody_stand_in_is_refused(world: World) -> None:
    first_line(world)
    period = {"starts_at": MONDAY, "ends_at": MONDAY + DAY}
    away = {"program": world.program, "user": world.oncall, **period}
    stand = {**away, "reason": "x"}
    for call, code in (
        (lambda: services.be_away(**away, by=world.mentor), "wrong_role"),
        (lambda: services.be_away(**{**away, "user": world.mentor}, by=world.oncall), "wrong_role"),
        (lambda: services.be_away(**{**away, "ends_at": MONDAY}, by=world.oncall), "ends_first"),
        (lambda: services.stand_in(**stand, by=world.steward), "wrong_role"),
        (lambda: services.stand_in(**{**stand, "reason": " "}, by=world.oncall), "no_reason"),
        (lambda: services.stand_in(**{**stand, "line": 2}, by=world.oncall), "no_such_line"),
        (
            lambda: services.stand_in(**{**stand, "user": world.mentor}, by=world.oncall),
            "wrong_role",
        ),
    ):
        assert refused(call) == code


def test_the_database_holds_the_rota_together(world: World) -> None:
    rota = first_line(world)
    values = {"program": world.program, "user": world.oncall, "starts_at": MONDAY}
    rows: tuple[Any, ...] = (
        Rota(program=world.program, name="x", line=1, starts_at=MONDAY, every_days=7),
        Rota(program=world.program, name="x", line=6, starts_at=MONDAY, every_days=7),
        RotaMember(rota=rota, user=world.oncall, position=7),
        OncallAbsence(ends_at=MONDAY, **values),
        Watch(line=1, ends_at=MONDAY, **values),
    )
    for row in rows:
        with pytest.raises(IntegrityError), journal.acting("tests.write", by=SETUP):
            row.save()


def test_a_turn_that_begins_is_told_once_however_often_the_sweep_runs(world: World) -> None:
    first_line(world)
    services.hand_over(
        program=world.program, line=1, text="The gateway is fragile.", by=world.oncall
    )
    for _ in range(2):
        sweep(MONDAY + WEEK)
    other = colleague(world)
    watch = Watch.objects.get(user=other)
    told = Notice.objects.get(kind="governance.on_call", recipient=other)
    assert told.title.startswith("You are on call until 15 March 2094, 09:00 UTC")
    assert "The gateway is fragile." in told.body
    assert Event.objects.filter(verb="governance.begin_watch").count() == 1
    with frozen(MONDAY + WEEK):
        for _ in range(2):
            services.take_over(watch=watch, by=other)
        with pytest.raises(Missing):
            services.take_over(watch=watch, by=world.oncall)
    assert Event.objects.filter(verb="governance.take_over").count() == 1


def test_after_a_month_without_a_worker_only_the_present_turn_is_told(world: World) -> None:
    first_line(world)
    sweep(MONDAY + 4 * WEEK)
    assert [w.user for w in Watch.objects.all()] == [world.oncall]
    assert Notice.objects.filter(kind="governance.on_call").count() == 1


def test_a_line_of_one_begins_a_turn_each_time_and_no_more(world: World) -> None:
    first_line(world, members=[world.oncall])
    for hours in range(0, 24 * 15, 12):
        sweep(MONDAY + dt.timedelta(hours=hours))
    assert Watch.objects.count() == 3


def test_who_hands_over_and_what_is_said(world: World) -> None:
    first_line(world)
    hand = {"program": world.program, "line": 1}
    assert refused(lambda: services.hand_over(**hand, text="x", by=world.steward)) == "wrong_role"
    assert refused(lambda: services.hand_over(**hand, text=" ", by=world.oncall)) == "no_text"
    first = services.hand_over(**hand, text="One.", by=world.oncall)
    assert services.hand_over(**hand, text="One.", by=world.oncall) == first
    second = services.hand_over(**hand, text="Two.", by=world.manager)
    assert (second.pk, second.user, second.handover) == (first.pk, colleague(world), "Two.")


def test_a_line_of_one_hands_over_to_nobody(world: World) -> None:
    first_line(world, members=[world.oncall])
    hand = {"program": world.program, "line": 1, "text": "x", "by": world.oncall}
    assert refused(lambda: services.hand_over(**hand)) == "no_next"


class Someone:
    """A stand-in for a person: the arithmetic asks for nothing but the key."""

    def __init__(self, pk: int) -> None:
        self.pk = pk

    def __str__(self) -> str:
        return f"person {self.pk}"


PERIODS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 500), st.integers(1, 200)), max_size=5
)


@given(
    size=st.integers(1, 4),
    every=st.integers(1, 9),
    away=PERIODS,
    able=st.sets(st.integers(0, 3)),
)
def test_turns_cover_the_time_without_gap_and_agree_with_each_instant(
    size: int, every: int, away: list[tuple[int, int, int]], able: set[int]
) -> None:
    people: Any = [Someone(pk) for pk in range(size)]
    rota = Rota(pk=1, name="x", line=1, starts_at=MONDAY, every_days=every)
    absences = [
        OncallAbsence(
            user_id=pk,
            starts_at=MONDAY + dt.timedelta(hours=start),
            ends_at=MONDAY + dt.timedelta(hours=start + length),
        )
        for pk, start, length in away
    ]
    until = MONDAY + 20 * DAY
    found = roster.Roster(
        program=None,  # type: ignore[arg-type]
        calendar=WorkCalendar(zone="Europe/Berlin"),
        rotas=[rota],
        overrides=[],
        absences=absences,
        able=able,
        since=MONDAY - DAY,
        until=until,
        members={1: people},
    )
    turns = found.turns(1, MONDAY, until)
    assert turns[0].starts_at == MONDAY
    assert turns[-1].ends_at == until
    for turn, after in itertools.pairwise(turns):
        assert turn.ends_at == after.starts_at
    for hour in range(0, 20 * 24, 7):
        at = MONDAY + dt.timedelta(hours=hour)
        turn = next(t for t in turns if t.starts_at <= at < t.ends_at)
        assert turn.user is found.duty(1, at)[0]
        free = [p for p in people if found.free(p, at)]
        assert (turn.user is None) == (not free)
        assert set(found.calling_order(at)) == set(free)
