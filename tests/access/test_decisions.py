"""The decision: each clause shuts the gate, the first end ends it, and no two answers disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access import services
from access.decisions import Decision, decide
from access.models import AccessEvent, Grant
from access.reach import matrix, reachable
from access.states import Operation
from fellowship.kernel.journal import System, acting, record
from fellowship.kernel.time import frozen, now
from governance import services as governing
from governance.models import Condition
from scoping import services as scoping
from scoping.models import Fellowship
from tests.access.reference import slow_decision
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.governance import CONDITION
from tests.scenarios.world import World


def ask(grant: Grant, operation: str = "query", at: dt.datetime | None = None) -> Decision:
    return decide(person=grant.person, dataset=grant.dataset, operation=operation, at=at)


def test_a_live_grant_allows_and_names_itself(grant: Grant) -> None:
    decision = ask(grant)
    assert decision.allowed
    assert decision.clause == grant.ref
    assert decision.until == grant.ends_at


def test_three_queries_at_most(grant: Grant) -> None:
    for operation in ("query", "export"):
        with CaptureQueriesContext(connection) as seen:
            ask(grant, operation)
        assert len(seen) == 3


def test_no_grant_is_one_query(world: World, grant: Grant) -> None:
    with CaptureQueriesContext(connection) as seen:
        decision = decide(person=world.stranger, dataset=grant.dataset, operation="query")
    assert (decision.allowed, decision.clause, len(seen)) == (False, "Data access agreement", 1)


def test_the_first_second_after_the_end_denies_without_any_worker(grant: Grant) -> None:
    last = grant.ends_at - dt.timedelta(microseconds=1)
    with frozen(last):
        assert ask(grant).allowed
    with frozen(grant.ends_at):
        decision = ask(grant)
    assert (decision.allowed, decision.clause) == (False, grant.ref)
    assert "ended on" in decision.reason


def test_before_acceptance_and_before_the_first_day(world: World) -> None:
    request = scenario.decided(world)
    assert ask(request.grant).clause == request.agreement.ref
    scenario.accept(request.agreement)
    grant = Grant.objects.get(request=request)
    assert ask(grant).allowed
    assert not ask(grant, at=grant.starts_at - dt.timedelta(seconds=1)).allowed


def test_an_operation_not_granted(grant: Grant) -> None:
    assert ask(grant, "notebook").clause == grant.ref
    assert ask(grant, "fly").clause == "Operation"


def _suspend(world: World, grant: Grant) -> str:
    scoping.suspend(fellowship=grant.fellowship, by=world.oncall, reason="A leak is looked into.")
    return "Suspension"


def _revoke(world: World, grant: Grant) -> str:
    services.revoke_grant(grant=grant, by=world.steward, reason="No longer needed.")
    return grant.ref


def _end(world: World, grant: Grant) -> str:
    scoping.end(fellowship=grant.fellowship, by=world.manager, reason="Done early.")
    return grant.fellowship.ref


def _tier(world: World, grant: Grant) -> str:
    services.change_dataset(
        dataset=grant.dataset, by=world.steward, reason="Names found.", tier="highly_restricted"
    )
    return "Scope of work v1, 2.1 Highest data tier"


def _inactive(world: World, grant: Grant) -> str:
    close_account(grant.person)
    return "Account"


def close_account(person: Any) -> None:
    """As an administrator's command would."""
    with acting("accounts.close", by=System("test")):
        person.is_active = False
        person.save()
        record(subject=person)


@pytest.mark.parametrize("shut", [_suspend, _revoke, _end, _tier, _inactive])
def test_each_of_these_shuts_at_once(
    world: World, grant: Grant, shut: Callable[[World, Grant], str]
) -> None:
    before = now()
    clause = shut(world, grant)
    grant = Grant.objects.get(pk=grant.pk) if shut is not _inactive else grant
    decision = ask(grant)
    assert (decision.allowed, decision.clause) == (False, clause)
    assert decision.until is None
    if shut:
        assert ask(grant, at=before).allowed, "the past stays as it was"


def test_lifting_a_suspension_opens_again(world: World, grant: Grant) -> None:
    suspension = scoping.suspend(
        fellowship=grant.fellowship, by=world.oncall, reason="A leak is looked into."
    )
    during = now()
    scoping.lift(suspension=suspension, by=world.chair, reason="It was a false alarm.")
    assert ask(grant).allowed
    assert not ask(grant, at=during).allowed


def test_training_that_expires_ends_access(world: World, grant: Grant) -> None:
    training = grant.person.trainings.get()
    with frozen(training.expires_at):
        fellowship = Fellowship.objects.get(pk=grant.fellowship_id)
        assert fellowship.ends_on < training.expires_at.date(), "so the fellowship ends first"
        assert not ask(grant).allowed


def test_without_training_nothing_opens(world: World) -> None:
    fellowship = scopes.signed_fellowship(world, world.other_applicant, trained=False)
    grant = scenario.granted(world, fellowship)
    assert ask(grant).clause == "Security training"
    scoping.record_training(
        person=grant.person,
        program=world.program,
        completed_at=now(),
        by=world.manager,
        evidence="Certificate 12.",
    )
    assert ask(grant).allowed


def test_a_condition_of_the_decision_holds_the_gate_until_verified(world: World) -> None:
    request = scenario.decided(world, outcome="approve_with_conditions", conditions=[CONDITION])
    scenario.accept(request.agreement)
    decision = ask(request.grant)
    assert (decision.allowed, decision.clause) == (False, "Conditions of the decision")
    condition = Condition.objects.get()
    governing.meet_condition(condition=condition, by=condition.owner, evidence="The desk is set.")
    assert not ask(request.grant).allowed
    governing.verify_condition(condition=condition, by=condition.verifier, reason="Looked.")
    assert ask(request.grant).allowed


def test_an_amended_scope_narrows_at_once(world: World, grant: Grant) -> None:
    scope = scopes.amended_scope(world, grant.fellowship, operations=["view"])
    scope.refresh_from_db()
    if scope.state == "draft":
        scope = scoping.offer_scope(scope=scope, by=world.manager)
    if scope.state == "offered":
        scopes.sign_both(world, scope)
    assert ask(grant, "view").allowed
    assert ask(grant, "query").clause == "Scope of work v2, 2.3 Allowed operations"


def test_page_reach_decision_event_and_the_slow_reference_agree(world: World, grant: Grant) -> None:
    """At instants around every change of a life with suspensions and an end."""
    suspension = scoping.suspend(
        fellowship=grant.fellowship, by=world.oncall, reason="Looked into."
    )
    scoping.lift(suspension=suspension, by=world.chair, reason="False alarm.")
    instants = sorted({*_around(grant, suspension)})
    for number, at in enumerate(instants):
        fellowship = Fellowship.objects.get(pk=grant.fellowship_id)
        table = {
            answer.operation: answer.decision
            for row in matrix(fellowship, at)
            for answer in row.answers
        }
        reach = {a.operation for row in reachable(fellowship, at) for a in row.allowed}
        for operation in Operation.values:
            expected = slow_decision(grant.person, grant.dataset, operation, at)
            decision = ask(grant, operation, at)
            assert (decision.allowed, decision.until) == expected, (at, operation)
            assert table[operation] == decision
            assert (operation in reach) == decision.allowed
        with frozen(max(at, now())):
            services.ingest(
                program=world.program,
                events=[scenario.event(grant, number, at=at.isoformat(), kind="query")],
                source="test",
                by=System("test"),
            )
        verdict = AccessEvent.objects.get(external_id=f"e-{number}").verdict
        assert (verdict == "within") == ask(grant, "query", at).allowed


def _around(grant: Grant, suspension: Any) -> Iterator[dt.datetime]:
    suspension.refresh_from_db()
    agreement = grant.agreement
    agreement.refresh_from_db()
    for edge in (
        grant.starts_at,
        grant.ends_at,
        agreement.accepted_at,
        suspension.starts_at,
        suspension.lifted_at,
    ):
        assert edge is not None
        for step in (-1, 0, 1):
            yield edge + dt.timedelta(microseconds=step)
