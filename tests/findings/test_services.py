"""The verbs of findings: by the right role, once, all or nothing, and with the chain they leave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction

from fellowship.clocks.models import Clock
from fellowship.clocks.services import sweep
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from findings import services
from findings.chain import first_missing, with_chain
from findings.models import Finding
from findings.states import SETTLED, FindingState, cvss_band
from scoping.models import Fellowship
from tests.scenarios import access
from tests.scenarios import findings as scenario
from tests.scenarios.governance import decide_on
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World

pytestmark = pytest.mark.django_db


def missing(finding: Finding) -> str:
    return first_missing(with_chain(Finding.objects.all()).get(pk=finding.pk))


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def test_from_report_to_closed_on_a_verified_control(world: World) -> None:
    finding = scenario.reported(world)
    assert (finding.state, missing(finding)) == ("reported", "access")
    access.granted(world, finding.fellowship)
    assert missing(finding) == "disposition"
    assert finding.due_at is not None
    finding = scenario.accepted(world, finding)
    control = scenario.planned(world, finding)
    assert missing(finding) == "change request"
    control = scenario.deployed(world, control)
    assert missing(finding) == "measurement"
    scenario.verified(world, control)
    assert missing(finding) == ""
    closed = services.close_finding(finding=finding, closure="control", by=world.product_owner)
    assert (closed.state, closed.closure) == ("closed", "control")
    assert Fellowship.objects.get(pk=finding.fellowship_id).has_entered("translate")


def test_only_the_fellow_reports(world: World) -> None:
    fellowship = signed_fellowship(world)
    assert code_of(lambda: scenario.reported(world, fellowship, by=world.manager)) == "not_yours"
    assert not Finding.objects.exists()


@pytest.mark.parametrize("name", ["mentor", "reviewer", "auditor", "applicant", "sponsor"])
def test_others_than_product_owners_are_refused_with_the_reason(world: World, name: str) -> None:
    finding = scenario.reported(world)
    with pytest.raises(Refused, match="A product owner disposes of findings"):
        services.take_finding(finding=finding, by=world.fresh(name))


def test_taking_up_twice_does_its_work_once(world: World) -> None:
    finding = scenario.reported(world)
    services.take_finding(finding=finding, by=world.product_owner)
    events = Event.objects.count()
    services.take_finding(finding=finding, by=world.product_owner)
    assert Event.objects.count() == events


def test_a_failing_ledger_leaves_the_finding_as_it_was(world: World) -> None:
    finding = scenario.reported(world)
    notices = Notice.objects.count()
    with (
        mock.patch.object(Event, "save", side_effect=RuntimeError("disk full")),
        pytest.raises(RuntimeError),
    ):
        services.take_finding(finding=finding, by=world.product_owner)
    finding.refresh_from_db()
    assert finding.state == "reported"
    assert Notice.objects.count() == notices


def test_acceptance_needs_a_mapping_or_says_exploratory(world: World) -> None:
    finding = scenario.reported(world)
    assert code_of(lambda: scenario.accepted(world, finding, mapping="")) == "no_mapping"
    done = services.accept_finding(
        finding=finding, by=world.product_owner, reason="Worth knowing.", actionable=False
    )
    assert (done.state, done.actionable) == ("accepted", False)
    closed = services.close_finding(finding=done, closure="exploratory", by=world.product_owner)
    assert closed.closure == "exploratory"


def test_a_later_date_than_the_rule_allows_is_refused(world: World) -> None:
    finding = scenario.reported(world)
    late = finding.reported_at + dt.timedelta(days=4000)
    assert code_of(lambda: scenario.accepted(world, finding, due_at=late)) == "not_within_rule"
    finding.refresh_from_db()
    assert finding.state == "investigating"


def test_a_severe_finding_is_rejected_by_the_board_alone(world: World) -> None:
    finding = scenario.reported(world, severity="high")
    services.take_finding(finding=finding, by=world.product_owner)
    by = world.product_owner
    assert (
        code_of(lambda: services.reject_finding(finding=finding, by=by, reason="No."))
        == "board_decides"
    )
    services.refer_rejection(finding=finding, by=by, reason="It cannot be reproduced.")
    decide_on(world, finding)
    finding.refresh_from_db()
    assert finding.state == FindingState.REJECTED


def test_no_deployment_without_a_baseline_unless_visibly_waived(world: World) -> None:
    control = scenario.planned(world)
    by = world.product_owner
    assert code_of(lambda: services.deploy_control(control=control, by=by)) == "no_baseline"
    services.waive_baseline(control=control, by=by, reason="The old version is gone.")
    assert services.deploy_control(control=control, by=by).state == "deployed"


def test_a_baseline_after_deployment_is_refused(world: World) -> None:
    control = scenario.deployed(world)
    assert code_of(lambda: scenario.count(world, control, "baseline", 1)) == "too_late"


def test_an_effect_not_shown_is_not_verified(world: World) -> None:
    control = scenario.deployed(world)
    scenario.count(world, control, "after", 38)
    assert (
        code_of(lambda: services.verify_control(control=control, by=world.manager)) == "not_shown"
    )


def test_the_owner_does_not_verify_their_own_control(world: World) -> None:
    control = scenario.deployed(world)
    scenario.count(world, control, "after", 4)
    assert (
        code_of(lambda: services.verify_control(control=control, by=world.product_owner))
        == "separation"
    )


def test_an_overdue_finding_is_told_once_to_owner_and_sponsor(world: World) -> None:
    finding = scenario.reported(world)
    assert finding.due_at is not None
    with frozen(finding.due_at + dt.timedelta(days=30)):
        sweep()
        sweep()
    told = Notice.objects.filter(kind="findings.overdue")
    assert set(told.values_list("recipient__username", flat=True)) == {"product-owner", "sponsor"}
    assert told.count() == 2


LATE = dt.timedelta(days=400)


def _deferred(world: World, finding: Finding) -> None:
    services.take_finding(finding=finding, by=world.product_owner)
    services.defer_finding(
        finding=finding,
        by=world.product_owner,
        reason="After the next release",
        look_again_at=now() + dt.timedelta(days=20),
    )


def _reconsidered(world: World, finding: Finding) -> None:
    _deferred(world, finding)
    services.reconsider_finding(finding=finding, by=world.product_owner, reason="Again.")


def _rejected(world: World, finding: Finding) -> None:
    services.take_finding(finding=finding, by=world.product_owner)
    services.reject_finding(finding=finding, by=world.product_owner, reason="As designed.")


def _exploratory(world: World, finding: Finding) -> None:
    scenario.accepted(world, finding, actionable=False, mapping="")


def _closed(world: World, finding: Finding) -> None:
    _exploratory(world, finding)
    services.close_finding(finding=finding, closure="exploratory", by=world.product_owner)


def _duplicate(world: World, finding: Finding) -> None:
    other = scenario.reported(world, finding.fellowship)
    services.close_as_duplicate(finding=finding, of=other, by=world.product_owner)


PATHS: dict[str, Callable[[World, Finding], Any]] = {
    "reported": lambda world, finding: None,
    "investigating": lambda world, finding: services.take_finding(
        finding=finding, by=world.product_owner
    ),
    "reconsidered": _reconsidered,
    "deferred": _deferred,
    "rejected": _rejected,
    "accepted": scenario.accepted,
    "accepted, sooner": lambda world, finding: scenario.accepted(
        world, finding, due_at=now() + dt.timedelta(days=3)
    ),
    "exploratory": _exploratory,
    "closed": _closed,
    "duplicate": _duplicate,
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("late", [False, True])
def test_one_clock_is_waited_for_while_a_finding_is_unsettled_and_says_its_due_time(
    world: World, path: str, late: bool
) -> None:
    finding = scenario.reported(world)
    with frozen(finding.reported_at + (LATE if late else dt.timedelta(hours=1))):
        sweep()
        PATHS[path](world, finding)
        finding.refresh_from_db()
        waited = Clock.objects.about(finding).open().values_list("due_at", flat=True)
        assert list(waited) == ([] if finding.state in SETTLED else [finding.due_at])


def test_a_duplicate_names_an_original_that_is_none_itself(world: World) -> None:
    first = scenario.reported(world)
    second = scenario.reported(world, first.fellowship, title="The same again")
    by = world.product_owner
    closed = services.close_as_duplicate(finding=second, of=first, by=by)
    assert (closed.closure, closed.duplicate_of) == ("duplicate", first)
    assert (
        code_of(lambda: services.close_as_duplicate(finding=first, of=closed, by=by))
        == "no_original"
    )


def test_a_wrong_cvss_vector_is_refused_at_its_field(world: World) -> None:
    with pytest.raises(Refused) as refused:
        scenario.reported(world, cvss_vector="CVSS:3.1/AV:N")
    assert refused.value.refusal.field == "cvss_vector"
    vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
    assert services.cvss_score(vector) == Decimal("9.3")


@pytest.mark.parametrize(
    ("score", "band"),
    [
        *(("10.0", "critical"), ("9.0", "critical"), ("8.9", "high"), ("7.0", "high")),
        *(("6.9", "medium"), ("4.0", "medium"), ("3.9", "low"), ("0.1", "low"), ("0.0", None)),
    ],
)
def test_scores_mean_the_severities_of_the_standard(score: str, band: str | None) -> None:
    assert cvss_band(Decimal(score)) == band


def test_a_severity_other_than_the_score_means_stands_by_its_reason(world: World) -> None:
    vector = "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N"
    with pytest.raises(Refused) as refused:
        scenario.reported(world, severity="critical", cvss_vector=vector)
    assert refused.value.refusal.field == "severity_reason"
    assert "scores 7.6, which means high; you chose Critical" in refused.value.refusal.reason
    case = scenario.reported(world, severity="high", cvss_vector=vector)
    assert case.severity_note == ""
    why = "It reaches every user."
    other = scenario.reported(
        world, case.fellowship, severity="critical", cvss_vector=vector, severity_reason=why
    )
    assert other.severity_note == f"CVSS 7.6 means high. Critical because: {why}"


@pytest.mark.parametrize(
    "values",
    [
        {"state": "closed"},
        {"state": "rejected"},
        {"state": "accepted", "actionable": True},
        {"hits": 5, "trials": 4},
        {"hits": 5, "trials": None},
        {"closure": "control"},
    ],
)
def test_the_database_forbids_contradictions(world: World, values: dict[str, Any]) -> None:
    finding = scenario.reported(world)
    for name, value in values.items():
        setattr(finding, name, value)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        journal.acting("test.break", by=journal.System("test")),
    ):
        finding.save()
