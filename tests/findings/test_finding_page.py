"""The page of a finding, whole: few queries, and what a reader needs first."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import AccessEvent
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from findings import services
from findings.models import Finding
from findings.suggesting import suggest
from tests.scenarios import findings as scenario
from tests.scenarios.access import dataset
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def full(world: World) -> Finding:
    """A finding with all that its page can show: by import, verified control, pause, contests."""
    brought = scenario.brought(world)
    case = brought.fellowship
    fellow, owner = case.fellow, world.product_owner
    finding = scenario.reported(
        world,
        case,
        datasets=[dataset(world)],
        events=AccessEvent.objects.filter(fellowship=case)[:1],
        also=[{"name": "Search", "version": "2"}],
        setting=[{"name": "turns", "value": "40"}],
        embargo_until=now() + 9 * DAY,
        embargo_reason="Vendor.",
    )
    brought.rows.update(finding=finding)
    services.take_finding(finding=finding, by=owner)
    services.classify(finding=finding, finding_class="jailbreak", by=owner)
    finding = services.accept_finding(finding=finding, by=owner, mapping="control", reason="Yes.")
    control = scenario.verified(world, scenario.deployed(world, scenario.planned(world, finding)))
    services.request_change(finding=finding, by=owner, title="End sessions", control=control)
    services.plan_test(
        finding=finding,
        by=owner,
        title="Runs",
        must="named",
        named="tests/x.py",
        required=True,
        owner=owner,
    )
    services.ask_exception(
        finding=finding,
        by=owner,
        owner=world.oncall,
        rationale="Next release.",
        risk="Misuse.",
        compensating_measure="Watched.",
        measure_test="Ten are read each week.",
        expires_at=now() + 20 * DAY,
    )
    for about, family, kind in (
        (finding, "preventive", "content_filter"),
        (None, "corrective", "training"),
    ):
        contest = services.contest(
            program=world.program,
            finding=about,
            finding_class="jailbreak",
            family=family,
            control_type=kind,
            reason="No.",
            by=owner,
        )
        if about is None:
            services.answer_contest(
                contest=contest, outcome="withdrawn", answer="Right.", by=world.manager
            )
    for n in range(6):
        services.reply(finding=finding, text=f"Word {n}.", by=fellow if n % 2 else owner)
    return services.pause_finding(
        finding=finding, until=now() + 5 * DAY, waits_on="fellow", reason="Which?", by=owner
    )


def read(user: object, finding: Finding) -> tuple[str, int]:
    client = as_(user)
    client.get(finding.get_absolute_url())
    with CaptureQueriesContext(connection) as caught:
        page = client.get(finding.get_absolute_url()).content.decode()
    return page, len(caught)


def test_the_fullest_page_takes_few_queries_whoever_reads(world: World) -> None:
    finding = full(world)
    people = {
        "fellow": finding.fellowship.fellow,
        "owner": world.product_owner,
        "manager": world.manager,
        "sponsor": world.sponsor,
        "auditor": world.auditor,
    }
    taken = {name: read(person, finding)[1] for name, person in people.items()}
    assert max(taken.values()) <= 25, taken


def test_a_change_that_is_done_asks_for_its_control(world: World) -> None:
    finding = scenario.accepted(world)
    owner = world.product_owner
    change = services.request_change(finding=finding, by=owner, title="End sessions")
    services.report_change(change_request=change, state="done", by=owner)
    plan = reverse("findings:plan", args=[finding.ref])
    page, _ = read(owner, finding)
    assert "With you: plan a control" in page
    assert f'href="{plan}"' in page
    seen, _ = read(finding.fellowship.fellow, finding)
    assert "With the product owner, who plans a control" in seen
    assert f'href="{plan}"' not in seen


def test_older_words_are_folded_and_counted_and_all_stay_readable(world: World) -> None:
    page, _ = read(world.product_owner, full(world))
    assert "5 earlier entries" in page
    for said in ("Word 0.", "Word 5.", "1 pause", "Search 2", "Which?", "scan.sarif"):
        assert said in page


def test_who_may_not_read_an_embargoed_claim_reads_nothing_of_its_evidence(world: World) -> None:
    finding = full(world)
    hidden = (finding.claim, finding.conditions, "Trials, table 2")
    page, _ = read(world.sponsor, finding)
    assert "Under embargo until" in page
    assert not [text for text in hidden if text in page]
    assert finding.claim in read(world.auditor, finding)[0]


def test_what_it_is_about_is_said_in_a_report_or_left_to_the_technique(world: World) -> None:
    finding = scenario.reported(world, finding_class="over_refusal")
    assert suggest(finding).finding_class == "over_refusal"
    unsure = scenario.reported(world, finding.fellowship, title="B", finding_class="not_sure")
    assert unsure.finding_class == ""
    assert suggest(unsure).derived
    with pytest.raises(Refused) as refused:
        scenario.reported(world, finding.fellowship, title="C", finding_class="ghost")
    assert refused.value.refusal.field == "finding_class"
    fellow = as_(finding.fellowship.fellow)
    said = {
        "fellowship": finding.fellowship.ref,
        "title": "D",
        "claim": "It is so.",
        "system": "Chat",
        "system_version": "4",
        "severity": "low",
    }
    for about, kept in (("poisoning", "poisoning"), ("not_sure", ""), (None, "")):
        data = said | ({"finding_class": about} if about else {})
        made = fellow.post("/api/v1/findings/", data, content_type="application/json")
        assert made.status_code == 201, made.content
        assert made.json()["finding_class"] == kept
    url = reverse("findings:report", args=[finding.fellowship.ref])
    form = {**said, "harm": "limited", "confidence": "low", "step": "check"}
    for more, shown in (
        ({"finding_class": "poisoning"}, "Poisoned data or model"),
        ({"finding_class": "not_sure", "technique": "AML.T0054"}, "as AML.T0054 usually means"),
        ({}, "Not sure; a product owner will say it"),
    ):
        assert shown in fellow.post(url, form | more).content.decode()


def test_a_file_without_techniques_is_asked_what_it_is_about(world: World) -> None:
    brought = scenario.brought(world)
    fellow = as_(brought.fellowship.fellow)
    assert "What they are about" in fellow.get(brought.get_absolute_url()).content.decode()
    confirm = reverse("findings:import_confirm", args=[brought.ref])
    said = {"severity": "low", "system": "Chat", "finding_class": "data_leakage"}
    assert fellow.post(confirm, said).status_code == 302
    assert {f.finding_class for f in Finding.objects.all()} == {"data_leakage"}
