"""What day it is, is told by the programme's own zone: far east of UTC it is tomorrow already, far
west yesterday still.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoDbBlocker

from fellowship.accounts.models import User
from fellowship.clocks.models import Clock
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.web import work
from findings.judging import judge
from findings.models import Control
from oversight import services as oversight
from oversight.cohort_review import times
from oversight.office import stalls
from oversight.office.figures import View
from proposals import services as proposals
from publications import services as publications
from publications.models import Publication
from publications.views.agreements import _in_time
from scoping import services as scoping
from scoping.models import Fellowship, Training
from tests.scenarios import findings as controls
from tests.scenarios import publications as works
from tests.scenarios.proposals import submitted_proposal
from tests.scenarios.scoping import founded_fellowship, signed_fellowship
from tests.scenarios.world import SETUP, World
from tests.support import kept

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Pacific/Auckland")
WEST = ZoneInfo("Pacific/Honolulu")


def move(world: World, zone: ZoneInfo) -> None:
    """The programme's people live there from now on."""
    with journal.acting("tests.move", by=SETUP):
        world.program.zone = str(zone)
        world.program.save()
        journal.record(subject=world.program)


def month_after(day: dt.date) -> dt.date:
    """The first day of the month after that of the day."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def page(user: User, path: str, status: int = 200, **posted: str) -> str:
    """What the person reads there, once they sent what is given."""
    client = Client()
    client.force_login(user)
    answer = client.post(path, posted) if posted else client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


@dataclass
class Tomorrow:
    """The first of a month in the programme, while in UTC the month before ends."""

    day: dt.date
    case: Fellowship
    work: Publication
    control: Control

    def begun(self) -> dt.datetime:
        """One o'clock of that day, there."""
        return dt.datetime.combine(self.day, dt.time(1), ZONE)


def _tomorrow(world: World) -> Tomorrow:
    first = month_after(now().date() + dt.timedelta(days=2))
    plan = controls.plan_of(baseline_until=first)
    work, control = works.released(world), controls.planned(world, plan=plan)
    move(world, ZONE)
    with frozen(dt.datetime.combine(first, dt.time(1), ZONE)):
        return Tomorrow(first, signed_fellowship(world), work, control)


@pytest.fixture(scope="module")
def kept_tomorrow(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Tomorrow]:
    with kept.built(lambda: _tomorrow(kept_world), django_db_blocker) as made:
        yield made


@pytest.fixture
def tomorrow(kept_tomorrow: Tomorrow, world: World) -> Iterator[Tomorrow]:
    with frozen(kept_tomorrow.begun()):
        assert now().date() == kept_tomorrow.day - dt.timedelta(days=1)
        yield copy.deepcopy(kept_tomorrow)


def test_a_check_in_is_about_the_month_that_has_begun_there(
    world: World, tomorrow: Tomorrow
) -> None:
    said: dict[str, Any] = {"notes": "Two calls.", "hours": Decimal(2)}
    row = scoping.check_in(fellowship=tomorrow.case, by=world.mentor, **said)
    assert row.month == tomorrow.day


def test_what_happened_today_has_happened(world: World, tomorrow: Tomorrow) -> None:
    row = scoping.add_contribution(
        fellowship=tomorrow.case,
        kind="tool",
        title="Error bars",
        link="https://git.example.org/bars",
        on=tomorrow.day,
        people="A. Nwosu",
        licence="Apache-2.0",
        by=tomorrow.case.fellow,
    )
    assert row.on == tomorrow.day
    said: dict[str, Any] = {"venue": "Workshop", "stage": "accepted"}
    publications.record_outcome(publication=tomorrow.work, by=tomorrow.case.fellow, **said)
    assert tomorrow.work.outcomes.get().on == tomorrow.day
    assert controls.count(world, tomorrow.control, "baseline", 41).taken_on == tomorrow.day


def test_what_began_on_one_day_there_has_waited_as_long(world: World, tomorrow: Tomorrow) -> None:
    """Two instants of one day of UTC are of two days there, and the other way round."""
    wall = dt.datetime.combine(dt.date(2026, 11, 3), dt.time(23), ZONE)
    for number, clock in enumerate(Clock.objects.open().filter(realm=world.program.pk)):
        clock.starts_at = wall + dt.timedelta(hours=number % 3)
        with journal.acting("tests.move", by=SETUP):
            clock.save()
            journal.record(subject=clock, realm_id=world.program.pk)
    at = dt.datetime.combine(dt.date(2026, 11, 6), dt.time(12), ZONE)
    calendar = world.program.calendar()
    with frozen(at):
        view = View.of(world.program.pk, world.fresh("manager"))
        assert sorted({one.days for one in stalls.lying(view, calendar)}) == [2, 3]


@pytest.fixture
def today(world: World) -> Iterator[dt.date]:
    """The evening of the last of a month in the programme, while in UTC the next has begun."""
    first = month_after(now().date() + dt.timedelta(days=2))
    last = first - dt.timedelta(days=1)
    move(world, WEST)
    with frozen(dt.datetime.combine(last, dt.time(20), WEST)):
        assert now().date() == first
        yield last


@pytest.mark.parametrize("name", ["applicant", "mentor"])
def test_home_asks_for_the_check_in_of_the_month_that_has_begun(
    world: World, tomorrow: Tomorrow, name: str
) -> None:
    def asked() -> list[object]:
        found = [one for one in work.of(world.fresh(name), now()).mine if one.kind == "check_in"]
        return [one.due for one in found if one.case_ref == tomorrow.case.ref]

    following = month_after(tomorrow.day)
    assert asked() == [following - dt.timedelta(days=1)]
    said: dict[str, Any] = {"notes": "Two calls.", "hours": Decimal(2)}
    scoping.check_in(fellowship=tomorrow.case, by=world.people[name], **said)
    assert asked() == []


def test_the_mentors_week_is_of_the_day_there(world: World, tomorrow: Tomorrow) -> None:
    """The month, and what is late: due on the day that has just ended."""
    milestone = tomorrow.case.milestones.earliest("due_on")
    with journal.acting("tests.move", by=SETUP):
        milestone.due_on = tomorrow.day - dt.timedelta(days=1)
        milestone.save()
        journal.record(subject=milestone)
    assert milestone.is_late
    text = page(world.mentor, "/fellowships/mentoring/")
    assert f"Your check-in for {tomorrow.day:%B}" in text
    assert f"for {tomorrow.day:%B} are yours to write" in text
    assert f"#m{milestone.pk}" in text
    with frozen(now() - dt.timedelta(hours=2)):
        assert not milestone.is_late
        text = page(world.mentor, "/fellowships/mentoring/")
        assert f"#m{milestone.pk}" not in text
        assert f"Your check-in for {milestone.due_on:%B}" in text


def test_a_training_of_today_is_done(world: World, tomorrow: Tomorrow) -> None:
    path = f"/fellowships/{tomorrow.case.ref}/people/training/"
    said = {"completed_on": f"{tomorrow.day}", "kind": "security", "evidence": "A certificate."}
    at = now()
    page(world.manager, path, 302, **said)
    row = Training.objects.latest("pk")
    assert row.completed_at == at
    for later in (4, 11, 20):
        with frozen(at + dt.timedelta(hours=later)):
            page(world.manager, path, 302, **said)
    assert Training.objects.latest("pk") == row


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_of_no_time_is_refused_in_either_zone(world: World, day: str) -> None:
    finding = controls.accepted(world)
    asked = {
        "title": "Log export delayed",
        "kind": "other",
        "program": f"{world.program.pk}",
        "rationale": "The exporter is rewritten.",
        "risk": "A gap in the trail.",
        "compensating_measure": "A daily copy.",
        "measure_test": "The copy is counted each Monday.",
        "expires_on": day,
    }
    trained = {"kind": "security", "evidence": "A certificate.", "completed_on": day}
    for zone in (ZONE, WEST):
        move(world, zone)
        owner = {"owner": f"{world.product_owner.pk}"}
        except_ = f"{finding.get_absolute_url()}exception/"
        assert 'href="#id_expires_on"' in page(world.product_owner, except_, 422, **asked, **owner)
        owner = {"owner": f"{world.steward.pk}"}
        assert 'href="#id_expires_on"' in page(
            world.manager, "/exceptions/new/", 422, **asked, **owner
        )
        if day > "2100":
            path = f"/fellowships/{finding.fellowship.ref}/people/training/"
            assert 'href="#id_completed_on"' in page(world.manager, path, 422, **trained)


def test_what_was_deployed_there_after_the_counts_is_no_caution(
    world: World, tomorrow: Tomorrow
) -> None:
    """Deployed on the day after the last count there, in UTC on the very day."""
    other = controls.planned(world, controls.accepted(world, controls.reported(world)))
    with frozen(now() - dt.timedelta(hours=2)):
        counted = controls.deployed(world, tomorrow.control)
        controls.count(world, counted, "after", 4)
    controls.deployed(world, other)
    other.refresh_from_db()
    metric = Control.objects.get(pk=counted.pk).primary
    assert metric is not None
    assert not any(other.ref in said for said in judge(metric, [other]).cautions)


def test_what_ends_with_today_may_be_asked_for(world: World, today: dt.date) -> None:
    asked = {
        "program": f"{world.program.pk}",
        "title": "Log export delayed",
        "kind": "other",
        "owner": f"{world.steward.pk}",
        "rationale": "The exporter is rewritten.",
        "risk": "A gap in the trail.",
        "compensating_measure": "A daily copy.",
        "measure_test": "The copy is counted each Monday.",
        "expires_on": f"{today}",
    }
    page(world.manager, "/exceptions/new/", 302, **asked)
    before = {**asked, "expires_on": f"{today - dt.timedelta(days=1)}"}
    assert "must come later" in page(world.manager, "/exceptions/new/", 422, **before)


def test_who_is_away_today_is_away_by_their_own_wall(world: World, today: dt.date) -> None:
    with pytest.raises(ValidationError, match="over"):
        proposals.enter_absence(by=world.reviewer, starts_on=today, ends_on=today)
    world.reviewer.time_zone = str(WEST)
    row = proposals.enter_absence(by=world.reviewer, starts_on=today, ends_on=today)
    assert row.ends_on == today


def test_a_fellowship_begins_today(world: World, today: dt.date) -> None:
    assert founded_fellowship(world, world.other_applicant).starts_on == today


def test_a_task_of_today_is_not_overdue(world: World, today: dt.date) -> None:
    with frozen(now() - dt.timedelta(days=1)):
        oversight.recommend(
            cohort=world.cohort,
            text="Grant lower tiers on the first day",
            why="Access took 31 days in the median.",
            owner=world.steward,
            due_on=today,
            by=world.manager,
        )
    path = f"/office/{world.program.slug}/cohorts/{world.cohort.pk}/"
    assert "Overdue" not in page(world.manager, path)
    with frozen(now() + dt.timedelta(hours=5)):
        assert "Overdue" in page(world.manager, path)


def test_what_was_agreed_today_was_agreed_in_time(world: World, today: dt.date) -> None:
    agreement = works.agreed(world)
    agreement.fellowship.starts_on = today
    agreement.fellowship.program.zone = str(WEST)
    assert _in_time(agreement)


def test_stages_are_counted_in_days_there(world: World) -> None:
    """Two instants of one day of UTC are of two days there."""
    move(world, ZONE)
    day = now().date()
    tuesday = day + dt.timedelta(days=8 - day.weekday())
    late = dt.datetime.combine(tuesday, dt.time(23, 30), ZONE)
    for hours, who in enumerate((world.applicant, world.other_applicant)):
        with frozen((late + dt.timedelta(hours=hours)).astimezone(dt.UTC)):
            submitted_proposal(world, who)
    with frozen((late + dt.timedelta(days=3)).astimezone(dt.UTC)):
        view = View.of(world.program.pk, world.fresh("manager"), world.cohort.pk)
        found = {t.label: t for t in times.stage_times(view, world.program.calendar())}
    assert (found["Submitted"].longest, found["Submitted"].median) == (3, 2.5)
