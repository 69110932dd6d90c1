"""The access page: what was done, what is unusual and why, and that on-call looked into it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access import activity, anomalies, services
from access.models import AnomalyReview, Grant
from access.services.anomalies import review_anomaly
from access.states import AnomalyKind
from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from tests.scenarios import access as scenario
from tests.scenarios.world import World

# Monday, in working hours of the programme's zone
NOON = dt.time(11, tzinfo=dt.UTC)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def weekdays(count: int) -> list[dt.datetime]:
    """So many working days before today, at eleven, the first first."""
    day, found = now().date(), []
    while len(found) < count:
        day -= dt.timedelta(days=1)
        if day.weekday() < 5:
            found.append(dt.datetime.combine(day, NOON))
    return found[::-1]


Acts = Iterable[tuple[dt.datetime, int, dict[str, Any]]]


def report(world: World, grant: Grant, acts: Acts) -> None:
    """So many acts at each instant."""
    events = []
    for at, count, values in acts:
        for place in range(count):
            when = (at + dt.timedelta(seconds=place)).isoformat()
            name = "-".join(str(value) for value in values.values())
            events.append(scenario.event(grant, **{"at": when, **values, "id": f"{name} {when}"}))
    kept = services.ingest(program=world.program, events=events, source="test", by=System("test"))
    assert (kept.accepted, kept.refused) == (len(events), [])


def found(grant: Grant) -> tuple[list[anomalies.Anomaly], list[anomalies.Silence]]:
    case = grant.fellowship
    until = now()
    return anomalies.of(activity.of_case(case, until - dt.timedelta(days=90), until))


def kinds(grant: Grant) -> list[str]:
    return [one.kind for one in found(grant)[0]]


def quiet(world: World, grant: Grant, days: int = 12) -> list[dt.datetime]:
    """A few queries at eleven on each of so many working days."""
    past = weekdays(days)
    report(world, grant, [(at, 3, {}) for at in past])
    return past


def test_a_steady_hand_is_not_unusual(world: World, grant: Grant) -> None:
    quiet(world, grant)
    assert found(grant) == ([], [])


def test_the_first_use_of_an_operation_after_a_week_stands_out(world: World, grant: Grant) -> None:
    past = quiet(world, grant)
    report(world, grant, [(past[-1], 2, {"kind": "code_execution"})])
    [one] = found(grant)[0]
    days = (past[-1] - past[0]).days
    assert (one.kind, one.mark, one.dataset) == ("first_use", "run_code", grant.dataset_id)
    assert one.reason.startswith(f"“Run code on it” for the first time, after {days} days and ")


def test_what_was_done_from_the_start_is_no_first_use(world: World, grant: Grant) -> None:
    past = weekdays(12)
    report(world, grant, [(past[2], 2, {"kind": "code_execution"}), *((at, 3, {}) for at in past)])
    assert kinds(grant) == []


@pytest.mark.parametrize("exports", [4, 5, 40])
def test_an_export_spike_is_measured_against_the_days_before(
    world: World, grant: Grant, exports: int
) -> None:
    past = weekdays(12)
    report(world, grant, [(at, 3, {}) for at in past])
    report(world, grant, [(at, 1, {"kind": "export"}) for at in past[:-1]])
    report(world, grant, [(past[-1], exports, {"kind": "export", "session": "last"})])
    spikes = [one for one in found(grant)[0] if one.kind == AnomalyKind.EXPORT_SPIKE]
    if exports == 40:
        [one] = spikes
        said = "40 exports in a day: the median of the 11 active days before is 1"
        assert one.reason.startswith(said)
    else:
        assert spikes == []


def test_too_little_history_is_said_and_nothing_else(world: World, grant: Grant) -> None:
    past = weekdays(3)
    report(world, grant, [(at, 30, {"kind": "export"}) for at in past])
    unusual, silent = found(grant)
    assert unusual == []
    assert silent == [(AnomalyKind.EXPORT_SPIKE, grant.person_id, 3)]


@pytest.mark.parametrize(
    ("hour", "count", "stands_out"), [(1, 60, True), (1, 49, False), (12, 60, False)]
)
def test_many_acts_off_hours_stand_out_in_the_programmes_zone(
    world: World, grant: Grant, hour: int, count: int, stands_out: bool
) -> None:
    past = quiet(world, grant)
    night = past[-1].replace(hour=hour)
    report(world, grant, [(night, count, {"session": "night"})])
    assert (AnomalyKind.OFF_HOURS in kinds(grant)) is stands_out
    if stands_out:
        [one] = [one for one in found(grant)[0] if one.kind == AnomalyKind.OFF_HOURS]
        assert "60 acts outside 07:00 to 20:00 on working days" in one.reason
        assert world.program.zone in one.reason


def test_a_new_source_stands_out_once(world: World, grant: Grant) -> None:
    past = quiet(world, grant)
    report(world, grant, [(past[-1], 2, {"source": "laptop"})])
    [one] = found(grant)[0]
    assert one.kind == AnomalyKind.NEW_SOURCE
    assert "“laptop”" in one.reason
    assert "from 1 other source." in one.reason


def unusual(world: World, grant: Grant) -> anomalies.Anomaly:
    past = quiet(world, grant)
    report(world, grant, [(past[-1], 2, {"kind": "code_execution"})])
    [one] = found(grant)[0]
    return one


def test_on_call_looks_into_one_and_its_fellow_reads_what_it_was(
    world: World, grant: Grant
) -> None:
    one = unusual(world, grant)
    page = f"/access/cases/{grant.fellowship.ref}/activity/"
    client = client_of(world.oncall)
    assert "Say what it was" in client.get(page).content.decode()
    look = f"{page}look/?key={one.key}"
    assert client.get(look).status_code == 200
    assert client.post(look, {"finding": ""}).status_code == 422
    for _ in range(2):
        assert client.post(look, {"finding": "The new run of the study."}).status_code == 302
    assert AnomalyReview.objects.count() == 1
    assert Event.objects.filter(verb="access.review_anomaly").count() == 1
    said = client_of(grant.person).get(page).content.decode()
    assert "The new run of the study." in said
    assert "Say what it was" not in said
    dataset = client.get(f"/access/datasets/{grant.dataset.ref}/activity/").content.decode()
    assert "The new run of the study." in dataset


@pytest.mark.parametrize("who", ["steward", "auditor", "manager", "applicant"])
def test_nobody_else_says_what_it_was(world: World, grant: Grant, who: str) -> None:
    one = unusual(world, grant)
    person = getattr(world, who)
    url = f"/access/cases/{grant.fellowship.ref}/activity/look/?key={one.key}"
    assert client_of(person).post(url, {"finding": "Nothing."}).status_code == 404
    with pytest.raises(Refused):
        review_anomaly(anomaly=one, program=world.program, finding="Nothing.", by=person)
    assert not AnomalyReview.objects.exists()


def test_a_failing_ledger_leaves_no_review(
    world: World, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = unusual(world, grant)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("full")

    monkeypatch.setattr(journal, "record", fails)
    with pytest.raises(RuntimeError, match="full"):
        review_anomaly(anomaly=one, program=world.program, finding="x", by=world.oncall)
    assert not AnomalyReview.objects.exists()


@pytest.mark.parametrize(
    ("who", "case", "dataset"),
    [
        *((name, 200, 200) for name in ("steward", "oncall", "manager", "auditor")),
        ("applicant", 200, 404),
        ("mentor", 200, 404),
        *((name, 404, 404) for name in ("other_applicant", "product_owner", "stranger")),
    ],
)
def test_who_reads_the_pages(world: World, grant: Grant, who: str, case: int, dataset: int) -> None:
    client = client_of(getattr(world, who))
    url = f"/access/cases/{grant.fellowship.ref}/activity/"
    assert client.get(url).status_code == case
    url = f"/access/datasets/{grant.dataset.ref}/activity/"
    assert client.get(url).status_code == dataset


@pytest.mark.parametrize("days", [1, 3, 12])
def test_queries_do_not_grow_with_acts(world: World, grant: Grant, days: int) -> None:
    quiet(world, grant, days)
    client = client_of(world.oncall)
    pages = {
        f"/access/cases/{grant.fellowship.ref}/activity/": 23,
        f"/access/datasets/{grant.dataset.ref}/activity/?days=365": 15,
    }
    for url, queries in pages.items():
        client.get(url)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        assert len(asked) <= queries, [q["sql"][:120] for q in asked]


def test_granted_against_used_is_said(world: World, grant: Grant) -> None:
    quiet(world, grant, 3)
    with frozen(now()):
        page = client_of(grant.person).get(f"/access/cases/{grant.fellowship.ref}/activity/")
    said = page.content.decode()
    assert "unused" in said
    assert "Reported acts day by day: 9 acts on 3 days" in said
