"""The portfolio: what it counts, for whom, and how a lesson becomes a topic of the next call."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Call, Program
from fellowship.programs.services import draft_call, found_program
from fellowship.web import tables
from findings import services
from findings.exports.tables import FINDINGS
from findings.models import Finding, Lesson
from findings.portfolio.ages import ages
from findings.portfolio.carried import carried
from findings.portfolio.course import course
from findings.portfolio.gaps import gaps
from findings.portfolio.proof import proofs
from findings.portfolio.view import Portfolio
from tests.scenarios import findings as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import SETUP, World
from tests.support import kept

pytestmark = pytest.mark.django_db


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def of(world: World) -> Portfolio:
    return Portfolio(world.program, world.product_owner, now())


def _built(world: World) -> World:
    """One proven finding, one carried by exception, one rejected, one old with no technique."""
    fellowship = signed_fellowship(world)
    scenario.artifact(world, fellowship)
    with frozen(now() - dt.timedelta(days=40)):
        scenario.reported(world, fellowship, title="=1+1", technique="", evidence=[])
    scenario.verified(
        world,
        scenario.deployed(
            world,
            scenario.planned(
                world, scenario.accepted(world, scenario.reported(world, fellowship, evidence=[]))
            ),
        ),
    )
    carried_one = scenario.reported(world, fellowship, title="Carried", evidence=[])
    granted_exception(world, carried_one)
    rejected = scenario.reported(world, fellowship, title="No", evidence=[])
    services.take_finding(finding=rejected, by=world.product_owner)
    services.reject_finding(finding=rejected, by=world.product_owner, reason="It is no risk.")
    return world


@pytest.fixture(scope="module")
def kept_some(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The programme with findings that the tests share."""
    with kept.built(lambda: _built(kept_world), django_db_blocker) as some:
        yield some


@pytest.fixture
def some(kept_some: World, db: None) -> World:
    """A programme with a finding of each kind."""
    return copy.deepcopy(kept_some)


def test_the_map_counts_what_has_no_measured_control(some: World) -> None:
    found = gaps(of(some))
    assert [(line.technique, line.unmeasured, line.total) for line in found.lines] == [
        ("AML.T0054", 1, 2),
        ("", 1, 1),
    ]
    cells = {cell.family.value: (cell.open, cell.total, cell.heat) for cell in found.lines[0].cells}
    assert cells["preventive"] == (1, 2, 2)
    assert cells["detective"] == (2, 2, 4)


def test_what_is_open_by_severity_and_age(some: World) -> None:
    lines = {line.severity.value: line for line in ages(of(some))}
    assert [cell.count for cell in lines["medium"].cells] == [2, 0, 1, 0]
    assert (lines["medium"].total, lines["critical"].total) == (3, 0)
    assert lines["medium"].overdue == 1


def test_every_number_leads_to_as_many_findings(some: World) -> None:
    client = as_(some.product_owner)
    cells = [(c.url, c.open) for line in gaps(of(some)).lines for c in line.cells]
    cells += [(c.url, c.count) for line in ages(of(some)) for c in line.cells]
    for url, number in cells:
        assert client.get(url).context["page"].total == number, url


def test_the_way_to_proof_is_counted_once_a_finding(some: World) -> None:
    stages = course(of(some))
    assert [stage.count for stage in stages] == [4, 1, 1, 1]
    assert stages[3].days == pytest.approx(0, abs=0.1)


def test_exceptions_and_verdicts(some: World) -> None:
    rows, total = carried(of(some))
    assert (total, [row.finding.title for row in rows if row.finding]) == (1, ["Carried"])
    found = proofs(of(some))
    assert [(p.comparison.verdict.value, p.stands) for p in found.rows] == [("reduced", True)]
    assert dict(found.verdicts)["reduced"] == 1  # type: ignore[index]


def test_the_page_takes_the_same_queries_for_any_number(some: World) -> None:
    client = as_(some.product_owner)
    url = reverse("findings:portfolio", args=[some.program.slug])
    client.get(url)
    counts = []
    for more in (0, 4):
        for n in range(more):
            scenario.reported(
                some, Finding.objects.earliest("id").fellowship, title=f"M{n}", evidence=[]
            )
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 25, counts


@pytest.mark.parametrize("who", ["stranger", "applicant", "reviewer"])
def test_it_is_not_there_for_others(some: World, who: str) -> None:
    for name in ("findings:portfolio", "findings:export"):
        url = reverse(name, args=[some.program.slug])
        assert as_(getattr(some, who)).get(url).status_code == 404


def draft(world: World) -> Call:
    return draft_call(
        program=world.program,
        by=world.manager,
        title="Next",
        summary="Next",
        topics="- Old topic",
        constraints="",
        eligibility="",
        publication_rules="",
        opens_at=now() + dt.timedelta(days=10),
        closes_at=now() + dt.timedelta(days=40),
    )


def proposed(world: World) -> Lesson:
    return services.propose_lesson(
        program=world.program, topic="Why do refusals decay?", why="2 of 3.", by=world.product_owner
    )


def test_a_lesson_becomes_a_line_of_the_next_call_and_is_written_once(some: World) -> None:
    lesson = proposed(some)
    assert proposed(some) == lesson
    call = draft(some)
    page = as_(some.manager).get(call.get_absolute_url()).content.decode()
    assert "Why do refusals decay?" in page
    url = reverse("findings:take_lesson", args=[lesson.pk, call.ref])
    for _ in range(2):
        as_(some.manager).post(url)
    call.refresh_from_db()
    assert call.topics == "- Old topic\n\n- Why do refusals decay?\n"
    lesson.refresh_from_db()
    assert (lesson.state, lesson.call) == ("taken", call)
    assert Event.objects.filter(verb="findings.take_lesson").count() == 1
    assert "lessons" not in as_(some.manager).get(call.get_absolute_url()).content.decode()


def test_who_may_propose_take_and_set_aside(some: World) -> None:
    lesson, call = proposed(some), draft(some)
    refusals: list[Any] = []
    for verb in (
        lambda: services.propose_lesson(
            program=some.program, topic="Mine", why="So", by=some.applicant
        ),
        lambda: services.take_lesson(lesson=lesson, call=call, by=some.product_owner),
        lambda: services.set_lesson_aside(lesson=lesson, by=some.product_owner, reason="No."),
        lambda: services.set_lesson_aside(lesson=lesson, by=some.manager, reason=" "),
        lambda: services.propose_lesson(
            program=some.program, topic="a\nb", why="So", by=some.manager
        ),
    ):
        with pytest.raises(Refused) as refused:
            verb()
        refusals.append(refused.value.refusal.code)
    assert refusals == ["wrong_role", "wrong_role", "wrong_role", "no_rationale", "too_long"]
    services.set_lesson_aside(lesson=lesson, by=some.manager, reason="We know why.")
    with pytest.raises(Refused):
        services.take_lesson(lesson=lesson, call=call, by=some.manager)


def test_the_database_keeps_lessons_whole(some: World) -> None:
    lesson, call = proposed(some), draft(some)
    for values in ({"state": "taken"}, {"state": "set_aside"}, {"call": call}):
        broken = Lesson.objects.get(pk=lesson.pk)
        for name, value in values.items():
            setattr(broken, name, value)
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            journal.acting("test.break", by=journal.System("test")),
        ):
            broken.save()


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_every_format_holds_the_same_findings(some: World) -> None:
    client = as_(some.product_owner)
    url = reverse("findings:export", args=[some.program.slug])
    names = [column.name for column in FINDINGS]
    made = client.post(url, {"file_format": "csv"})
    assert made["Content-Disposition"].endswith('-findings-v1.csv"')
    rows = list(csv.reader(io.StringIO(body(made).decode("utf-8-sig"))))
    assert (rows[0], len(rows)) == (names, 5)
    assert rows[1][names.index("title")] == "'=1+1"
    lines = body(client.post(url, {"file_format": "jsonl"})).decode().splitlines()
    assert [list(json.loads(line)) for line in lines] == [names] * 4
    assert json.loads(lines[0])["title"] == "=1+1"
    book = zipfile.ZipFile(io.BytesIO(body(client.post(url, {"file_format": "xlsx"}))))
    assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 5
    plan = json.loads(body(client.post(url, {"file_format": "oscal"})))
    assert len(plan["plan-of-action-and-milestones"]["poam-items"]) == 3
    assert client.post(url, {"file_format": "exe"}).status_code == 422
    assert Event.objects.filter(verb="findings.export").count() == 4


def test_the_export_holds_what_the_queue_was_narrowed_to(some: World) -> None:
    url = reverse("findings:export", args=[some.program.slug])
    made = as_(some.product_owner).post(f"{url}?state=rejected", {"file_format": "jsonl"})
    assert [json.loads(line)["title"] for line in body(made).splitlines()] == ["No"]
    event = Event.objects.get(verb="findings.export")
    assert json.loads(event.body)["change"] == {"format": "jsonl", "narrowed": "state=rejected"}


def test_sponsors_read_along_but_do_not_export(some: World) -> None:
    url = reverse("findings:export", args=[some.program.slug])
    client = as_(some.sponsor)
    assert client.get(url).status_code == 200
    assert client.post(url, {"file_format": "csv"}).status_code == 403


def test_the_api_gives_the_plan_and_takes_lessons(some: World) -> None:
    client = as_(some.manager)
    plan = json.loads(body(client.get(f"/api/v1/plans-of-action/{some.program.slug}/")))
    assert len(plan["plan-of-action-and-milestones"]["poam-items"]) == 3
    asked = {"program": some.program.slug, "topic": "Why?", "why": "2 of 3."}
    made = client.post("/api/v1/lessons/", asked, content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (201, "proposed")
    call = draft(some)
    url = f"/api/v1/lessons/{made.json()['id']}/take/"
    taken = client.post(url, {"call": call.ref}, content_type="application/json")
    assert (taken.status_code, taken.json()["call"]) == (200, call.ref)
    stranger = as_(some.stranger)
    assert stranger.get(f"/api/v1/plans-of-action/{some.program.slug}/").status_code == 404
    assert stranger.get("/api/v1/lessons/").json()["results"] == []


def test_programmes_beside_each_other_are_counted_as_far_as_lists_are(
    some: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = some.fresh("product_owner")
    made = found_program(slug="quiet", name="A quiet one", purpose="One more.", by=SETUP)
    grant_role(user=owner, realm=made.realm, role="product_owner", by=SETUP)
    monkeypatch.setattr(tables, "COUNT_LIMIT", 1)
    main = as_(User.objects.get(pk=owner.pk)).get(reverse("findings:portfolios")).content.decode()
    numbers = re.findall(r'<a href="[^"]*queue[^"]*">(?:<span class="tag \w+">)?([\d+]+)<', main)
    assert numbers == ["1+", "1", "1+"]


def test_programmes_beside_each_other_say_where_to_look_first(some: World) -> None:
    owner = some.fresh("product_owner")
    counts = []
    for number in (1, 2, 5):
        while Program.objects.count() <= number:
            slug = f"quiet-{Program.objects.count()}"
            made = found_program(slug=slug, name=f"A {slug}", purpose="One more.", by=SETUP)
            grant_role(user=owner, realm=made.realm, role="product_owner", by=SETUP)
        reader = as_(User.objects.get(pk=owner.pk))
        reader.get(reverse("findings:portfolios"))
        with CaptureQueriesContext(connection) as counted:
            page = reader.get(reverse("findings:portfolios")).content.decode()
        counts.append(len(counted))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 10
    main = page.partition("<main")[2].partition("</main>")[0]
    assert main.index(str(some.program)) < main.index("A quiet-1")
    rows = Finding.objects.filter(program=some.program).unsettled()
    expected = [rows.count(), rows.overdue().count(), rows.filter(product_owner=None).count()]
    assert min(expected) > 0
    numbers = re.findall(r'<a href="([^"]*)">(?:<span class="tag \w+">)?(\d+)<', main)
    assert [int(number) for _, number in numbers] == expected
    for url, number in numbers:
        behind = reader.get(url.replace("&amp;", "&")).content.decode()
        assert re.search(rf'<p class="lede">\s*{number} finding', behind), url
