"""The page of a finding, whole: few queries, and what a reader needs first."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import AccessEvent
from fellowship.kernel.time import now
from findings import services
from findings.models import Finding
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
