"""Access events as OCSF 1.8: what the schema requires, by a check of our own, and who gets them."""

from __future__ import annotations

import datetime as dt
import io
import json
import tracemalloc
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access import ocsf, services
from access.models import AccessEvent, Grant
from access.states import EventKind
from fellowship.accounts.models import User
from fellowship.accounts.services import create_token
from fellowship.history.models import Event
from fellowship.kernel.journal import System
from fellowship.kernel.time import now
from tests.scenarios import access as scenario
from tests.scenarios.world import SETUP, World

# From the schema: github.com/ocsf/ocsf-schema, base_event and the three classes.
REQUIRED = {
    "activity_id": int,
    "category_uid": int,
    "class_uid": int,
    "metadata": dict,
    "severity_id": int,
    "time": int,
    "type_uid": int,
    "actor": dict,
    "src_endpoint": dict,
}
OF_CLASS: dict[int, tuple[str, dict[int, str]]] = {
    6003: ("api", {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: ""}),
    6005: ("database", {1: "Read", 2: "Update", 3: "Connect", 4: "Query", 5: "Write", 99: ""}),
    6006: ("file", {1: "Upload", 2: "Download", 6: "Copy", 7: "Move", 12: "Share", 99: ""}),
}
NAMES = {6003: "API Activity", 6005: "Datastore Activity", 6006: "File Hosting Activity"}
SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal"}
OF_OBJECT = {
    "metadata": ("version", "product"),
    "api": ("operation",),
    "database": ("name", "type_id"),
    "file": ("name", "type_id"),
}


def problems(event: dict[str, Any]) -> list[str]:
    """What the schema would object to."""
    found = [
        f"{name} is no {kind.__name__}"
        for name, kind in REQUIRED.items()
        if not isinstance(event.get(name), kind)
    ]
    if found:
        return found
    subject, activities = OF_CLASS[event["class_uid"]]
    activity = event["activity_id"]
    checks = {
        "version": event["metadata"].get("version") == "1.8.0",
        "product": bool(event["metadata"].get("product", {}).get("vendor_name")),
        "category": event["category_uid"] == event["class_uid"] // 1000 == 6,
        "class name": event["class_name"] == NAMES[event["class_uid"]],
        "activity": activity in activities,
        "other needs a name": activity != 99 or bool(event.get("activity_name")),
        "activity name": not activities.get(activity)
        or event["activity_name"] == activities[activity],
        "type": event["type_uid"] == event["class_uid"] * 100 + activity,
        "severity": SEVERITIES.get(event["severity_id"]) == event.get("severity"),
        "status": (event.get("status_id"), event.get("status")) == (1, "Success"),
        "milliseconds": 10**12 < event["time"] < 10**13,
        "actor": bool(event["actor"].get("user", {}).get("name")),
        "source": bool(event["src_endpoint"].get("name")),
        "subject": isinstance(event.get(subject), dict),
        "resources": all(one.get("name") for one in event.get("resources", [])),
        "unmapped": isinstance(event.get("unmapped", {}), dict),
    }
    for name, parts in OF_OBJECT.items():
        if name in event:
            checks[name] = all(part in event[name] for part in parts)
    return [name for name, holds in checks.items() if not holds]


@pytest.fixture
def reported(world: World, grant: Grant) -> Grant:
    """One act of each kind, one by nobody we know, one on nothing we have, one on no data."""
    acts = [scenario.event(grant, n, kind=kind) for n, kind in enumerate(EventKind.values)]
    acts += [
        scenario.event(grant, 101, person="ghost@elsewhere.example"),
        scenario.event(grant, 102, dataset="no-such-data"),
        scenario.event(grant, 103, kind="output_download", details={"file": "table-3.csv"}),
    ]
    nothing = scenario.event(grant, 104, kind="code_execution")
    del nothing["dataset"]
    services.ingest(
        program=world.program, events=[*acts, nothing], source="jupyterhub", by=System("test")
    )
    return grant


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_event_is_what_the_schema_requires(reported: Grant) -> None:
    written = read("".join(ocsf.lines(AccessEvent.objects.all())))
    assert len(written) == len(EventKind.values) + 4
    assert {event["metadata"]["original_event_uid"]: problems(event) for event in written} == {
        event.external_id: [] for event in AccessEvent.objects.all()
    }


def test_the_check_finds_what_is_wrong(reported: Grant) -> None:
    [event] = [*ocsf.lines(AccessEvent.objects.filter(external_id="e-1"))]
    good = json.loads(event)
    for change, said in (
        ({"severity_id": 9}, "severity"),
        ({"type_uid": 1}, "type"),
        ({"activity_id": 77}, "activity"),
        ({"database": {}}, "database"),
        ({"actor": None}, "actor is no dict"),
    ):
        assert said in problems({**good, **change})


def test_an_event_says_who_did_what_and_the_verdict(reported: Grant) -> None:
    written = {
        one["metadata"]["original_event_uid"]: one
        for one in read("".join(ocsf.lines(AccessEvent.objects.all())))
    }
    query = written["e-1"]
    assert (query["class_uid"], query["activity_id"]) == (6005, 4)
    assert query["actor"]["user"]["email_addr"] == reported.person.email
    data = reported.dataset
    known = {"name": data.slug, "uid": data.ref, "type_id": 99, "type": "Dataset"}
    assert query["database"] == known
    assert query["unmapped"]["grant"] == reported.ref
    assert query["unmapped"]["details"]["rows"] == 120
    assert query["severity"] == "Informational"
    assert written["e-101"]["actor"]["user"]["type"] == "Unknown"
    assert written["e-103"]["file"]["name"] == "table-3.csv"
    assert written["e-103"]["severity"] == "High", "an output taken outside the agreement"
    assert written["e-102"]["severity"] == "Medium"


def test_who_exports_by_page_and_that_it_is_recorded(world: World, reported: Grant) -> None:
    for who, status in (("oncall", 200), ("auditor", 200), ("steward", 404), ("applicant", 404)):
        client = Client()
        client.force_login(User.objects.get(pk=getattr(world, who).pk))
        page = client.get("/access/trail/").content.decode()
        assert ("Export for a SIEM" in page) is (status == 200), who
        answer = client.post("/access/trail/export/", {"narrowed": "kind=query"})
        assert answer.status_code == status, who
        if status == 200:
            found = read(b"".join(answer.streaming_content).decode())
            assert {event["activity_name"] for event in found} == {"Query"}
            assert "access-trail.ocsf.jsonl" in answer["Content-Disposition"]
    assert Event.objects.filter(verb="access.export_events").count() == 2


def test_the_api_gives_what_the_person_may_see(world: World, reported: Grant) -> None:
    client = Client()
    for who, count in (("oncall", 12), ("applicant", 11), ("stranger", 0)):
        _, secret = create_token(user=getattr(world, who), scopes=["read"], by=SETUP)
        token = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        answer = client.get("/api/v1/access/events?format=ocsf", **token)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/jsonl")
        assert len(read(b"".join(answer.streaming_content).decode())) == count, who
        plain = client.get("/api/v1/access/events", **token)
        assert plain["Content-Type"] == "application/json"


def test_the_command_writes_what_happened_in_the_time(world: World, reported: Grant) -> None:
    out = io.StringIO()
    since = (now() - dt.timedelta(hours=1)).isoformat()
    call_command("export_ocsf", program=world.program.slug, since=since, stdout=out)
    assert len(read(out.getvalue())) == 12
    out = io.StringIO()
    call_command("export_ocsf", program=world.program.slug, since=since, until=since, stdout=out)
    assert out.getvalue() == ""
    for wrong in ({"program": "nothing"}, {"since": "2026-11-01"}):
        with pytest.raises(CommandError):
            call_command("export_ocsf", **{"program": world.program.slug, "since": since, **wrong})


def test_memory_does_not_grow_with_events(world: World, grant: Grant) -> None:
    acts = [scenario.event(grant, n, details={"note": "x" * 2_000}) for n in range(6_000)]
    services.ingest(program=world.program, events=acts, source="bulk", by=System("test"))
    del acts
    tracemalloc.start()
    try:
        written = sum(len(line) for line in ocsf.lines(AccessEvent.objects.all()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written > 12_000_000
    assert peak < written / 2
