"""What a claim under embargo says stands nowhere for those who may not read it."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.kernel.journal import System
from fellowship.kernel.time import frozen, now
from findings import services
from findings.exports import poam, tables
from findings.models import Finding, FindingImport
from governance.models import ExceptionRecord, Matter
from oversight.lineage import serialise
from publications.models import Publication
from tests.scenarios import findings as scenario
from tests.scenarios import publications
from tests.scenarios.oversight import Case
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
CANARY = "quokka"
BARRED = ("sponsor", "board_security", "chair", "mentor", "reviewer", "steward", "applicant")
LONG = "It is a long way. " * 20
"""What a file says is the title of its finding as far as a title goes; titles stay open."""
DAYS = dt.timedelta(days=20)


@dataclass
class Closed:
    """A severe finding before the board, in a work under review, and one from a file."""

    case: Case
    finding: Finding
    matter: Matter
    work: Publication
    brought: FindingImport
    until: dt.datetime


@pytest.fixture
def closed(world: World, case: Case) -> Closed:
    """Everything that shows a finding is there before its embargo begins."""
    fellowship = case.fellowship
    result = scenario.artifact(
        world, fellowship, name=f"{CANARY}-evidence.csv", sha256="ab" * 32, sources=[case.dataset]
    )
    finding = scenario.reported(
        world,
        fellowship,
        title="A way around the filter",
        claim=f"The {CANARY} claim.",
        conditions=f"The {CANARY} condition.",
        reproduction=f"The {CANARY} steps.",
        setting=[{"name": "Mode", "value": f"{CANARY} setting"}],
        severity="high",
        harm="limited",
        harm_note=f"The {CANARY} harm.",
        evidence=[result],
    )
    brought = scenario.brought(world, fellowship, f"{LONG}The {CANARY} text.")
    services.confirm_import(
        brought=brought, by=fellowship.fellow, severity="high", system="Chat", system_version="1"
    )
    work = publications.submitted(
        world, fellowship, work_class="vulnerability", findings=[finding], title="On filters"
    )
    owner = world.product_owner
    services.take_finding(finding=finding, by=owner)
    services.refer_rejection(finding=finding, by=owner, reason="It is no risk.")
    matter = Matter.objects.get(subject_type="findings.finding", subject_id=finding.pk)
    until = now() + DAYS
    imported = Finding.objects.get(import_rows__belongs_to=brought)
    for one in (finding, imported):
        services.change_embargo(
            finding=one, by=fellowship.fellow, until=until, reason="Until it is mended."
        )
    return Closed(case, Finding.objects.get(pk=finding.pk), matter, work, brought, until)


def pages_of(closed: Closed, world: World) -> Iterator[tuple[str, Any]]:
    """What shows findings: address and, where it is sent, what is sent."""
    case, finding, work = closed.case.fellowship.ref, closed.finding.ref, closed.work.ref
    matter, slug, to = closed.matter.ref, world.program.slug, reverse
    yield from (
        (url, None)
        for url in (
            "/",
            to("findings:queue"),
            f"{to('findings:queue')}?queue=all",
            to("findings:detail", args=[finding]),
            to("findings:pane", args=[finding]),
            to("findings:embargo", args=[finding]),
            to("findings:imports", args=[case]),
            to("findings:import", args=[closed.brought.ref]),
            to("findings:import_file", args=[closed.brought.ref]),
            to("findings:portfolio", args=[slug]),
            to("findings:plan", args=[finding]),
            closed.case.fellowship.get_absolute_url(),
            to("api:findings-list"),
            to("api:findings-detail", args=[finding]),
            f"{to('api:finding-imports-detail', args=[closed.brought.ref])}rows/",
            to("api:plan-of-action", args=[slug]),
            to("oversight:lineage", args=[case]),
            f"{to('oversight:lineage', args=[case])}?finding={finding}",
            *(to("oversight:lineage_file", args=[case, form]) for form in serialise.FORMS),
            *(f"{to('api:lineage', args=[case])}?form={form}" for form in serialise.FORMS),
            to("oversight:package", args=[case]),
            to("oversight:program", args=[slug]),
            to("oversight:sponsor", args=[slug]),
            to("oversight:room", args=[slug]),
            to("oversight:trace", args=[slug, case]),
            to("oversight:record", args=[slug, "findings.finding", closed.finding.pk]),
            closed.matter.get_absolute_url(),
            f"{closed.matter.get_absolute_url()}dossiers/1/",
            to("api:matters-detail", args=[matter]),
            to("publications:index"),
            to("publications:detail", args=[work]),
            to("publications:read", args=[work]),
            to("publications:check", args=[work]),
            to("publications:sources", args=[work]),
            to("publications:disclosure", args=[work]),
            to("api:publications-detail", args=[work]),
        )
    )
    for file_format in ("csv", "jsonl", "oscal"):
        yield to("findings:export", args=[slug]), {"file_format": file_format}


def told(client: Client, url: str, sent: Any) -> tuple[int, str]:
    """Status and all that is said, a package unpacked."""
    got = client.post(url, sent) if sent else client.get(url, headers={"HX-Request": "true"})
    content = b"".join(got.streaming_content) if got.streaming else got.content  # type: ignore[attr-defined]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"\n".join(packed.read(name) for name in packed.namelist())
    return got.status_code, content.decode()


def entered(world: World, closed: Closed, user: Any) -> Client:
    """Signed in; a member or the chair said that they have no conflict."""
    client = Client()
    client.force_login(user)
    client.post(f"{closed.matter.get_absolute_url()}declare/", {"kind": "none", "statement": ""})
    return client


def test_what_a_claim_under_embargo_says_is_read_by_few_and_nowhere_else(
    world: World, closed: Closed
) -> None:
    shown: dict[str, int] = {}
    for name in BARRED:
        user = world.fresh(name)
        if name == "applicant":
            user = world.fresh("other_applicant")  # a fellow of another case
        client = entered(world, closed, user)
        for url, sent in pages_of(closed, world):
            status, said = told(client, url, sent)
            assert status < 500, (name, url)
            assert CANARY not in said.lower(), (name, url)
            shown[url] = shown.get(url, 0) + (status == 200)
        found = client.get(reverse("api:findings-list"), {"q": CANARY}).json()
        assert found["results"] == []
        assert closed.finding.ref not in told(client, f"/triage/?q={CANARY}", None)[1]
    member = entered(world, closed, world.fresh("board_security"))
    for url in (closed.matter.get_absolute_url(), closed.finding.get_absolute_url()):
        assert "nder embargo until" in told(member, url, None)[1]
    none = {url for url, times in shown.items() if not times}
    slug = world.program.slug
    expected = {
        reverse("oversight:room", args=[slug]),
        reverse("oversight:trace", args=[slug, closed.case.fellowship.ref]),
        reverse("oversight:record", args=[slug, "findings.finding", closed.finding.pk]),
        reverse("findings:import_file", args=[closed.brought.ref]),
        reverse("api:plan-of-action", args=[slug]),
        reverse("publications:sources", args=[closed.work.ref]),
    }
    assert none - {url for url, sent in pages_of(closed, world) if sent} == expected


def test_those_who_may_read_it_do_and_everybody_once_it_ended(world: World, closed: Closed) -> None:
    case, finding = closed.case.fellowship.ref, closed.finding
    reads = (
        finding.get_absolute_url(),
        reverse("findings:pane", args=[finding.ref]),
        reverse("findings:import_file", args=[closed.brought.ref]),
        reverse("api:findings-detail", args=[finding.ref]),
        reverse("oversight:lineage", args=[case]),
        reverse("oversight:lineage_file", args=[case, "json"]),
    )
    manager = entered(world, closed, world.fresh("manager"))
    for url in (*reads, closed.matter.get_absolute_url()):
        assert CANARY in told(manager, url, None)[1], url
    owner = entered(world, closed, world.fresh("product_owner"))
    plan = told(
        owner, reverse("findings:export", args=[world.program.slug]), {"file_format": "oscal"}
    )
    assert f"{CANARY}-evidence.csv" in plan[1]
    sponsor = entered(world, closed, world.fresh("sponsor"))
    package = reverse("oversight:package", args=[case])
    with frozen(closed.until):
        sponsor.force_login(world.fresh("sponsor"))
        for url in reads:
            assert CANARY in told(sponsor, url, None)[1], url
    assert "Withheld under embargo until" in told(sponsor, package, None)[1]


def test_an_export_says_to_a_reader_without_the_role_that_a_claim_is_withheld(
    world: World, closed: Closed
) -> None:
    rows = Finding.objects.filter(pk=closed.finding.pk)
    day = world.program.calendar().local(closed.until)
    instead = f"Withheld under embargo until {day:%-d %B %Y}."
    for reader, open_ in ((world.fresh("sponsor"), False), (System("test"), True)):
        held = io.BytesIO()
        exceptions = ExceptionRecord.objects.none()
        poam.write(held, world.program, rows, exceptions, at=now(), reader=reader)
        plan = held.getvalue().decode()
        assert (CANARY in plan, instead in plan) == (open_, not open_)
        for file_format in ("csv", "jsonl"):
            held = io.BytesIO()
            tables.write(held, file_format, rows, reader=reader)
            table = held.getvalue().decode()
            assert (instead in table, closed.finding.ref in table) == (not open_, True)


def test_a_result_of_an_open_finding_too_is_read_but_not_its_link_to_the_closed_one(
    world: World, closed: Closed
) -> None:
    [evidence] = closed.finding.evidence.all()
    other = scenario.reported(
        world, closed.case.fellowship, title="Another", evidence=[evidence.artifact]
    )
    graph = serialise.document(closed.case.fellowship, "json", reader=world.fresh("sponsor"))
    key = f"findings.artifact:{evidence.artifact_id}"
    to = [edge["target"] for edge in graph["edges"] if edge["source"] == key]
    assert to == [f"findings.claim:{other.pk}"]
