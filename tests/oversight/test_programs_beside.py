"""Where somebody has several programmes: each says where to look first, before one is opened."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.history.verify import Report
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Program
from fellowship.programs.services import found_program
from fellowship.web import tables
from oversight import drawing, services
from oversight.audit.controls import TESTS
from oversight.models import HealthBreach
from oversight.office import figures, stalls
from tests.oversight.test_office import NUMBER, TOTAL, client
from tests.scenarios.governance import granted_exception, raised_escalation, requested_exception
from tests.scenarios.oversight import Case
from tests.scenarios.world import SETUP, World

ROWS = re.compile(r'<tr><th scope="row"><a href="[^"]*">([^<]*)</a>.*?</tr>', re.DOTALL)


def another(world: World, name: str, role: str, person: str = "") -> Program:
    """A programme just founded, in which the person of the role has it too."""
    slug = name.lower().replace(" ", "-")
    program = found_program(slug=slug, name=name, purpose="One more.", by=SETUP)
    user = world.fresh(person or role)
    grant_role(user=user, realm=program.realm, role=role, by=SETUP)
    return program


def shown(reader: Client, name: str) -> str:
    page = reader.get(reverse(f"oversight:{name}")).content.decode()
    return page.partition("<main")[2].partition("</main>")[0]


def rows(page: str) -> dict[str, list[str]]:
    """What stands in each programme's row, in words, by its name."""
    return {
        m[1]: [
            re.sub(r"<[^>]+>", " ", cell).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", m[0], re.DOTALL)
        ]
        for m in ROWS.finditer(page)
    }


@pytest.mark.parametrize("name", ["manager", "sponsor", "chair"])
def test_the_office_says_where_to_look_first(world: World, case: Case, name: str) -> None:
    quiet = another(world, "A quiet one", name)
    requested_exception(world, case.finding)
    raised_escalation(world)
    with frozen(now() + dt.timedelta(days=40)):
        reader = client(world, name)
        page = shown(reader, "office")
        found = rows(page)
        assert list(found) == [str(world.program), str(quiet)]
        assert "1 fellowship under way" in page
        busy, still = found.values()
        assert int(busy[0]) > 0
        assert re.fullmatch(r"\d\d working days", busy[1])
        assert busy[4] == "1"
        assert still[:5] == ["0", "–", "0", "0", "0"]
        for url, number in [(m["url"], m["number"]) for m in NUMBER.finditer(page)]:
            if "/health/" not in url:
                behind = TOTAL.search(reader.get(url.replace("&amp;", "&")).content.decode())
                assert behind is not None, url
                assert behind["total"] == number, url


def test_what_a_conflict_closes_is_not_counted(world: World, case: Case) -> None:
    another(world, "A quiet one", "manager")
    raised_escalation(world)
    manager = client(world, "manager")
    before = rows(shown(manager, "office"))[str(world.program)]
    user = world.fresh("manager")
    declare_conflict(
        user=user,
        subject=case.fellowship,
        realm=world.program.realm,
        kind="personal",
        by=user,
        statement="We share a house.",
    )
    after = rows(shown(client(world, "manager"), "office"))[str(world.program)]
    assert int(after[2]) < int(before[2])


def test_figures_beyond_their_limits_are_told_to_the_board_room(world: World, case: Case) -> None:
    another(world, "A quiet one", "manager")
    another(world, "A calm one", "sponsor")
    requested_exception(world, case.finding)
    with frozen(now() + dt.timedelta(days=60)):
        services.measure_health(program=world.program, by=SETUP)
        beyond = HealthBreach.objects.filter(program=world.program).open().count()
        assert beyond > 1
        office = rows(shown(client(world, "manager"), "office"))
        assert office[str(world.program)][5] == f"{beyond} figures"
        assert office["A quiet one"][5] == "0"
        assert rows(shown(client(world, "sponsor"), "office"))[str(world.program)][5] == "–"
        health = rows(shown(client(world, "manager"), "healths"))
        assert list(health) == [str(world.program), "A quiet one"]
        assert health[str(world.program)][:2] == [f"{beyond} figures", f"{now():%-d %B %Y}"]
        assert health["A quiet one"][:2] == ["0", "–"]


def test_the_audit_room_says_what_was_audited_and_with_what_end(world: World, case: Case) -> None:
    another(world, "A quiet one", "auditor")
    granted_exception(world)
    raised_escalation(world)
    auditor, user = client(world, "auditor"), world.fresh("auditor")
    before = rows(shown(auditor, "audit"))
    assert before[str(world.program)] == ["1", "1", "Not yet verified", "None run yet", "0"]
    assert before["A quiet one"] == ["0", "0", "Not yet verified", "None run yet", "0"]
    some = list(TESTS.values())[:2]
    for test in some:
        drawing.run(program=world.program, test=test, from_at=None, to_at=None, by=user)
    report = Report()
    report.add("event", "event 7 was changed", 7)
    services.record_verification(program=world.program, report=report, seconds=1.0, by=user)
    after = rows(shown(auditor, "audit"))
    assert next(iter(after)) == str(world.program)
    assert after[str(world.program)][2].startswith("1 problem")
    assert f"2 of {len(TESTS)} run" in after[str(world.program)][3]


@pytest.mark.parametrize(
    ("where", "role", "most"),
    [
        ("office", "manager", 14),
        ("healths", "chair", 14),
        ("audit", "auditor", 14),
        ("sponsors", "sponsor", 14),
    ],
)
def test_as_many_queries_for_two_programmes_as_for_five(
    world: World, case: Case, where: str, role: str, most: int
) -> None:
    counts = []
    for size in (1, 3, 6):
        while Program.objects.count() <= size:
            another(world, f"Number {Program.objects.count()}", role)
        reader = client(world, role)
        reader.get(reverse(f"oversight:{where}"))
        ContentType.objects.clear_cache()
        with CaptureQueriesContext(connection) as counted:
            assert reader.get(reverse(f"oversight:{where}")).status_code == 200
        # an auditor's look is kept for each programme, the rest is read together
        counts.append(sum(not q["sql"].startswith("INSERT") for q in counted))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= most


def test_numbers_are_counted_so_far(
    world: World, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("manager", "sponsor", "auditor"):
        another(world, f"A quiet one for the {role}", role)
    granted_exception(world)
    granted_exception(world)
    monkeypatch.setattr(tables, "COUNT_LIMIT", 1)
    monkeypatch.setattr(figures, "MOST", 1)
    audit = rows(shown(client(world, "auditor"), "audit"))[str(world.program)]
    assert audit[:2] == ["0", "1+"]
    with frozen(now() + dt.timedelta(days=40)):
        office = rows(shown(client(world, "manager"), "office"))[str(world.program)]
        assert (office[0], office[2]) == ("1+", "1+")
        sponsor = client(world, "sponsor")
        page = sponsor.get(reverse("oversight:sponsor", args=[world.program.slug]))
        assert page.content.decode().count('<p class="value">1+') == 1
        assert "not measured on both sides 0.</p>" in page.content.decode()


def test_the_longest_wait_is_the_first_that_is_read(world: World, settings: Any) -> None:
    """On PostgreSQL what is open lies in the order in which it began: nothing is put in order."""
    if not settings.POSTGRESQL:
        pytest.skip("an index of PostgreSQL")
    open_ones = stalls.open_clocks(world.manager, now()).filter(realm_id=world.program.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = open_ones.order_by("starts_at").values("starts_at")[:1].explain()
    assert "clock_open_since" in plan
    assert "Sort" not in plan


def test_a_sponsor_finds_the_own_page_from_home(world: World) -> None:
    """Straight in where there is one programme; where there are two, beside each other."""
    sponsor, path = client(world, "sponsor"), reverse("oversight:sponsors")
    assert f'<a href="{path}">Sponsor’s page</a>' in sponsor.get("/").content.decode()
    assert f'href="{path}"' not in client(world, "chair").get("/").content.decode()
    straight = sponsor.get(path)
    assert straight["Location"] == reverse("oversight:sponsor", args=[world.program.slug])
    another(world, "A quiet one", "sponsor")
    assert set(rows(shown(client(world, "sponsor"), "sponsors"))) == {
        str(world.program),
        "A quiet one",
    }


@pytest.mark.parametrize("where", ["office", "healths", "audit", "sponsors"])
def test_nobody_else_finds_them(world: World, where: str) -> None:
    for name in ("applicant", "mentor", "stranger"):
        assert client(world, name).get(reverse(f"oversight:{where}")).status_code == 404
