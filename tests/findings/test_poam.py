"""The plan of action (OSCAL POA&M): valid against NIST's schema, every reference resolves."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command

from fellowship.history.models import Event
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from findings import services
from findings.exports import oscal, poam
from findings.models import Finding
from governance.models import ExceptionRecord
from tests.scenarios import findings as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def plan_of(world: World, user: Any = None) -> dict[str, Any]:
    held = io.BytesIO()
    findings, exceptions = Finding.objects.all(), ExceptionRecord.objects.all()
    if user:
        findings, exceptions = findings.visible_to(user), exceptions.visible_to(user)
    poam.write(held, world.program, findings, exceptions, at=now(), reader=user or System("test"))
    found: dict[str, Any] = json.loads(held.getvalue())
    return found


def nodes(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of a document, by its name."""
    if isinstance(value, list):
        for one in value:
            yield from nodes(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key, one
            yield from nodes(one)


LISTS = {
    "risk-uuid": "risks",
    "observation-uuid": "observations",
    "actor-uuid": "parties",
    "party-uuid": "parties",
    "subject-uuid": "components",
    "href": "resources",
    "role-id": "roles",
}
"""Which list the thing stands in that a member refers to."""


def dangling(document: dict[str, Any]) -> list[tuple[str, str]]:
    """References to what is not in the list it should be in."""
    found = list(nodes(document))
    there = {
        name: {one.get("uuid", one.get("id")) for k, rows in found if k == name for one in rows}
        for name in LISTS.values()
    }
    asked = [
        (key, value.removeprefix("#"))
        for key, value in found
        if key in LISTS and (key != "href" or value.startswith("#"))
    ]
    return [(key, value) for key, value in asked if value not in there[LISTS[key]]]


@pytest.fixture
def whole(world: World) -> World:
    """One finding of each kind, a control that was verified, and exceptions of two kinds."""
    control = scenario.verified(world)
    open_one = scenario.reported(
        world,
        control.finding.fellowship,
        title="Spaces \n and a line",
        cvss_vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N",
        severity="high",
        severity_reason="As scored.",
        evidence=[],
    )
    rejected = scenario.reported(world, control.finding.fellowship, title="No", evidence=[])
    services.take_finding(finding=rejected, by=world.product_owner)
    services.reject_finding(finding=rejected, by=world.product_owner, reason="It is no risk.")
    granted_exception(world, open_one, kind="control_not_implemented")
    week = now() + dt.timedelta(days=7)
    granted_exception(world, control.finding.fellowship, kind="late_training", expires_at=week)
    return world


def test_it_is_valid_and_every_reference_resolves(whole: World, shared_data: Path) -> None:
    document = plan_of(whole)
    schema = json.loads(
        (shared_data / "oscal" / "release-schemas" / "oscal_poam_schema.json").read_text()
    )
    problems = jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(document)
    assert [(p.instance_path, p.message) for p in problems] == []
    assert dangling(document) == []
    plan = document["plan-of-action-and-milestones"]
    uuids = Counter(value for key, value in nodes(document) if key == "uuid")
    assert [u for u, many in uuids.items() if many > 1 or not UUID.match(u)] == []
    assert [risk["status"] for risk in plan["risks"]] == [
        "remediating",
        "deviation-approved",
        "deviation-approved",
    ]
    assert len(plan["poam-items"]) == 3
    first = plan["risks"][0]
    assert first["remediations"][0]["lifecycle"] == "completed"
    assert [task["title"] for task in first["remediations"][0]["tasks"]] == [
        "Control deployed",
        "Control verified",
    ]
    counts = [o for o in plan["observations"] if o["types"] == ["mitigation"]]
    assert [{p["name"]: p["value"] for p in o["props"]}["hits"] for o in counts] == ["41", "4"]
    assert plan["risks"][1]["characterizations"][0]["facets"][2]["name"] == "base-score"
    assert plan["risks"][1]["title"] == "Spaces and a line"


def test_the_check_of_references_finds_the_wrong_one_in_the_published_example(
    shared_data: Path,
) -> None:
    name = "ifa_plan-of-action-and-milestones.json"
    published = json.loads((shared_data / "oscal/examples/poam/json" / name).read_text())
    assert ("risk-uuid", "401c15c9-ad6b-4d4a-a591-7d53a3abb3b6") in dangling(published)


def test_the_same_record_gives_the_same_identifiers(whole: World) -> None:
    once, again = plan_of(whole), plan_of(whole)
    assert (
        once["plan-of-action-and-milestones"]["risks"]
        == (again["plan-of-action-and-milestones"]["risks"])
    )


def test_what_one_may_not_see_is_not_in_it(whole: World) -> None:
    with pytest.raises(poam.NothingPlanned):
        plan_of(whole, whole.stranger)


def test_the_command_writes_it_and_records_that(whole: World, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    said = io.StringIO()
    call_command("export_poam", program=whole.program.slug, out=target, stdout=said)
    assert said.getvalue() == "3 items, 3 risks, 4 observations\n"
    assert (
        json.loads(target.read_text())["plan-of-action-and-milestones"]["metadata"]["oscal-version"]
        == oscal.VERSION
    )
    event = Event.objects.filter(verb="findings.export").get()
    assert (event.actor_label, json.loads(event.body)["change"]["format"]) == (
        "export_poam",
        "oscal",
    )


def test_the_command_says_what_is_wrong_and_leaves_no_file(world: World, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    with pytest.raises(CommandError, match="no programme 'nowhere'"):
        call_command("export_poam", program="nowhere", out=target)
    with pytest.raises(CommandError, match="no open finding"):
        call_command("export_poam", program=world.program.slug, out=target)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [(" a\n b ", "a b"), ("", "not stated"), ("\t", "not stated")],
    ids=["space", "empty", "blank"],
)
def test_strings_are_on_one_line_and_never_empty(text: str, told: str) -> None:
    assert oscal.line(text) == told
