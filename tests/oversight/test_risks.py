"""The risk register: four kinds of open risk in one list, as far as each reader may see them."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import AccessEvent
from access.services import ingest
from fellowship.accounts.services import declare_conflict
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.programs.services import open_cohort
from findings.models import Finding
from governance.models import Escalation, ExceptionRecord
from governance.services import record_measure_test
from governance.states import EscalationKind
from oversight.risk import register
from oversight.risk.register import ORDERS, Wanted
from oversight.risk.sources import Risk
from tests.scenarios import access as access_scenes
from tests.scenarios import findings as finding_scenes
from tests.scenarios.governance import granted_exception, raised_escalation
from tests.scenarios.world import World, make_world
from tests.support import kept

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LATER = now() + 40 * DAY
"""When the control of the accepted finding is overdue, and the exception still in force."""


def _risky() -> World:
    world = make_world()
    finding = finding_scenes.accepted(world, finding_scenes.reported(world, severity="high"))
    granted_exception(world, world.cohort)
    raised_escalation(world)
    grant = finding.fellowship.grants.first() or access_scenes.granted(world, finding.fellowship)
    acts = [access_scenes.event(grant, number, kind="export") for number in (1, 2)]
    ingest(program=world.program, events=acts, source="lab", by=world.steward)
    return world


kept_risky = kept.fixture(_risky)


@pytest.fixture
def risky(kept_risky: World) -> World:
    """A programme with one risk of each kind, and the alarm that access raised of its own."""
    return copy.deepcopy(kept_risky)


def read(world: World, name: str = "manager", order: str = "level", **narrow: object) -> list[Risk]:
    """The lines the person reads."""
    at = narrow.pop("at", LATER)
    wanted = Wanted(at=at, user=world.fresh(name), **narrow)  # type: ignore[arg-type]
    part = wanted.read(order, 0, 50)
    assert sum(part.counts.values()) == len(part.lines), "the figure is the number of its lines"
    return part.lines


def sources(lines: list[Risk]) -> list[str]:
    return [line.source for line in lines]


def test_one_list_over_four_kinds_the_gravest_first(risky: World) -> None:
    lines = read(risky)
    assert sorted(sources(lines)) == [
        *("access", "controls", "escalations", "escalations", "exceptions"),
    ]
    assert [line.level for line in lines] == sorted((r.level for r in lines), reverse=True)
    assert lines[0].source == "escalations"
    assert lines[0].why == "Not acknowledged in time"
    due = [line.due for line in read(risky, order="due") if line.due]
    assert due == sorted(due)
    since = [line.since for line in read(risky, order="age")]
    assert since == sorted(since)
    assert set(ORDERS) == {"level", "due", "age"}


def test_each_leaves_the_register_when_it_is_answered(risky: World) -> None:
    assert read(risky, source="access")[0].why.startswith("2 such acts. The first: ")
    event = AccessEvent.objects.outside().latest("received_at")
    alarm = Escalation.objects.get(kind=EscalationKind.OUT_OF_SCOPE)
    with journal.acting("tests.close", by=risky.oncall):
        alarm.acknowledged_at = alarm.closed_at = event.received_at + DAY
        alarm.acknowledged_by = alarm.closed_by = risky.oncall
        alarm.state, alarm.review = "closed", "A wrong export job."
        alarm.save()
        journal.record(subject=alarm)
    assert sorted(sources(read(risky))) == ["controls", "escalations", "exceptions"]
    exception = ExceptionRecord.objects.get()
    assert "exceptions" not in sources(read(risky, at=exception.expires_at))
    assert "controls" not in sources(read(risky, at=now())), "it is not due yet"


def test_a_control_that_an_exception_carries_stands_there_as_the_exception(risky: World) -> None:
    control = read(risky, source="controls")[0]
    finding = Finding.objects.get()
    assert control.title.startswith(finding.ref)
    granted_exception(risky, finding, expires_at=now() + 90 * DAY)
    assert not read(risky, source="controls")
    assert len(read(risky, source="exceptions")) == 2


def test_how_grave_an_exception_is_follows_from_its_measure(risky: World) -> None:
    exception = ExceptionRecord.objects.get()

    def level(at: dt.datetime) -> tuple[str, str]:
        line = read(risky, source="exceptions", at=at)[0]
        return line.level_label, line.why

    assert level(now())[0] == "Low"
    assert exception.measure_due_at is not None
    late = "What makes up for it should have been tested"
    assert level(exception.measure_due_at) == ("Medium", late)
    record_measure_test(exception=exception, held=False, found="Gone.", by=risky.oncall)
    assert level(now()) == ("High", "What makes up for it did not hold")


def test_filters(risky: World) -> None:
    owner = risky.product_owner.pk
    assert {*sources(read(risky, holder=owner))} == {"controls", "exceptions"}
    assert sources(read(risky, words="filter not yet")) == ["exceptions"]
    assert {line.level for line in read(risky, level=4)} == {4}
    assert not read(risky, program=risky.program.pk + 1000)
    overdue = read(risky, overdue=True)
    assert "controls" in sources(overdue)
    assert "exceptions" not in sources(overdue)


def test_nobody_reads_more_than_the_pages_it_leads_to(risky: World) -> None:
    seen = {name: set(sources(read(risky, name))) for name in ("oncall", "sponsor", "stranger")}
    assert seen["stranger"] == set()
    assert {"access", "escalations", "exceptions"} <= seen["oncall"]
    assert "access" not in seen["sponsor"]
    declare_conflict(
        user=risky.chair,
        subject=risky.cohort,
        realm=risky.program.pk,
        kind="personal",
        statement="A friend.",
        by=risky.chair,
    )
    assert "exceptions" not in sources(read(risky, "chair"))


def client(world: World, name: str) -> Client:
    made = Client()
    made.force_login(world.fresh(name))
    return made


def test_page_file_and_api(risky: World) -> None:
    with frozen(LATER):
        manager = client(risky, "manager")
        page = manager.get("/risks/").content.decode()
        for words in ("Output filter not yet shipped", "Control overdue", "Open escalations"):
            assert words in page
        for query in (
            "?source=nonsense&level=9&page=zzz&sort=--",
            "?page=999999",
            "?holder=x&program=-1",
        ):
            assert manager.get(f"/risks/{query}").status_code == 200
        answer = manager.get("/risks/risks.csv?source=exceptions")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["kind"] for row in rows] == ["Control not implemented"]
        said = manager.get("/api/v1/risks/?source=controls").json()
        assert said["counts"] == {"controls": 1}
        assert [line["level"] for line in said["results"]] == ["High"]
        assert said["next"] is None
        assert client(risky, "applicant").get("/risks/").status_code == 404
        assert client(risky, "applicant").get("/api/v1/risks/").status_code == 404


def test_the_pages_join_without_gap_or_overlap(risky: World) -> None:
    wanted = Wanted(at=LATER, user=risky.fresh("manager"))
    whole = wanted.read("level", 0, 50).lines
    assert [wanted.read("level", n, 1).lines[0] for n in range(len(whole))] == whole
    assert list(wanted.every("level", 3)) == whole[:3]


def test_its_queries_do_not_grow(risky: World) -> None:
    def counted() -> int:
        manager = client(risky, "manager")
        manager.get("/risks/")
        with CaptureQueriesContext(connection) as queries:
            assert manager.get("/risks/").status_code == 200
        return len(queries)

    counts = [counted()]
    for number in (2, 5):
        _alarms(risky, *(f"More {number} {more}" for more in range(number)))
        counts.append(counted())
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 20


def test_kinds_are_counted_so_far_and_the_page_says_that_there_are_more(
    risky: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _alarms(risky, "One more", "Another", "A third")
    monkeypatch.setattr(register, "COUNTED", 2)
    manager = client(risky, "manager")
    with frozen(LATER):
        page = manager.get("/risks/", {"source": "escalations", "page": "7"})
        counts = manager.get("/api/v1/risks/").json()["counts"]
    assert (page.context["page"].number, page.context["page"].total_text) == (1, "2+")
    assert [text for _, text, *_ in page.context["counts"]] == ["2+"]
    assert counts["escalations"] == 3


def _alarms(world: World, *cohorts: str) -> None:
    """An alarm about each of so many further cohorts."""
    for name in cohorts:
        cohort = open_cohort(
            program=world.program,
            name=name,
            starts_on=world.cohort.starts_on,
            ends_on=world.cohort.ends_on,
            by=world.manager,
        )
        raised_escalation(world, subject=cohort)
