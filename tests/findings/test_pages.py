"""Pages and API of findings: a fixed number of queries, errors at their cause, 404 for others."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.services import declare_conflict, grant_role
from fellowship.kernel import journal
from fellowship.kernel.time import frozen, now
from fellowship.kernel.worktime import WorkCalendar
from findings import services
from findings.models import Control, Finding
from scoping.models import Fellowship
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World, make_world

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3a"


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


@pytest.mark.parametrize("name", ["findings:queue", "findings:controls", "api:findings-list"])
def test_lists_take_the_same_queries_at_1_3_and_many_rows(
    world: World, fellowship: Fellowship, name: str
) -> None:
    owner = as_(world.product_owner)
    counts = []
    made = 0
    for target in (1, 3, 12):
        while made < target:
            made += 1
            finding = scenario.reported(world, fellowship, title=f"Finding {made}", evidence=[])
            scenario.planned(world, scenario.accepted(world, finding))
        counts.append(queries(owner, reverse(name)))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20


@pytest.mark.parametrize("name", ["stranger", "other_applicant"])
def test_another_persons_finding_is_404_everywhere(
    world: World, fellowship: Fellowship, name: str
) -> None:
    finding = scenario.reported(world, fellowship, title=CANARY)
    control = scenario.planned(world, scenario.accepted(world, finding), title=CANARY)
    client = as_(world.fresh(name))
    for url in (
        reverse("findings:detail", args=[finding.ref]),
        reverse("findings:accept", args=[finding.ref]),
        reverse("findings:control", args=[control.ref]),
        reverse("findings:report", args=[fellowship.ref]),
        reverse("api:findings-detail", args=[finding.ref]),
        reverse("api:controls-detail", args=[control.ref]),
    ):
        assert client.get(url).status_code == 404, url
    assert client.post(reverse("findings:take", args=[finding.ref])).status_code == 404
    for url in (
        reverse("findings:queue"),
        reverse("findings:queue") + f"?q={CANARY}&pick={finding.ref}",
        reverse("findings:controls"),
        reverse("api:findings-list"),
    ):
        response = client.get(url)
        assert response.status_code == 200
        body = response.content.decode().replace(f'value="{CANARY}"', "").replace(f"q={CANARY}", "")
        assert finding.ref not in body.replace(f"pick={finding.ref}", "")


def test_a_recused_owner_sees_nothing_of_the_case(world: World, fellowship: Fellowship) -> None:
    finding = scenario.reported(world, fellowship, title=CANARY)
    declare_conflict(
        user=world.product_owner,
        subject=fellowship,
        realm=world.program.pk,
        kind="supervisor",
        statement="My former student.",
        by=world.product_owner,
    )
    client = as_(world.fresh("product_owner"))
    assert client.get(reverse("findings:detail", args=[finding.ref])).status_code == 404
    assert CANARY not in client.get(reverse("findings:queue")).content.decode()


def test_who_reads_a_programme_sees_the_cases_they_accompany_elsewhere_as_well(
    world: World, fellowship: Fellowship
) -> None:
    here = scenario.reported(world, fellowship)
    other = make_world("-b")
    there = scenario.reported(other, signed_fellowship(other))
    both = {here.pk, there.pk}
    for user, seen in ((world.steward, {here.pk}), (other.steward, {there.pk})):
        assert {f.pk for f in Finding.objects.visible_to(user)} == seen
    grant_role(user=other.mentor, realm=world.program.realm, role=roles.STEWARD, by=world.admin)
    mentor = other.fresh("mentor")
    assert {f.pk for f in Finding.objects.visible_to(mentor)} == both
    page = as_(mentor).get(reverse("findings:queue"), {"queue": "all"}).content.decode()
    assert here.ref in page
    assert there.ref in page


def test_wrong_input_comes_back_at_its_field_and_nothing_typed_is_lost(
    world: World, fellowship: Fellowship
) -> None:
    client = as_(fellowship.fellow)
    data = {
        "title": "Refusals decay",
        "claim": "It happens. " * 50,
        "hits": "61",
        "trials": "60",
        "system": "Assistants",
        "system_version": "4.2",
        "severity": "high",
        "technique": "T1059",
    }
    response = client.post(reverse("findings:report", args=[fellowship.ref]), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert "It cannot have happened more often than it was tried." in page
    assert "A MITRE ATLAS technique looks like AML.T0051" in page
    assert "Refusals decay" in page
    assert "It happens. It happens." in page
    assert not Finding.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 251),
        ("title", ""),
        ("claim", "\x00"),
        ("hits", "-1"),
        ("trials", "99999999999999999999"),
        ("severity", "apocalyptic"),
        ("cvss_vector", "CVSS:3.1/AV:N"),
        ("evidence", "999999"),
    ],
)
def test_hostile_input_is_refused_and_never_500(
    world: World, fellowship: Fellowship, field: str, value: str
) -> None:
    client = as_(fellowship.fellow)
    data = {
        "title": "A",
        "claim": "B",
        "system": "C",
        "system_version": "1",
        "severity": "low",
        field: value,
    }
    response = client.post(reverse("findings:report", args=[fellowship.ref]), data)
    assert 400 <= response.status_code < 500
    assert not Finding.objects.exists()


def test_the_fellow_reads_the_refusal_instead_of_a_button(
    world: World, fellowship: Fellowship
) -> None:
    finding = scenario.reported(world, fellowship)
    page = as_(fellowship.fellow).get(reverse("findings:detail", args=[finding.ref]))
    assert "A product owner disposes of findings" in page.content.decode()


def test_a_verb_by_the_wrong_person_is_refused_with_its_reason(
    world: World, fellowship: Fellowship
) -> None:
    finding = scenario.reported(world, fellowship)
    response = as_(world.mentor).post(reverse("findings:take", args=[finding.ref]))
    assert response.status_code == 403
    assert "A product owner disposes of findings" in response.content.decode()


def test_the_control_page_shows_the_verdict_and_its_interval(world: World) -> None:
    control: Control = scenario.verified(world)
    page = as_(world.product_owner).get(reverse("findings:control", args=[control.ref]))
    text = page.content.decode()
    assert "Reduced" in text
    assert "41/60" in text
    assert "4/60" in text
    assert "<svg" in text


def test_the_api_reports_and_refuses_like_the_page(world: World, fellowship: Fellowship) -> None:
    url = reverse("api:findings-list")
    body = {
        "fellowship": fellowship.ref,
        "title": "Refusals decay",
        "claim": "It happens.",
        "system": "Assistants",
        "system_version": "4.2",
        "severity": "high",
    }
    made = as_(fellowship.fellow).post(url, body, content_type="application/json")
    assert made.status_code == 201
    ref = made.json()["ref"]
    wrong = as_(fellowship.fellow).post(url, {**body, "hits": 1}, content_type="application/json")
    assert wrong.status_code == 400
    refused = as_(world.manager).post(url, body, content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["detail"] == ("A finding is reported by the fellow whose research it is.")
    taken = as_(world.product_owner).post(f"{url}{ref}/take/", {}, content_type="application/json")
    assert taken.status_code == 200
    assert Finding.objects.get(ref=ref).state == "investigating"


def test_every_page_counts_in_the_programmes_working_days(world: World) -> None:
    finding = scenario.reported(world)
    due = finding.due_at
    assert due is not None
    free = [(now() + dt.timedelta(days=n)).date().isoformat() for n in range(1, 8)]
    with journal.acting("tests.holidays", by=world.manager):
        world.program.holidays = free
        world.program.save()
        journal.record(subject=world.program)
    days = world.program.calendar().working_days_between(now(), due)
    assert days < WorkCalendar().working_days_between(now(), due)
    owner = as_(world.product_owner)
    for url in ("/", reverse("findings:queue"), reverse("findings:detail", args=[finding.ref])):
        assert f"in {days} working days" in owner.get(url).content.decode(), url


def test_the_queue_puts_what_still_runs_first_and_counts_what_is_overdue(world: World) -> None:
    first = scenario.reported(world, title="Settled long ago", severity="high")
    services.take_finding(finding=first, by=world.product_owner)
    services.defer_finding(
        finding=first,
        by=world.product_owner,
        reason="After the release",
        look_again_at=now() + dt.timedelta(days=20),
    )
    late = scenario.reported(world, first.fellowship, title="Still open", evidence=[])
    assert late.due_at is not None
    assert first.due_at is not None
    with frozen(max(first.due_at, late.due_at) + dt.timedelta(days=1)):
        page = as_(world.fresh("product_owner")).get("/triage/?queue=all").content.decode()
    assert page.index("Still open") < page.index("Settled long ago")
    assert "2 findings · 1 overdue · by clock" in page


def test_a_later_count_keeps_the_earlier_verdict_in_sight(world: World) -> None:
    control = scenario.deployed(world)
    for hits in (4, 40):
        scenario.count(world, control, "after", hits)
    url = reverse("findings:control", args=[control.ref])
    page = as_(world.product_owner).get(url).content.decode()
    counts = page[page.index(">Counts<") :]
    assert counts.count("A later count took its place.") == 1
    assert "Risk reduced" in counts or "Reduced" in counts
