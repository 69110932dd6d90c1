"""Acceptance tests: what must pass, and what a run showed; and asking for a risk exception."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from fellowship.accounts.models import Actor, User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from findings import policy
from findings.change_states import ACCEPTANCE_MOVES, SHARES, AcceptanceState, Must
from findings.models import AcceptanceResult, AcceptanceTest, Artifact, Control, Finding
from findings.services.common import lock, tell
from findings.statistics import Share
from governance import services as governance
from governance.models import ExceptionRecord
from governance.states import ExceptionKind


@journal.verb("findings.plan_test")
def plan_test(
    *,
    finding: Finding,
    title: str,
    must: str,
    required: bool,
    by: User,
    owner: User | None = None,
    control: Control | None = None,
    metric: str = "",
    limit: Decimal | None = None,
    minimum_trials: int | None = None,
    named: str = "",
) -> AcceptanceTest:
    """Plan what must pass. The same title for the same finding is the same test.

    `limit` is a share, 0…1. The owner is whose work is tested; someone else records the result.
    """
    finding = lock(finding)
    standing = AcceptanceTest.objects.standing().filter(finding=finding, title=title)
    there: AcceptanceTest | None = standing.first()
    if there is not None:
        return unchanged(there, policy.may_convert(finding, by))
    refuse(policy.may_convert(finding, by))
    refuse(policy.about_the_finding(finding, control))
    refuse(policy.tests_the_work_of(finding, owner))
    refuse(_says_what(must, metric, limit, minimum_trials, named))
    counted = must == Must.METRIC
    test = AcceptanceTest.objects.create(
        finding=finding,
        control=control,
        program_id=finding.program_id,
        ref=next_reference("AT"),
        title=title,
        must=must,
        metric=metric if counted else "",
        limit=limit if counted else None,
        minimum_trials=minimum_trials if counted else None,
        named="" if counted else named,
        required=required,
        owner=owner or finding.product_owner or by,
        planned_by=by,
        planned_at=now(),
    )
    journal.record(
        subject=test,
        change={"finding": finding.ref, "demand": test.demand, "required": required},
    )
    return test


def _says_what(
    must: str, metric: str, limit: Decimal | None, minimum_trials: int | None, named: str
) -> Refusal | None:
    if must == Must.NAMED:
        return None if named.strip() else Refusal("no_name", say("Name the test."), field="named")
    if must != Must.METRIC:
        return Refusal("no_demand", say("Say how it is stated what must pass."), field="must")
    if metric not in SHARES:
        return Refusal("no_metric", say("Choose what is counted."), field="metric")
    if limit is None or not 0 <= limit <= 1:
        return Refusal("no_limit", say("Give the share that must be kept."), field="limit")
    if not minimum_trials or minimum_trials < 1:
        return Refusal(
            "no_minimum", say("Give the least number of trials."), field="minimum_trials"
        )
    return None


@journal.verb("findings.record_test")
def record_test(
    *,
    test: AcceptanceTest,
    by: User,
    evidence: str,
    hits: int | None = None,
    trials: int | None = None,
    passed: bool | None = None,
    artifact: Artifact | None = None,
) -> AcceptanceResult:
    """Record a run with its evidence, as another person than the owner.

    Whether a share passed follows from the counts. The latest result counts; the last one sent
    again word for word is the same.
    """
    test = _lock(test)
    refuse(policy.may_record(test, by))
    counted = test.must == Must.METRIC
    hits, trials, passed = (hits, trials, None) if counted else (None, None, passed)
    refuse(policy.shows_enough(test, hits, trials, passed, evidence))
    if hits is not None and trials is not None:
        passed = test.met_by(Share(hits, trials))
    last = test.results.first()
    same = {"hits": hits, "trials": trials, "passed": passed, "evidence": evidence.strip()}
    if last and last.recorded_by == by and all(getattr(last, k) == v for k, v in same.items()):
        return last
    at = now()
    result = AcceptanceResult.objects.create(
        test=test, artifact=artifact, recorded_at=at, recorded_by=by, **same
    )
    target = AcceptanceState.PASSED if passed else AcceptanceState.FAILED
    before = test.state
    if before != target:
        test.state = ACCEPTANCE_MOVES.target(test.state, "pass" if passed else "fail")
    test.decided_at, test.decided_by = at, by
    test.save()
    journal.record(
        subject=test,
        change={"state": journal.moved(before, test.state), "hits": hits, "trials": trials},
    )
    people = {test.owner, test.finding.product_owner} - {by, None}
    tell(test.finding, people, joined(" ", (test.ref, str(result))))
    return result


@journal.verb("findings.withdraw_test")
def withdraw_test(*, test: AcceptanceTest, by: Actor, reason: str) -> AcceptanceTest:
    """Ask for the test no longer, with the reason. One withdrawn stays so."""
    test = _lock(test)
    if test.state == AcceptanceState.WITHDRAWN:
        return unchanged(test, policy.may_withdraw_test(test, by))
    refuse(policy.may_withdraw_test(test, by))
    refuse(policy.says_why(reason))
    before = test.state
    test.state = ACCEPTANCE_MOVES.target(test.state, "withdraw")
    test.save()
    journal.record(subject=test, change={"state": journal.moved(before, test.state)})
    return test


@transaction.atomic
def ask_exception(
    *,
    finding: Finding,
    owner: User,
    rationale: str,
    risk: str,
    compensating_measure: str,
    measure_test: str,
    expires_at: dt.datetime,
    by: User,
) -> ExceptionRecord:
    """Ask the board to let the risk stand for a time, with an owner and what makes up for it.

    It is an exception like any other, about this finding: its verbs are governance's. The same
    request still with the board is returned as it is.
    """
    finding = lock(finding)
    refuse(policy.may_except(finding, by))
    return governance.request_exception(
        program=finding.program,
        kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
        subject=finding,
        title=say("No control yet for {ref}: {title}", ref=finding.ref, title=finding.title)[:250],
        owner=owner,
        rationale=rationale,
        risk=risk,
        compensating_measure=compensating_measure,
        expires_at=expires_at,
        measure_test=measure_test,
        by=by,
    )


def _lock(test: AcceptanceTest) -> AcceptanceTest:
    rows = AcceptanceTest.objects.locked().select_related(
        "owner", "finding__fellowship__fellow", "finding__program", "finding__product_owner"
    )
    found: AcceptanceTest = rows.get(pk=test.pk)
    return found
