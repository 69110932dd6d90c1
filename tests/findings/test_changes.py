"""Change requests, acceptance tests and risk exceptions: what a finding is converted into."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fellowship.accounts.services import create_token
from fellowship.history.queries import timeline
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Delivery, Notice
from fellowship.notices.services import add_endpoint
from fellowship.notices.webhooks.sending import send_waiting
from findings import services
from findings.chain import chain, first_missing, gap, with_chain
from findings.models import AcceptanceTest, ChangeReport, ChangeRequest, Finding
from findings.services.changes import KIND
from governance.models import ExceptionRecord
from tests.governance.test_board_race import at_once
from tests.scenarios import access
from tests.scenarios import findings as scenario
from tests.scenarios.governance import decide_on
from tests.scenarios.scoping import world_with_fellowship
from tests.scenarios.world import World
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def read(finding: Finding) -> Finding:
    found: Finding = with_chain(Finding.objects.all()).get(pk=finding.pk)
    return found


def asked(world: World, finding: Finding, **values: Any) -> ChangeRequest:
    return services.request_change(
        **{
            "finding": finding,
            "title": "End sessions after 35 turns",
            "by": world.product_owner,
            **values,
        }
    )


def planned_test(world: World, finding: Finding, **values: Any) -> AcceptanceTest:
    return services.plan_test(
        **{
            "finding": finding,
            "title": "Attack works at most one time in ten",
            "must": "metric",
            "metric": "attack_success",
            "limit": Decimal("0.1"),
            "minimum_trials": 50,
            "required": True,
            "by": world.product_owner,
            **values,
        }
    )


@pytest.fixture
def tracker(settings: Any) -> Iterator[Receiver]:
    """The receiving team's tracker, which answers with where it follows the change."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    link = json.dumps({"url": "https://tracker.example/ENG-412", "key": "ENG-412"})
    with receiving(text=link.encode()) as told:
        yield told


def test_a_change_request_goes_out_signed_and_its_tracker_is_linked(
    world: World, tracker: Receiver
) -> None:
    realm = world.program.realm
    add_endpoint(realm=realm, name="Tracker", url=tracker.url, kinds=[KIND], by=world.admin)
    add_endpoint(realm=realm, name="Other", url=tracker.url, kinds=[], by=world.admin)
    finding = scenario.accepted(world)
    control = scenario.planned(world, finding)
    assert first_missing(read(finding)) == "access"
    access.granted(world, finding.fellowship)
    assert first_missing(read(finding)) == "change request"
    change = asked(world, finding, control=control)
    assert asked(world, finding, control=control) == change  # twice is once
    assert first_missing(read(finding)) == "baseline"
    assert str(send_waiting()) == "1 delivered"
    [(_, body)] = tracker.seen
    told = json.loads(body)
    assert (told["type"], told["data"]["event"]) == (KIND, "requested")
    assert told["data"]["change_request"]["report_to"].endswith(
        f"/api/v1/change-requests/{change.ref}/report/"
    )
    assert finding.claim not in str(body)
    change.refresh_from_db()
    assert (change.tracker_url, change.tracker_key) == (
        "https://tracker.example/ENG-412",
        "ENG-412",
    )
    again = services.request_change(finding=finding, title="Whole", by=world.product_owner)
    services.withdraw_change(change_request=again, by=world.product_owner, reason="Too broad.")
    waiting = Delivery.objects.about(again).order_by("pk").values_list("state", flat=True)
    assert list(waiting) == ["superseded", "waiting"]


def test_reports_count_by_the_trackers_time_and_done_prompts_only(world: World) -> None:
    finding = scenario.accepted(world)
    control = scenario.planned(world, finding)
    change = asked(world, finding, control=control)
    start = now()

    def report(state: str, minutes: int, name: str) -> ChangeReport:
        return services.report_change(
            change_request=change,
            state=state,
            at=start + dt.timedelta(minutes=minutes),
            report_id=name,
            by=world.product_owner,
        )

    with frozen(start + dt.timedelta(hours=1)):
        assert report("in_progress", 10, "b").reception == "applied"
        assert report("open", 5, "a").reception == "late"  # came out of order
        done = report("done", 20, "c")
        assert report("done", 20, "c") == done  # repeated
        assert report("done", 25, "d").reception == "same"
        assert code_of(lambda: report("rejected", 20, "c")) == "conflict"
        assert code_of(lambda: report("done", 90, "e")) == "future"
        assert code_of(lambda: report("withdrawn", 30, "f")) == "unknown_state"
    change.refresh_from_db()
    control.refresh_from_db()
    assert (change.state, control.state) == ("done", "planned")  # nothing deploys by itself
    prompt = Notice.objects.get(recipient=world.product_owner, kind="findings.change")
    assert f"record {control.ref} as deployed" in prompt.title
    assert (
        f"record {control.ref} as deployed"
        in signed_in(world.product_owner).get("/").content.decode()
    )
    kept = list(change.reports.values_list("report_id", "reception"))
    assert kept == [("d", "same"), ("c", "applied"), ("b", "applied"), ("a", "late")]
    verbs = [event.verb for event in timeline(change)]
    assert verbs == ["findings.report_change"] * 4 + ["findings.request_change"]


def test_who_may_convert_and_report(world: World) -> None:
    finding = scenario.reported(world)
    assert code_of(lambda: asked(world, finding)) == "not_accepted"
    finding = scenario.accepted(world, finding)
    assert code_of(lambda: asked(world, finding, by=world.mentor)) == "wrong_role"
    other = scenario.planned(
        world,
        scenario.accepted(
            world, scenario.reported(world, finding.fellowship, title="Two", evidence=[])
        ),
    )
    assert code_of(lambda: asked(world, finding, control=other)) == "other_finding"
    change = asked(world, finding)
    report = {"change_request": change, "state": "done", "by": world.mentor}
    assert code_of(lambda: services.report_change(**report)) == "wrong_role"
    silent = {"change_request": change, "by": world.product_owner, "reason": " "}
    assert code_of(lambda: services.withdraw_change(**silent)) == "no_rationale"


def test_a_trackers_token_reports_and_does_nothing_else(world: World) -> None:
    finding = scenario.accepted(world)
    change = asked(world, finding)
    _, secret = create_token(
        user=world.product_owner, scopes=["changes:report"], by=world.product_owner, name="tracker"
    )
    client = Client(headers={"authorization": f"Bearer {secret}"})
    url = f"/api/v1/change-requests/{change.ref}/"
    body = {"id": "7", "state": "in_progress", "at": now().isoformat(), "note": "Sprint 12"}
    said = client.post(f"{url}report/", body, content_type="application/json")
    assert said.status_code == 200, said.json()
    assert (said.json()["reception"], said.json()["stands"]) == ("applied", "in_progress")
    assert client.post(f"{url}report/", body, content_type="application/json").json() == said.json()
    assert client.get(url).json()["state"] == "in_progress"
    for path in (f"{url}withdraw/", "/api/v1/change-requests/", f"{url}link/"):
        assert client.post(path, {}, content_type="application/json").status_code == 403
    assert client.get(f"/api/v1/findings/{finding.ref}/").status_code == 403
    odd = {**body, "id": "8", "state": "shipped", "at": "yesterday"}
    wrong = client.post(f"{url}report/", odd, content_type="application/json")
    assert {e["pointer"] for e in wrong.json()["errors"]} == {"/state", "/at"}
    services.withdraw_change(change_request=change, by=world.product_owner, reason="Not now.")
    late = client.post(
        f"{url}report/", {**body, "id": "9", "state": "done"}, content_type="application/json"
    )
    assert (late.json()["reception"], late.json()["stands"]) == ("withdrawn", "withdrawn")


def test_a_required_test_passes_before_the_finding_closes_and_not_by_its_owner(
    world: World,
) -> None:
    finding = scenario.accepted(world)
    control = scenario.planned(world, finding)
    test = planned_test(world, finding, control=control)
    assert planned_test(world, finding, control=control) == test
    assert test.demand == "Attack success rate at most 10 % in 50 trials or more"
    scenario.verified(world, scenario.deployed(world, control))
    close = {"finding": finding, "closure": "control", "by": world.product_owner}
    assert code_of(lambda: services.close_finding(**close)) == "test_not_passed"
    run = {"test": test, "hits": 4, "trials": 60, "evidence": "sha256 9f2c"}
    assert code_of(lambda: services.record_test(**run, by=world.product_owner)) == "separation"
    assert code_of(lambda: services.record_test(**run, by=world.mentor)) == "wrong_role"
    bare = {**run, "evidence": " ", "by": world.oncall}
    assert code_of(lambda: services.record_test(**bare)) == "no_evidence"
    few = {**run, "trials": 40, "by": world.oncall}
    assert code_of(lambda: services.record_test(**few)) == "too_few"
    assert not services.record_test(**{**run, "hits": 9, "by": world.oncall}).passed
    assert code_of(lambda: services.close_finding(**close)) == "test_not_passed"
    leave = {"test": test, "by": world.product_owner, "reason": "It passes."}
    assert code_of(lambda: services.withdraw_test(**leave)) == "separation"
    passed = services.record_test(**run, by=world.oncall)
    assert services.record_test(**run, by=world.oncall) == passed  # sent twice
    test.refresh_from_db()
    assert (test.state, test.decided_by) == ("passed", world.oncall)
    assert services.close_finding(**close).state == "closed"


def test_an_exception_covers_the_gap_until_it_ends(world: World) -> None:
    finding = scenario.accepted(world)
    access.granted(world, finding.fellowship)
    ends = now() + dt.timedelta(days=30)
    values = {
        "finding": finding,
        "owner": world.oncall,
        "rationale": "The filter needs the next release.",
        "risk": "Long sessions can be misused.",
        "compensating_measure": "Sessions are watched.",
        "measure_test": "Ten sessions are read each week.",
        "expires_at": ends,
        "by": world.product_owner,
    }
    assert code_of(lambda: services.ask_exception(**{**values, "by": world.mentor})) == "wrong_role"
    exception = services.ask_exception(**values)
    assert services.ask_exception(**values) == exception
    assert gap(read(finding)) == "change request"  # asked is not granted
    decide_on(world, exception)
    assert first_missing(read(finding)) == ""
    assert gap(read(finding)) == f"excepted until {ends:%-d %b %Y}"
    page = signed_in(finding.fellowship.fellow).get(finding.get_absolute_url()).content.decode()
    assert "lets this risk stand until" in page
    with frozen(ends):
        assert gap(read(finding)) == "change request"  # without any timer
    assert ExceptionRecord.objects.get().kind == "control_not_implemented"


def test_the_pages_convert_show_and_refuse(
    world: World, django_assert_max_num_queries: Any
) -> None:
    finding = scenario.accepted(world)
    control = scenario.planned(world, finding)
    owner, oncall = signed_in(world.product_owner), signed_in(world.oncall)
    new = reverse("findings:change_new", args=[finding.ref])
    assert control.title in owner.get(f"{new}?control={control.ref}").content.decode()
    assert owner.post(new, {"title": ""}).status_code == 422
    sent = owner.post(new, {"title": "End sessions", "control": control.pk})
    change = ChangeRequest.objects.get()
    assert sent.headers["location"] == change.get_absolute_url()
    owner.post(change.get_absolute_url(), {"state": "done", "note": "Shipped in 4.3"})
    owner.get(change.get_absolute_url())
    with django_assert_max_num_queries(25):
        page = owner.get(change.get_absolute_url()).content.decode()
    assert "record the deployment once it is live" in page
    assert "Shipped in 4.3" in page
    new = reverse("findings:test_new", args=[finding.ref])
    bad = owner.post(new, {"title": "Runs", "must": "named", "required": "yes"})
    assert bad.status_code == 422
    sent = owner.post(
        new,
        {
            "title": "Runs",
            "must": "named",
            "named": "tests/test_long.py",
            "required": "yes",
            "owner": world.product_owner.pk,
        },
    )
    test = AcceptanceTest.objects.get()
    assert sent.headers["location"] == test.get_absolute_url()
    assert "does not record its result" in owner.get(test.get_absolute_url()).content.decode()
    oncall.post(test.get_absolute_url(), {"passed": "yes", "evidence": "CI run 812"})
    assert "CI run 812" in oncall.get(test.get_absolute_url()).content.decode()
    ask = reverse("findings:exception_new", args=[finding.ref])
    assert owner.post(ask, {"rationale": "x"}).status_code == 422
    good = {
        "owner": world.oncall.pk,
        "rationale": "Next release.",
        "risk": "Misuse.",
        "compensating_measure": "Watched.",
        "measure_test": "Ten are read each week.",
        "expires_on": (now() + dt.timedelta(days=20)).date().isoformat(),
    }
    assert owner.post(ask, good).status_code == 302
    with django_assert_max_num_queries(25):
        page = owner.get(finding.get_absolute_url()).content.decode()
    for shown in (
        change.ref,
        test.ref,
        ExceptionRecord.objects.get().ref,
        "From dataset to verdict",
    ):
        assert shown in page
    labels = [link.label for link in chain(read(finding))]
    assert labels == [
        "dataset",
        "access",
        "artifact",
        "claim",
        "finding",
        "disposition",
        "change request",
        "control",
        "baseline",
        "measurement",
        "verdict",
    ]
    assert signed_in(world.stranger).get(change.get_absolute_url()).status_code == 404


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_convert_and_a_report_meets_the_withdrawal_at_once() -> None:
    world = world_with_fellowship()
    finding = scenario.accepted(world)
    made = at_once(*(lambda: asked(world, finding) for _ in range(2)))
    assert made[0] == made[1]
    change = ChangeRequest.objects.get()
    at_once(
        lambda: services.withdraw_change(
            change_request=change, by=world.product_owner, reason="Not now."
        ),
        lambda: services.report_change(
            change_request=change, state="in_progress", report_id="1", by=world.product_owner
        ),
    )
    change.refresh_from_db()
    assert change.state == "withdrawn"
    assert change.reports.get().reception in ("applied", "withdrawn")
