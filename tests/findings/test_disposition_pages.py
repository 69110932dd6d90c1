"""Pages and API of dispositions: who sees what, errors at their cause, every verb in the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen, now
from findings import services
from findings.models import Finding
from tests.scenarios import findings as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def taken(world: World, **values: Any) -> Finding:
    return services.take_finding(finding=scenario.reported(world, **values), by=world.product_owner)


def page(user: object, finding: Finding) -> str:
    response = as_(user).get(reverse("findings:detail", args=[finding.ref]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_of_a_long_story_takes_few_queries_and_both_sides_read_all(world: World) -> None:
    finding = taken(world)
    owner, fellow = world.product_owner, finding.fellowship.fellow
    with frozen(finding.reported_at + DAY):
        services.pause_finding(
            finding=finding, until=now() + 5 * DAY, waits_on="fellow", reason="Which?", by=owner
        )
        asked = page(fellow, finding)
        assert "With you: the clock stands still until you answer" in asked
        assert "The clock stands still: it waits for the fellow" in page(owner, finding)
        assert "Answer about" in as_(fellow).get("/").content.decode()
        services.reply(finding=finding, text="The first one.", by=fellow)
    services.rerate_finding(
        finding=finding, severity="low", reason="Rare.", evidence="Run 12.", by=owner
    )
    services.accept_finding(finding=finding, by=owner, reason="We act.", mapping="control")
    for _ in range(3):
        services.reply(finding=finding, text=f"And {_}?", by=fellow)
    client = as_(owner)
    url = reverse("findings:detail", args=[finding.ref])
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        shown = client.get(url).content.decode()
    assert len(caught) <= 25, len(caught)
    for text in (shown, page(fellow, finding)):
        for said in ("Which?", "The first one.", "Rare.", "We act.", "And 2?", "Run 12."):
            assert said in text


def test_forms_say_what_follows_and_put_errors_at_their_cause(world: World) -> None:
    finding = taken(world)
    client = as_(world.product_owner)

    def post(name: str, **data: Any) -> Any:
        return client.post(reverse(f"findings:{name}", args=[finding.ref]), data)

    defer = post("defer", look_again_at="2099-01-01", reason="Because of the release.")
    assert defer.status_code == 422
    assert "Choose a day to come, up to" in defer.content.decode()
    assert "Because of the release." in defer.content.decode()
    assert post("defer", look_again_at="9999-12-31", reason="x").status_code == 422
    assert post("defer", look_again_at="0001-01-01", reason="x").status_code == 422
    with frozen(finding.reported_at + 6 * DAY):
        shown = client.get(reverse("findings:rerate", args=[finding.ref])).content.decode()
        assert "By the rule it was due on" in shown
        said = {"severity": "high", "reason": "Seen live.", "evidence": "Log 7."}
        unconfirmed = post("rerate", **said)
        assert unconfirmed.status_code == 422
        assert "It is not made overdue" in unconfirmed.content.decode()
        assert post("rerate", **said, confirmed="on").status_code == 302
    finding.refresh_from_db()
    assert finding.severity == "high"
    until = (now() + DAY).date().isoformat()
    assert post("pause", waits_on="", until=until, reason="").status_code == 422
    assert post("close", closure="control").status_code == 422


def test_a_finding_that_is_open_again_says_so_before_any_sweep(world: World) -> None:
    finding = scenario.accepted(world)
    granted_exception(world, finding)
    owner = world.product_owner
    services.close_finding(finding=finding, closure="exception", by=owner)
    finding.refresh_from_db()
    assert finding.exception is not None
    shown = page(owner, finding)
    assert "Closed" in shown
    assert f'href="{finding.exception.get_absolute_url()}"' in shown
    stranger = page(world.policy_reviewer, finding)
    assert "An exception ends on" in stranger
    assert finding.exception.ref not in stranger.partition('id="act"')[2].partition("</section>")[0]
    with frozen(finding.exception.expires_at + DAY):
        shown = page(world.fresh("product_owner"), finding)
        assert "Open again" in shown
        assert f"The exception {finding.exception.ref} ended on" in shown


def test_overdue_findings_stand_on_the_first_page_by_their_owner(world: World) -> None:
    finding = taken(world)
    scenario.reported(world, finding.fellowship, title="Untaken", evidence=[])
    with frozen(finding.reported_at + 100 * DAY):
        sweep()
        for name in ("manager", "sponsor"):
            shown = as_(world.fresh(name)).get("/").content.decode()
            assert shown.count("1 overdue finding, the oldest since") == 2, name
            assert "Nobody yet" in shown
            assert f"owner={world.product_owner.username}" in shown
        overdue = page(world.fresh("product_owner"), finding)
        assert "The product owner was told on" in overdue
        assert "The sponsor was told on" in overdue
        home = as_(world.fresh("product_owner")).get("/").content.decode()
        assert "Its time has run out: The sponsor was told." in home
        assert "The sponsor is told." not in home


def test_accepting_shows_who_owns_it_and_asks_what_it_turns_into(world: World) -> None:
    finding = taken(world)
    form = as_(world.product_owner).get(f"{finding.get_absolute_url()}accept/").content.decode()
    assert f'<option value="{world.product_owner.pk}" selected>' in form
    assert "It turns into</label>" in form
    assert "Needed where it is actionable." in form


def test_every_disposition_is_a_verb_of_the_api(world: World) -> None:
    finding = scenario.reported(world)
    owner, fellow = as_(world.product_owner), as_(finding.fellowship.fellow)

    def send(verb: str, code: int = 200, client: Client = owner, **data: Any) -> Any:
        url = f"/api/v1/findings/{finding.ref}/{verb}/"
        answer = client.post(url, data, content_type="application/json")
        assert answer.status_code == code, (verb, answer.content)
        return answer.json()

    soon = (now() + DAY).isoformat()
    assert send("take")["state"] == "investigating"
    send("pause", 400, until=soon, waits_on="nobody", reason="?")
    send("pause", until=soon, waits_on="fellow", reason="Which token?")
    send("reply", client=fellow, text="The first.")
    send("pause", until=soon, waits_on="others", reason="The logs.")
    send("resume")
    refused = send("rerate", 409, severity="medium", reason="?", evidence="?")
    assert refused["code"] == "same"
    assert send("rerate", severity="low", reason="Rare.", evidence="Run 12.")["severity"] == "low"
    assert send("defer", look_again_at=soon, reason="Later.")["look_again_at"] is not None
    send("reconsider", reason="Now.")
    send("accept", 400, actionable="perhaps", reason="Yes.")
    assert send("accept", 409, actionable=True, reason="Yes.")["code"] == "no_mapping"
    send("accept", 403, client=fellow, actionable=False, reason="Yes.")
    accepted = send(
        "accept",
        actionable=True,
        reason="Yes.",
        mapping="policy",
        product_owner=world.product_owner.username,
    )
    assert (accepted["state"], accepted["mapping"]) == ("accepted", "policy")
    assert send("close", 409, closure="control")["code"] == "no_ground"
    other = scenario.reported(world, finding.fellowship, title="First", evidence=[])
    send("duplicate", 400, of="F-1999-001")
    closed = send("duplicate", of=other.ref, reason="The same prompt.")
    assert (closed["closure"], closed["answer"]) == ("duplicate", other.ref)
    assert send("reopen", reason="It is another.")["state"] == "investigating"
    assert send("reject", reason="As designed.")["state"] == "rejected"
    assert send("close", closure="rejection")["closure"] == "rejection"
    send("refer", 409, reason="?")
