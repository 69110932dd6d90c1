"""Windows are exact in every zone, and hold when several people and the sweep press at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.clocks.models import Clock, ClockPause
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.kernel.worktime import Window, WorkCalendar
from publications import services
from publications.models import (
    Objection,
    Publication,
    Question,
    ReleaseLetter,
    WindowExtension,
)
from tests.governance.test_board_race import at_once
from tests.scenarios import publications as scenario
from tests.scenarios.world import World, make_world

DAY = dt.timedelta(days=1)
TICK = dt.timedelta(microseconds=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu")
FIRST = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)
STARTS = st.integers(0, 5 * 366 * 24 * 3600).map(lambda s: FIRST + dt.timedelta(seconds=s))


def slowly(start: dt.datetime, window: Window, calendar: WorkCalendar) -> dt.datetime:
    """Day by day on the wall of the zone, as a person with a paper calendar counts."""
    zone = ZoneInfo(calendar.zone)
    wall = start.astimezone(zone)
    day, left = wall.date(), window.amount
    while left:
        day += DAY
        free = day.weekday() >= 5 or day in calendar.holidays
        left -= 0 if window.unit == "working_days" and free else 1
    due = dt.datetime.combine(day, wall.time().replace(fold=0), tzinfo=zone)
    return due.astimezone(dt.UTC)


@given(
    start=STARTS,
    amount=st.integers(1, 90),
    unit=st.sampled_from(("working_days", "calendar_days")),
    zone=st.sampled_from(ZONES),
    holidays=st.frozensets(st.dates(dt.date(2023, 12, 1), dt.date(2029, 9, 30)), max_size=12),
)
def test_windows_end_where_a_paper_calendar_says(
    start: dt.datetime, amount: int, unit: Any, zone: str, holidays: frozenset[dt.date]
) -> None:
    window, calendar = Window(amount, unit), WorkCalendar(holidays, zone)
    assert window.due(start, calendar) == slowly(start, window, calendar)


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        ("Europe/Berlin", "2027-03-01T09:30:00+00:00", "2027-03-31T08:30:00+00:00"),
        ("Europe/Berlin", "2027-10-15T08:30:00+00:00", "2027-11-14T09:30:00+00:00"),
        ("UTC", "2028-02-15T12:00:00+00:00", "2028-03-16T12:00:00+00:00"),
        ("America/New_York", "2027-02-12T07:30:00+00:00", "2027-03-14T07:30:00+00:00"),
    ],
    ids=["summer-time-begins", "summer-time-ends", "leap-day", "hour-that-is-skipped"],
)
def test_thirty_days_over_a_change_of_the_clock(zone: str, start: str, due: str) -> None:
    began = dt.datetime.fromisoformat(start)
    ends = Window(30, "calendar_days").due(began, WorkCalendar(zone=zone))
    assert ends == dt.datetime.fromisoformat(due)


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def extend(work: Publication, by: Any, **values: Any) -> WindowExtension:
    assert work.window_ends_at is not None
    given = {
        "ground": "sensitive_security_detail",
        "reason": "The vendor fixes it next week.",
        "new_due": work.window_ends_at + 5 * DAY,
        **values,
    }
    return services.extend_window(publication=work, by=by, **given)


@pytest.mark.django_db
def test_a_window_is_extended_once_with_its_ground_and_never_when_over(world: World) -> None:
    work = scenario.submitted(world)
    end = work.window_ends_at
    assert end is not None
    by = world.policy_reviewer
    assert code_of(lambda: extend(work, world.reviewer)) == "wrong_role"
    assert code_of(lambda: extend(work, by, reason=" ")) == "no_reason"
    assert code_of(lambda: extend(work, by, ground="dislike")) == "no_ground"
    assert code_of(lambda: extend(work, by, new_due=end + 400 * DAY)) == "too_long"
    assert code_of(lambda: extend(work, by, owner=world.steward)) == "wrong_owner"
    with frozen(end):
        assert code_of(lambda: extend(work, by)) == "window_over"
    made = extend(work, by)
    assert (made.old_due, made.new_due, made.owner) == (end, end + 5 * DAY, by)
    again = services.extend_window(
        publication=work,
        by=by,
        ground=made.ground,
        reason=made.reason,
        new_due=made.new_due,
    )
    assert again == made
    assert code_of(lambda: extend(work, by, new_due=end + 9 * DAY)) == "extended"
    work.refresh_from_db()
    assert work.window_ends_at == made.new_due
    with frozen(end):
        assert work.effective_state() == "in_review"
    with frozen(made.new_due):
        assert work.effective_state() == "released"


@pytest.mark.django_db
def test_advice_after_its_clock_is_late_and_delays_nothing(world: World) -> None:
    work = scenario.submitted(world)
    due, end = work.advice_due_at, work.window_ends_at
    assert due is not None
    assert end is not None
    said = {"soundness": 3, "reproducibility": 3, "support": 3, "advice": "Say more."}
    with frozen(due + DAY):
        review = services.give_scientific_review(publication=work, by=world.reviewer, **said)
        assert review.late
    work.refresh_from_db()
    assert work.window_ends_at == end
    with frozen(end):
        late = (
            code_of(
                lambda: services.give_scientific_review(
                    publication=work, by=world.fresh("reviewer"), **{**said, "advice": "Again."}
                )
            )
            if not work.scientific_reviews.exists()
            else "advice_over"
        )
    assert late == "advice_over"


@pytest.mark.django_db
def test_only_the_policy_window_rests_and_only_for_the_author(world: World) -> None:
    work = scenario.submitted(world)
    services.ask_author(
        publication=work, track="scientific", question="Which seed?", by=world.reviewer
    )
    assert not ClockPause.objects.exists()
    asked = scenario.asked(world, work)
    pause = ClockPause.objects.get()
    assert asked.ref in pause.ground
    assert pause.clock.kind == services.WINDOW_CLOCK
    assert code_of(lambda: scenario.asked(world, work, question="And?")) == "question_open"
    assert code_of(lambda: extend(work, world.policy_reviewer)) == "paused"
    assert (
        code_of(lambda: services.answer_question(question=asked, answer="Yes.", by=world.manager))
        == "not_yours"
    )


def at(moment: dt.datetime, call: Any) -> Any:
    """The call as somebody makes it at `moment`."""

    def press() -> Any:
        with frozen(moment):
            return call()

    return press


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_two_reviewers_and_the_sweep_at_the_instant_the_window_ends(turn: int) -> None:
    world = make_world(f"-window-{turn}")
    work = scenario.submitted(world)
    end = work.window_ends_at
    assert end is not None
    clear = lambda: services.clear_policy_review(  # noqa: E731
        publication=work, by=world.policy_reviewer
    )
    results = at_once(
        at(end - TICK, lambda: scenario.objected(world, work)),
        at(end - TICK, clear),
        at(end, sweep),
        at(end, sweep),
    )
    work.refresh_from_db()
    with frozen(end):
        sweep()
    work.refresh_from_db()
    assert work.state == "released"
    assert ReleaseLetter.objects.filter(publication=work).count() == 1
    assert Event.objects.about(work).filter(verb="publications.release").count() == 1
    wrong = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)]
    assert not wrong, wrong
    assert not any(getattr(r, "failed", None) for r in results)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_window_extended_twice_at_once_is_extended_once() -> None:
    world = make_world("-extend")
    work = scenario.submitted(world)
    end = work.window_ends_at
    assert end is not None
    calls = [
        lambda days=days: extend(work, world.policy_reviewer, new_due=end + days * DAY)
        for days in (3, 4, 5)
    ]
    results = at_once(*calls)
    codes = Counter(r.refusal.code for r in results if isinstance(r, Refused))
    assert codes == {"extended": 2}
    assert WindowExtension.objects.count() == 1
    clock = Clock.objects.about(work).get(kind=services.WINDOW_CLOCK)
    work.refresh_from_db()
    assert clock.due_at == work.window_ends_at == WindowExtension.objects.get().new_due


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(2))
def test_contest_and_withdraw_and_the_sweep_end_in_one_state(turn: int) -> None:
    world = make_world(f"-contest-{turn}")
    objection = scenario.objected(world)
    fellow = objection.publication.fellowship.fellow
    due = objection.step_due_at
    assert due is not None
    no = lambda: services.contest_objection(  # noqa: E731
        objection=objection, by=fellow, reason="It is public."
    )
    back = lambda: services.withdraw_objection(  # noqa: E731
        objection=objection, by=world.policy_reviewer
    )
    results = at_once(at(due - TICK, no), at(due - TICK, back), at(due, sweep))
    wrong = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)]
    assert not wrong, wrong
    after = Objection.objects.get(pk=objection.pk)
    assert after.state in ("withdrawn", "accepted", "contested")
    running = Clock.objects.about(after).running().count()
    assert running == (1 if after.state == "contested" else 0)


@pytest.mark.django_db
def test_the_api_walks_the_ladder(world: World) -> None:
    from tests.publications.test_desk import as_

    objection = scenario.contested(world)
    ref, work = objection.ref, objection.publication
    url = f"/api/v1/objections/{ref}/"
    body = as_(world.reviewer_two).get(url).json()
    assert (body["state"], body["if_silent"]) == ("contested", "with_board")
    sent = as_(world.reviewer_two).post(
        f"{url}propose/",
        {"proposal": "keep", "reasons": "It is in the manual."},
        content_type="application/json",
    )
    assert sent.status_code == 200, sent.content
    refused = as_(world.policy_reviewer).post(
        f"{url}answer-proposal/", {"takes": False}, content_type="application/json"
    )
    assert refused.status_code in (409, 422)
    for who in (world.policy_reviewer, work.fellowship.fellow):
        taken = as_(who).post(
            f"{url}answer-proposal/", {"takes": True}, content_type="application/json"
        )
        assert taken.status_code == 200, taken.content
    assert as_(world.policy_reviewer).get(url).json()["state"] == "withdrawn"
    letter = f"/api/v1/publications/{work.ref}/letter/"
    assert as_(world.policy_reviewer).get(letter).status_code == 404
    assert work.window_ends_at is not None
    with frozen(work.window_ends_at):
        told = as_(world.fresh("policy_reviewer")).get(letter).json()
    assert "Nothing is withheld" in told["text"]
    assert told["recorded_at"] is None
    assert as_(world.stranger).get(url).status_code == 404
    assert Question.objects.count() == 0
    assert now() < work.window_ends_at
