"""Reporting by pages and API: answers checked, files looked over, embargoes that end."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import Dataset
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from findings import services
from findings.models import Finding, FindingImport
from scoping.models import Fellowship
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
SAID = {
    "title": "Refusals decay",
    "claim": "They fall from turn to turn.",
    "system": "Assistants chat",
    "system_version": "4.2",
    "severity": "high",
    "harm": "limited",
    "confidence": "moderate",
}


def soon() -> str:
    """A day that an embargo may end on."""
    return str((now() + dt.timedelta(days=20)).date())


@pytest.fixture
def case(world: World) -> Fellowship:
    return signed_fellowship(world)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def sarif(*said: str) -> bytes:
    results = [{"ruleId": "R1", "message": {"text": text}} for text in said]
    run = {"tool": {"driver": {"name": "Scan"}}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def test_answers_are_checked_and_changed_before_a_finding_is_reported(case: Fellowship) -> None:
    client = as_(case.fellow)
    url = reverse("findings:report", args=[case.ref])
    rows = {
        "also_0_name": "Assistants phone",
        "also_0_version": "4.1",
        "setting_0_name": "Temperature",
        "setting_0_value": "0.7",
    }
    page = client.post(url, {**SAID, **rows, "step": "check"})
    text = page.content.decode()
    assert page.status_code == 200
    assert "Nothing is sent yet" in text
    assert "Assistants phone 4.1" in text
    assert not Finding.objects.exists()
    again = client.post(url, {**SAID, **rows, "step": "change"}).content.decode()
    assert 'value="Assistants phone"' in again
    more = client.post(url, {**SAID, **rows, "more": "also"}).content.decode()
    assert 'name="also_9_name"' in more
    assert 'value="Temperature"' in more
    done = client.post(url, {**SAID, **rows, "step": "report"})
    finding = Finding.objects.get()
    assert done.headers["Location"] == finding.get_absolute_url()
    assert [str(other) for other in finding.also_affects.all()] == ["Assistants phone 4.1"]
    assert finding.setting == [{"name": "Temperature", "value": "0.7"}]
    assert (finding.harm, finding.confidence) == ("limited", "moderate")
    known = client.post(url, {**SAID, "step": "check"}).content.decode()
    assert f"Same title and system and technique as {finding.ref}." in known


@pytest.mark.parametrize(
    ("name", "value", "said", "at"),
    [
        ("cvss_vector", "CVSS:4.0/AV:X", "no CVSS 4.0 vector", "cvss_vector"),
        ("events", "12, x", "is no number of an act", "events"),
        ("events", "999", "There is no act 999 on the trail", "events"),
        ("embargo_on", "2020-01-01", "Choose a day to come", "embargo_on"),
        ("embargo_on", soon, "Say why it must wait", "embargo_reason"),
        ("embargo_reason", "Later.", "Say until when the embargo lasts", "embargo_on"),
        (
            "setting_0_value",
            "0.7",
            "Give it a name, or leave the whole row empty.",
            "setting_0_name",
        ),
    ],
)
def test_what_cannot_stand_is_told_at_its_field_before_it_is_sent(
    case: Fellowship, name: str, value: str | Callable[[], str], said: str, at: str
) -> None:
    url = reverse("findings:report", args=[case.ref])
    typed = value if isinstance(value, str) else value()
    page = as_(case.fellow).post(url, {**SAID, name: typed, "step": "check"})
    assert page.status_code == 422
    assert said in page.context["form"].errors[at][0]


@pytest.mark.parametrize(
    ("until", "reason", "at"), [("2020-01-01", "Later.", "until"), (soon, " ", "reason")]
)
def test_an_embargo_that_cannot_stand_is_told_at_its_field(
    world: World, case: Fellowship, until: str | Callable[[], str], reason: str, at: str
) -> None:
    finding = scenario.reported(world, case)
    url = reverse("findings:embargo", args=[finding.ref])
    typed = until if isinstance(until, str) else until()
    page = as_(case.fellow).post(url, {"until": typed, "reason": reason})
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [at]


def test_a_file_is_brought_looked_over_and_confirmed_by_pages(
    world: World, case: Fellowship
) -> None:
    client = as_(case.fellow)
    url = reverse("findings:imports", args=[case.ref])
    wrong = client.post(
        url, {"file_format": "avid", "file": SimpleUploadedFile("a.json", b'{"a": NaN}')}
    )
    assert wrong.status_code == 422
    assert "it holds NaN" in wrong.content.decode()
    file = SimpleUploadedFile("scan.sarif", sarif("One", "Two", "Two"))
    brought_url = client.post(url, {"file_format": "sarif", "file": file}).headers["Location"]
    page = client.get(brought_url).content.decode()
    assert "Report 2 findings" in page
    assert "as row 2 of this file" in page
    owner = as_(world.product_owner)
    assert (
        "Nothing of it is reported until the fellow confirms."
        in owner.get(brought_url).content.decode()
    )
    brought = FindingImport.objects.get()
    mark = reverse("findings:import_row", args=[brought.ref, 1])
    assert owner.post(mark, {"mark": "leave"}).status_code == 403
    assert client.post(mark, {"mark": "leave"}).status_code == 302
    confirm = reverse("findings:import_confirm", args=[brought.ref])
    assert client.post(confirm, {}).status_code == 422
    assert client.post(confirm, {"system": "Chat"}).status_code == 302
    assert [f.title for f in Finding.objects.all()] == ["R1: Two"]
    original = client.get(reverse("findings:import_file", args=[brought.ref]))
    assert b"".join(original.streaming_content) == sarif("One", "Two", "Two")  # type: ignore[attr-defined]
    for path in (brought_url, confirm, url):
        assert as_(world.stranger).get(path).status_code in (404, 405)


def test_pages_of_imports_take_the_same_queries_at_1_3_and_many_rows(
    world: World, case: Fellowship
) -> None:
    client = as_(case.fellow)
    counts = []
    for size in (1, 3, 60):
        brought = scenario.brought(world, case, *(f"{size} of {n}" for n in range(size)))
        for path in (brought.get_absolute_url(), reverse("findings:imports", args=[case.ref])):
            client.get(path)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(path).status_code == 200
            counts.append(len(caught))
    assert len(set(counts[::2])) == len(set(counts[1::2])) == 1, counts
    assert max(counts) <= 20


def test_an_embargo_keeps_the_claim_to_few_and_ends_by_itself(
    world: World, case: Fellowship
) -> None:
    until = now() + dt.timedelta(days=5)
    finding = scenario.reported(
        world, case, claim="The secret way in.", reproduction="Step one.", embargo_until=until
    )
    page, api = finding.get_absolute_url(), reverse("api:findings-detail", args=[finding.ref])
    for person in (case.fellow, world.product_owner, world.auditor, world.manager):
        assert "The secret way in." in as_(person).get(page).content.decode()
    sponsor = as_(world.sponsor)
    shown = sponsor.get(page).content.decode()
    assert "Under embargo" in shown
    assert "The secret way in." not in shown
    assert "Step one." not in shown
    assert sponsor.get(api).json()["claim"] is None
    assert list(Finding.objects.embargoed()) == [finding]
    with frozen(until + dt.timedelta(minutes=1)):
        later = as_(world.fresh("sponsor"))
        assert "The secret way in." in later.get(page).content.decode()
        assert not Finding.objects.embargoed().exists()
    with pytest.raises(Refused, match="changed by the fellow"):
        services.change_embargo(finding=finding, by=world.sponsor, until=None, reason="Now.")
    lifted = as_(case.fellow).post(
        reverse("findings:embargo", args=[finding.ref]), {"until": "", "reason": "It is mended."}
    )
    assert lifted.status_code == 302
    assert "The secret way in." in sponsor.get(page).content.decode()


def test_the_api_reports_with_what_it_rests_on_and_imports_files(
    world: World, case: Fellowship
) -> None:
    client = as_(case.fellow)
    result = scenario.artifact(world, case)
    dataset = Dataset.objects.first()
    assert dataset is not None
    body = {
        **SAID,
        "fellowship": case.ref,
        "setting": [{"name": "Turns", "value": "40"}],
        "also": [{"name": "Phone", "version": "4.1"}],
        "evidence": [result.sha256],
        "datasets": [dataset.slug],
    }
    url = reverse("api:findings-list")
    made = client.post(url, body, content_type="application/json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["evidence"], told["datasets"]) == ([result.sha256], [dataset.slug])
    assert told["also_affects"] == [{"name": "Phone", "version": "4.1"}]
    wrong = client.post(url, {**body, "events": [7]}, content_type="application/json")
    assert wrong.status_code == 400
    imports = reverse("api:finding-imports-list")
    for status, new in ((201, 2), (201, 2)):
        file = SimpleUploadedFile("scan.sarif", sarif("One", "Two"))
        sent = {"fellowship": case.ref, "file_format": "sarif", "file": file}
        answer = client.post(imports, sent)
        assert (answer.status_code, answer.json()["new"]) == (status, new)
    one = reverse("api:finding-imports-detail", args=[answer.json()["ref"]])
    rows = client.get(f"{one}rows/").json()["results"]
    assert [row["outcome"] for row in rows] == ["new", "new"]
    refused = client.post(f"{one}confirm/", {}, content_type="application/json")
    assert refused.status_code == 409
    done = client.post(f"{one}confirm/", {"system": "Chat"}, content_type="application/json")
    assert done.json()["confirmed_at"]
    assert Finding.objects.count() == 3
