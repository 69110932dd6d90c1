"""Whatever happens to a case, in whatever order, no two answers about access disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access import facts, services
from access.decisions import decide, edges, judge
from access.models import Grant
from access.reach import matrix
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from scoping import services as scoping
from scoping.models import Fellowship, Suspension
from scoping.queries import signed_scope
from tests.access.reference import slow_decision
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World


def _suspend(world: World, grant: Grant) -> None:
    scoping.suspend(
        fellowship=grant.fellowship,
        by=world.oncall,
        reason="Looked into.",
        until=now() + dt.timedelta(days=2),
    )


def _lift(world: World, grant: Grant) -> None:
    live = Suspension.objects.live().filter(fellowship=grant.fellowship).first()
    if live:
        scoping.lift(suspension=live, by=world.chair, reason="False alarm.")


def _narrow(world: World, grant: Grant) -> None:
    scope = signed_scope(grant.fellowship)
    if scope and len(scope.operations) > 1:
        case = Fellowship.objects.get(pk=grant.fellowship_id)
        new = scopes.amended_scope(world, case, operations=scope.operations[:-1])
        new.refresh_from_db()
        if new.state == "draft":
            new = scoping.offer_scope(scope=new, by=world.manager)
        if new.state == "offered":
            scopes.sign_both(world, new)


def _revoke(world: World, grant: Grant) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="No longer needed.")


def _end(world: World, grant: Grant) -> None:
    scoping.end(fellowship=grant.fellowship, by=world.manager, reason="Done early.")


def _raise_tier(world: World, grant: Grant) -> None:
    services.change_dataset(
        dataset=grant.dataset, by=world.steward, reason="Names found.", tier="highly_restricted"
    )


ACTS: list[Callable[[World, Grant], None]] = [
    _suspend,
    _suspend,
    _lift,
    _narrow,
    _revoke,
    _end,
    _raise_tier,
]
STORY = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 96)), max_size=6)


@given(story=STORY)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_two_answers_disagree(world: World, grant: Grant, story: list[Any]) -> None:
    with transaction.atomic():
        at = now()
        for act, hours in story:
            at += dt.timedelta(hours=hours)
            with frozen(at):
                try:
                    with transaction.atomic():
                        act(world, grant)
                except Refused:
                    continue
        _compare(grant)
        transaction.set_rollback(True)


def _compare(grant: Grant) -> None:
    grant = Grant.objects.select_related("person", "dataset", "fellowship").get(pk=grant.pk)
    person, dataset = grant.person, grant.dataset
    loaded = facts.load(Grant.objects.filter(person=person))
    instants = {
        edge + dt.timedelta(microseconds=step)
        for edge in edges(loaded, person.pk, dataset.pk)
        if edge < facts.ALWAYS
        for step in (-1, 0)
    }
    fellowship = Fellowship.objects.get(pk=grant.fellowship_id)
    for at in sorted(instants):
        table = {a.operation: a.decision for row in matrix(fellowship, at) for a in row.answers}
        for operation in ("query", "run_code", "export"):
            decision = decide(person=person, dataset=dataset, operation=operation, at=at)
            expected = slow_decision(person, dataset, operation, at)
            assert (decision.allowed, decision.until) == expected, (at, operation)
            assert judge(loaded, person.pk, dataset.pk, operation, at).decision == decision
            assert table.get(operation, decision) == decision
