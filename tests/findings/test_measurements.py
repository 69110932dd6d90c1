"""Plans locked at deployment, counts kept with what they were counted of, files of counts."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fellowship.history.models import Event
from fellowship.kernel import journal, saying
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import now
from fellowship.kernel.tracking import bulk_writes
from fellowship.notices.models import Notice
from findings import services
from findings.judging import judged
from findings.models import Control, ControlMetric, Measurement, PlanAmendment
from findings.pictures import before_and_after
from findings.series import FORMATS, BadRow, Reading
from findings.states import UNSETTLED
from findings.statistics import Conditions, Durations, Rate, Sample, Scores, Share
from tests.scenarios import findings as scenario
from tests.scenarios.governance import granted_exception
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db
MODEL, ATTACK = "gpt-4o-2024-05-13", "important_instructions"
LONG_AGO = {"baseline_from": dt.date(2024, 6, 1), "setting": "bench"}


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code


def primary(control: Control) -> ControlMetric:
    return ControlMetric.objects.select_related("control").get(control=control, number=1)


def dojo(world: World, **values: Any) -> Control:
    """A control whose plan is AgentDojo's: one model, one attack, on the bench."""
    under = Conditions(model=MODEL, attack=ATTACK, harness="AgentDojo")
    plan = scenario.plan_of(**{**LONG_AGO, "conditions": under, **values})
    return scenario.planned(world, plan=plan)


def read(world: World, control: Control, data: bytes, **options: Any) -> services.SeriesReport:
    return services.read_series(
        metric=primary(control), data=data, by=world.product_owner, **options
    )


# --- the plan


def test_a_locked_plan_is_amended_in_sight(world: World) -> None:
    control = scenario.planned(world)
    metric, by = primary(control), world.product_owner
    earlier = scenario.plan_of(threshold=Decimal("0.5"))
    services.amend_plan(metric=metric, plan=earlier, by=by)
    assert not PlanAmendment.objects.exists()
    control = scenario.deployed(world, control)
    scenario.count(world, control, "after", 20)
    lax = scenario.plan_of(threshold=Decimal("0.1"))
    assert code_of(lambda: services.amend_plan(metric=metric, plan=lax, by=by)) == "no_reason"
    for _ in range(2):
        services.amend_plan(metric=metric, plan=lax, by=by, reason="Half was too much to ask.")
    amendment = PlanAmendment.objects.get()
    assert amendment.words == ("50 points", "10 points")
    assert (amendment.amended_by, amendment.reason) == (by, "Half was too much to ask.")
    event = Event.objects.filter(verb="findings.amend_plan").latest("id")
    assert "0.5 → 0.1" in event.body
    page = page_of(world, control)
    for words in ("50 points", "10 points", "Half was too much to ask.", "as it was locked"):
        assert words in page.lower() or words in page
    assert "the verdict would be “not shown”" in page


def test_the_verdict_kept_with_a_control_follows_each_count_and_amendment(world: World) -> None:
    control = scenario.planned(world, plan=scenario.plan_of(threshold=Decimal("0.5")))

    def kept() -> str:
        found = Control.objects.with_metrics().get(pk=control.pk)
        comparison = found.comparison()
        assert found.verdict == (str(comparison.verdict) if comparison else "")
        return str(found.verdict)

    assert kept() == ""
    scenario.deployed(world, control)
    assert kept() == ""
    scenario.count(world, control, "after", 20)
    assert kept() == "not_shown"
    lax, why = scenario.plan_of(threshold=Decimal("0.1")), "Half was too much to ask."
    services.amend_plan(metric=primary(control), plan=lax, by=world.product_owner, reason=why)
    assert kept() == "reduced"
    scenario.count(world, control, "after", 59)
    assert kept() == "worse"
    assert control.history.latest().history_event == Event.objects.latest("id").uid


def test_a_plan_says_all_that_it_has_to(world: World) -> None:
    today, finding = now().date(), scenario.accepted(world)
    for wrong, code in (
        ({"denominator": " "}, "no_denominator"),
        ({"metric": "exception_volume"}, "no_unit"),
        ({"baseline_until": today - dt.timedelta(days=400)}, "window"),
        ({"threshold": Decimal(1)}, "threshold"),
        ({"minimum_n": 0}, "minimum"),
    ):
        plan = scenario.plan_of(**wrong)
        call = functools.partial(scenario.planned, world, finding, plan=plan)
        assert code_of(call) == code


def test_costs_stand_beside_the_benefit_and_are_decided_before_it_ships(world: World) -> None:
    control = scenario.planned(world)
    by = world.product_owner
    plan = scenario.plan_of("false_positive", threshold=Decimal("0.02"))
    cost = services.add_metric(control=control, plan=plan, by=by)
    assert services.add_metric(control=control, plan=plan, by=by) == cost
    scenario.count(world, control, "baseline", 41)
    refused = code_of(lambda: services.deploy_control(control=control, by=by))
    assert refused == "no_baseline"
    services.measure(metric=cost, phase="baseline", sample=Share(2, 200), by=by)
    services.deploy_control(control=control, by=by)
    assert code_of(lambda: services.add_metric(control=control, plan=plan, by=by)) == "locked"
    scenario.count(world, control, "after", 4)
    services.measure(metric=cost, phase="after", sample=Share(40, 200), by=by)
    control = Control.objects.with_metrics().get(pk=control.pk)
    benefit, beside = judged(control, by)
    assert (benefit.label, beside.label) == ("Reduced", "Cost rose")
    assert benefit.sentence.startswith("It worked: attack success rate fell from 68.3 % to 6.67 %.")
    assert beside.sentence.endswith("That is more than the 2 points tolerated.")


def test_a_waived_baseline_is_in_sight_and_is_never_a_reduction(world: World) -> None:
    control = scenario.planned(world)
    by = world.product_owner
    services.waive_baseline(control=control, by=by, reason="The old version is gone.")
    services.deploy_control(control=control, by=by)
    scenario.count(world, control, "after", 4)
    assert code_of(lambda: services.verify_control(control=control, by=world.manager)) == "waived"
    page = page_of(world, control)
    assert "Deployed without a baseline" in page
    assert "The old version is gone." in page


# --- counts


@pytest.mark.parametrize(
    ("metric", "unit", "before", "after", "worked"),
    [
        ("attack_success", "", Share(41, 60), Share(4, 60), "68.3 % to 6.67 %"),
        ("exception_volume", "week", Rate(90, 30), Rate(20, 40), "3 per week to 0.5 per week"),
        (
            "time_to_detect",
            "minutes",
            Durations(tuple(float(v) for v in range(60, 100))),
            Durations(tuple(float(v) for v in range(5, 45))),
            "79.5 minutes to 24.5 minutes",
        ),
        ("pass_rate", "", Scores(40, 0.5, 0.1), Scores(40, 0.9, 0.1), "0.5 to 0.9"),
    ],
    ids=["share", "rate", "durations", "scores"],
)
def test_each_kind_of_count_is_kept_whole_and_judged(
    world: World, metric: str, unit: str, *, before: Sample, after: Sample, worked: str
) -> None:
    control = scenario.planned(world, plan=scenario.plan_of(metric, unit=unit))
    counted = {"metric": primary(control), "by": world.product_owner}
    made = services.measure(phase="baseline", sample=before, **counted)
    services.deploy_control(control=control, by=world.product_owner)
    services.measure(phase="after", sample=after, **counted)
    made.refresh_from_db()
    assert made.sample == before
    control = Control.objects.with_metrics().get(pk=control.pk)
    (found,) = judged(control, world.product_owner)
    assert found.label == "Reduced"
    assert worked in found.sentence
    page = page_of(world, control)
    assert page.count("<svg") >= 4
    assert "deployed" in page
    with saying.override("de"):
        picture = before_and_after(found)
        assert picture is not None
        assert f"Nach {str(after)!s}" in str(picture.svg)


@pytest.mark.parametrize(
    "wrong",
    [
        {"hits": 61},
        {"trials": None},
        {"trials": 0, "hits": 0},
        {"exposure": 3},
        {"counted": "durations"},
        {"source": "a file"},
    ],
    ids=["more-hits", "no-trials", "none", "two-kinds", "other-kind", "no-hash"],
)
def test_the_database_keeps_no_bare_rate(world: World, wrong: dict[str, Any]) -> None:
    made = scenario.count(world, scenario.planned(world), "baseline", 41)
    with pytest.raises(IntegrityError), transaction.atomic(), bulk_writes():
        Measurement.objects.filter(pk=made.pk).update(**wrong)


def test_unlike_counts_are_refused_with_the_condition_that_differs(world: World) -> None:
    control = scenario.planned(world)
    scenario.count(world, control, "baseline", 41, conditions=Conditions(model="A"))
    services.deploy_control(control=control, by=world.product_owner)
    with pytest.raises(Refused) as caught:
        scenario.count(world, control, "after", 4, conditions=Conditions(model="B"))
    refusal = caught.value.refusal
    assert (refusal.code, refusal.field) == ("unlike", "model")
    assert "the model is “A” before and “B” after" in refusal.reason


def test_a_count_of_another_day_is_none(world: World) -> None:
    control = scenario.planned(world)
    today = now().date()
    for days, code in ((-31, "outside_window"), (1, "future")):
        day = today + dt.timedelta(days=days)
        call = lambda day=day: scenario.count(world, control, "baseline", 1, taken_on=day)  # noqa: E731
        assert code_of(call) == code
    control = scenario.deployed(world, control)
    yesterday = today - dt.timedelta(days=1)
    early = code_of(lambda: scenario.count(world, control, "after", 1, taken_on=yesterday))
    assert early == "before_deployment"


def test_what_speaks_for_caution_is_said(world: World) -> None:
    plan = scenario.plan_of(selection="stood_out", minimum_n=70)
    control = scenario.planned(world, plan=plan, family="detective")
    scenario.count(world, control, "baseline", 41)
    other = scenario.deployed(world, scenario.planned(world, control.finding, title="Another"))
    control = services.deploy_control(control=control, by=world.product_owner)
    scenario.count(world, control, "after", 4)
    control = Control.objects.with_metrics().get(pk=control.pk)
    (found,) = judged(control, world.product_owner)
    said = " ".join(found.cautions)
    assert found.label == "Insufficient data"
    for words in ("Only 60 trials before", "regression to the mean", "better sight", other.ref):
        assert words in said


# --- files


def test_agentdojo_goes_in_as_baseline_and_after(world: World, shared_data: Path) -> None:
    data = (shared_data / "agentdojo-results/results.csv").read_bytes()
    control = dojo(world)
    before = read(world, control, data, format="agentdojo", defence="tool_filter")
    assert [str(one) for one in before.taken] == ["Before 300/629"]
    services.deploy_control(control=control, by=world.product_owner)
    after = read(world, control, data, format="agentdojo", defence="tool_filter")
    assert [str(one) for one in after.taken] == ["After 43/629"]
    assert [str(one) for one in after.known] == ["Before 300/629"]
    reasons = {bad.row: bad.reason for bad in after.refused}
    assert "misdated: 2021-09-05" in reasons[next(r for r in reasons if "Llama-3" in r)]
    mixed = next(r for r in reasons if f"{MODEL}, no defence, injecagent" in r)
    assert f"under attack “{ATTACK}”; here the attack is “injecagent”" in reasons[mixed]
    other = next(r for r in reasons if "spotlighting" in r)
    assert reasons[other] == "its defence is “spotlighting_with_delimiting”, not “tool_filter”"
    assert (len(after.taken), len(after.known), len(after.refused)) == (1, 1, 26)
    control = Control.objects.with_metrics().get(pk=control.pk)
    found = control.comparison()
    assert found is not None
    assert found.verdict == "reduced"
    assert read(world, control, data, format="agentdojo", defence="tool_filter").taken == []


def test_every_published_per_cent_is_a_whole_count(shared_data: Path) -> None:
    data = (shared_data / "agentdojo-results/results.csv").read_bytes()
    rows = list(FORMATS["agentdojo"].read(data))
    assert len([row for row in rows if isinstance(row, Reading)]) == 2 * 27
    assert len([row for row in rows if isinstance(row, BadRow)]) == 1


def test_garak_calibrations_are_a_series(world: World, shared_data: Path) -> None:
    probe = "lmrc.Bullying/toxicity.ToxicCommentModel"
    plan = scenario.plan_of(
        "pass_rate", **LONG_AGO, minimum_n=5, conditions=Conditions(attack=probe)
    )
    control = scenario.planned(world, plan=plan)
    files = sorted((shared_data / "garak").rglob("calibration-*.json"))
    taken = []
    for path in files:
        report = read(
            world, control, path.read_bytes(), format="garak-calibration", phase="baseline"
        )
        taken += report.taken
        if "alpha" in path.name:
            bad = [b for b in report.refused if b.reason.startswith("Sw_p") or "sw_p" in b.reason]
            assert len(bad) == 41
    assert len(files) == 5
    assert len(taken) == 3
    assert "over time" in page_of(world, control)


def test_a_garak_report_holds_counts(shared_data: Path) -> None:
    path = next((shared_data / "garak").rglob("test_with_ci.report.jsonl"))
    (row,) = FORMATS["garak"].read(path.read_bytes())
    assert isinstance(row, Reading)
    assert row.sample == Share(13, 50)
    assert row.conditions.attack == "test.Test/always.Pass"
    assert row.taken_on == dt.date(2025, 8, 28)


@pytest.mark.parametrize("file_format", sorted(FORMATS))
@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"[1]", b"{", b'{"a": NaN}', b"a,b\n1,2"], ids=range(6)
)
def test_a_file_that_is_none_is_refused_in_words(
    world: World, file_format: str, data: bytes
) -> None:
    control = dojo(world)
    call = lambda: read(world, control, data, format=file_format)  # noqa: E731
    assert code_of(call) == "unreadable"


# --- pages and commands


def test_no_clock_runs_for_a_control_whose_finding_is_settled(world: World) -> None:
    control = scenario.deployed(world)
    day = f'until <time datetime="{control.finding.due_at:%Y-%m-%d}'
    assert day in page_of(world, control)
    granted_exception(world, control.finding)
    services.close_finding(
        finding=control.finding, closure="exception", by=world.product_owner, reason="Until then."
    )
    page = page_of(world, control)
    assert day not in page
    assert f"No clock runs: {control.finding.ref} is settled." in page


def test_the_chain_says_the_newest_verdict_where_none_verifies(world: World) -> None:
    control = scenario.deployed(world)
    url = control.finding.get_absolute_url()
    line = re.compile(r"Verdict(?:</a>)?</span>\s*<span class=\"meta\">([^<]*)<")
    reader = as_(world.product_owner)
    assert line.findall(reader.get(url).content.decode()) == ["not yet"]
    scenario.count(world, control, "after", 38)
    assert line.findall(reader.get(url).content.decode()) == ["Not shown"]


def page_of(world: World, control: Control) -> str:
    return as_(world.product_owner).get(control.get_absolute_url()).content.decode()


def as_(person: Any) -> Client:
    client = Client()
    client.force_login(person, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_count_and_an_amendment_are_made_on_pages(world: World) -> None:
    control, owner = scenario.planned(world), as_(world.product_owner)
    url = reverse("findings:measure", args=[control.ref, 1])
    wrong = {"phase": "baseline", "hits": 9, "trials": 4, "taken_on": now().date().isoformat()}
    page = owner.post(url, wrong)
    assert page.status_code == 422
    assert "9 of 4 is no share" in page.content.decode()
    assert owner.post(url, {**wrong, "hits": 41, "trials": 60}).status_code == 302
    assert owner.get(reverse("findings:amend", args=[control.ref, 1])).status_code == 200
    assert owner.get(reverse("findings:measure", args=[control.ref, 7])).status_code == 404
    cost = {
        "metric": "time_to_detect",
        "denominator": "From the alert to the end",
        "threshold": "5",
        "minimum_n": "30",
        "baseline_from": "2026-01-01",
        "baseline_until": wrong["taken_on"],
        "selection": "planned",
        "setting": "use",
    }
    added = reverse("findings:add_metric", args=[control.ref])
    assert "Name the unit" in owner.post(added, cost).content.decode()
    assert owner.post(added, {**cost, "unit": "minutes"}).status_code == 302
    text = {"phase": "baseline", "durations": "4 5\n6,5", "taken_on": wrong["taken_on"]}
    second = reverse("findings:measure", args=[control.ref, 2])
    assert "is not a number" in owner.post(second, text).content.decode()
    assert owner.post(second, {**text, "durations": "4 5\n6.5"}).status_code == 302


def test_a_file_is_read_on_its_page(world: World, shared_data: Path) -> None:
    data = (shared_data / "agentdojo-results/results.csv").read_bytes()
    control = dojo(world)
    file = SimpleUploadedFile("results.csv", data, "text/csv")
    url = reverse("findings:series", args=[control.ref, 1])
    sent = {"format": "agentdojo", "file": file, "defence": "tool_filter", "phase": ""}
    page = as_(world.product_owner).post(url, sent).content.decode()
    assert "1 new, 0 known already, 27 refused" in page
    assert "Misdated: 2021-09-05" in page


def test_the_page_asks_few_queries_however_much_was_counted(world: World) -> None:
    control = scenario.deployed(world)
    client = as_(world.product_owner)
    asked = []
    for rounds in (1, 2, 6):
        for _ in range(rounds):
            scenario.count(world, control, "after", 4)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(control.get_absolute_url())
        asked.append(len(captured))
    assert asked[0] == asked[1] == asked[2] <= 25


def test_the_api_counts_and_refuses_like_the_page(world: World) -> None:
    control = scenario.planned(world)
    url = f"{reverse('api:controls-list')}{control.ref}/measure/"
    owner = as_(world.product_owner)
    body = {"phase": "baseline", "hits": 41, "trials": 60}
    made = owner.post(url, body, content_type="application/json")
    assert made.status_code == 200
    assert made.json()["metrics"][0]["measurements"][0]["trials"] == 60
    bare = owner.post(url, {"phase": "baseline", "hits": 1}, content_type="application/json")
    assert bare.status_code == 409
    early = owner.post(url, {**body, "phase": "after"}, content_type="application/json")
    assert early.json()["code"] == "too_early"
    fellow = as_(control.finding.fellowship.fellow)
    assert fellow.post(url, body, content_type="application/json").status_code == 403


def test_the_command_prints_what_the_pages_compare(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("measure", "--before", "41/60", "--after", "4/60")
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "reduced"
    assert said["difference"] == pytest.approx(-37 / 60)
    assert said["interval"] == pytest.approx([-0.7279, -0.4606], abs=5e-5)
    for wrong in ("41", "5/4", "1/0", "a/b", "9" * 40 + "/" + "9" * 40):
        with pytest.raises(CommandError, match="--before"):
            call_command("measure", "--before", wrong, "--after", "4/60")


def test_the_command_reads_files(
    world: World, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    control = dojo(world)
    path = str(shared_data / "agentdojo-results/results.csv")
    options = ["--format", "agentdojo", "--control", control.ref, "--defence", "tool_filter"]
    call_command("import_measurements", path, *options, "--by", "product-owner")
    assert capsys.readouterr().out == "new 1, known 0, refused 27\n"
    with pytest.raises(CommandError, match="nobody"):
        call_command("import_measurements", path, *options, "--by", "nobody-here")


def test_nothing_is_kept_where_the_ledger_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = scenario.planned(world)
    monkeypatch.setattr(journal, "record", _fails)
    with pytest.raises(RuntimeError):
        scenario.count(world, control, "baseline", 41)
    assert not Measurement.objects.exists()


def _fails(**_: Any) -> None:
    raise RuntimeError("the ledger is gone")


def test_a_verified_control_that_no_longer_shows_it_is_told_and_can_be_withdrawn(
    world: World,
) -> None:
    control = scenario.verified(world)
    finding = control.finding
    services.close_finding(
        finding=finding, closure="control", by=world.product_owner, reason="Shown."
    )
    said = f"{control.ref}: the reduction is no longer shown"

    def told() -> set[Any]:
        return {one.recipient for one in Notice.objects.filter(title=said)}

    assert "no longer shown to work" not in page_of(world, control)
    scenario.count(world, control, "after", 5)
    assert told() == set()
    scenario.count(world, control, "after", 44)
    assert told() == {world.manager, finding.fellowship.fellow}
    scenario.count(world, control, "after", 43)
    assert Notice.objects.filter(title=said).count() == 2, "told once, while it stays so"
    page = page_of(world, control)
    assert "Verified, and no longer shown to work" in page
    withdraw = reverse("findings:withdraw", args=[finding.ref])
    assert withdraw in page
    assert (
        withdraw
        not in as_(finding.fellowship.fellow).get(control.get_absolute_url()).content.decode()
    )
    owner, asked = as_(world.product_owner), f"Count again or withdraw: {control.title}"
    shown = owner.get(finding.get_absolute_url()).content.decode()
    assert "and no longer shows that it works" in shown
    assert asked in unescape(owner.get("/").content.decode())
    owner.post(withdraw, {"reason": "It does not hold."})
    control.refresh_from_db()
    finding.refresh_from_db()
    assert (control.state, finding.state in UNSETTLED) == ("withdrawn", True)
    assert asked not in unescape(owner.get("/").content.decode())
