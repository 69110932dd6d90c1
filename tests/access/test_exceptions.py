"""What the rules refuse, opened by the board for a time: while it lasts, and for that alone."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from access import services
from access.decisions import decide, edges, explain
from access.facts import load
from access.models import AccessRequest, Grant
from access.reach import matrix
from fellowship.accounts.models import User
from fellowship.accounts.services import declare_conflict
from fellowship.kernel.time import frozen, now
from governance import services as governance
from governance.models import ExceptionRecord
from scoping.models import Fellowship
from tests.access.test_requests import code_of
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.governance import decide_on
from tests.scenarios.world import World
from tests.support import kept

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def kept_wide(kept_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[Fellowship]:
    """The case that the tests share."""
    wide = ["view", "query", "download"]
    with kept.built(
        lambda: scopes.signed_fellowship(kept_world, operations=wide), django_db_blocker
    ) as made:
        yield made


@pytest.fixture
def case(kept_wide: Fellowship, world: World) -> Fellowship:
    """A fellowship whose scope allows what the restricted tier never does: to download."""
    return copy.deepcopy(kept_wide)


def excepting(world: World, **values: Any) -> services.Excepting:
    """An exception the product owner answers for, for thirty days."""
    given: dict[str, Any] = {
        "owner": world.product_owner,
        "rationale": "The annotation tool runs on a laptop without a network.",
        "risk": "A copy leaves the environment.",
        "compensating_measure": "An encrypted disk that stays in the office.",
        "measure_test": "The disk is looked at each Friday.",
        "expires_at": now() + 30 * DAY,
    }
    return services.Excepting(**{**given, **values})


def asked(world: World, case: Fellowship, **values: Any) -> AccessRequest:
    """A request to look at and download, with the exception it needs."""
    given = {"operations": ["view", "download"], "excepting": excepting(world)}
    return scenario.requested(world, case, **{**given, **values})


def excepted(world: World, request: AccessRequest, outcome: str = "approve") -> ExceptionRecord:
    """The board decides on the exception."""
    exception = ExceptionRecord.objects.about(request).get()
    for member in (*world.board, world.chair):
        declare_conflict(
            user=member, subject=exception, realm=world.program.pk, kind="none", by=member
        )
    decide_on(world, exception, outcome)
    exception.refresh_from_db()
    return exception


def granted(world: World, request: AccessRequest) -> Grant:
    """The request decided and its agreement accepted."""
    request = scenario.decided(world, request)
    scenario.accept(request.agreement)
    return request.grant


def test_without_an_exception_it_cannot_be_asked_and_with_one_not_decided_before_it(
    world: World, case: Fellowship
) -> None:
    assert code_of(lambda: scenario.requested(world, case, operations=["download"])) == (
        "handling_forbids/operations"
    )
    request = asked(world, case)
    assert request.excepted == ["handling_forbids"]
    exception = ExceptionRecord.objects.about(request).get()
    assert (exception.kind, exception.owner) == ("temporary_access", world.product_owner)
    request = scenario.checked(world, request)
    refer = services.refer_request
    assert code_of(lambda: refer(request=request, by=world.manager)) == "no_exception"
    excepted(world, request)
    assert refer(request=request, by=world.manager).state == "with_board"


def test_it_opens_what_it_covers_while_it_lasts_and_no_longer(
    world: World, case: Fellowship
) -> None:
    request = asked(world, case)
    exception = excepted(world, request)
    grant = granted(world, request)
    ask: dict[str, Any] = {"person": world.applicant, "dataset": grant.dataset}
    answer = explain(**ask, operation="download")
    assert (answer.decision.allowed, answer.decision.until) == (True, exception.expires_at)
    step = next(step for step in answer.steps if step.key == "handling")
    assert (step.holds, step.clause) == (True, exception.ref)
    assert exception.ref in grant.agreement.text
    last = exception.expires_at - dt.timedelta(microseconds=1)
    assert decide(**ask, operation="download", at=last).allowed
    after = decide(**ask, operation="download", at=exception.expires_at)
    assert not after.allowed
    assert "No exception for it is in force." in after.reason
    assert decide(**ask, operation="view", at=exception.expires_at).allowed, "never excepted"
    assert exception.expires_at in edges(
        load(Grant.objects.filter(pk=grant.pk)), world.applicant.pk, grant.dataset_id
    )
    with frozen(exception.expires_at):
        rows = {a.operation: a.decision.allowed for a in matrix(case, now())[0].answers}
    assert (rows["view"], rows["download"]) == (True, False)


def test_ended_early_it_closes_at_once(world: World, case: Fellowship) -> None:
    request = asked(world, case)
    exception = excepted(world, request)
    grant = granted(world, request)
    ask: dict[str, Any] = {
        "person": world.applicant,
        "dataset": grant.dataset,
        "operation": "download",
    }
    then = now()
    with frozen(then + DAY):
        governance.end_exception(exception=exception, by=world.product_owner, reason="Done.")
        assert not decide(**ask).allowed
        assert decide(**ask, at=then).allowed, "then it was open"


def test_a_dataset_outside_the_scope_and_a_time_too_long(world: World, case: Fellowship) -> None:
    other = scenario.dataset(world, "chat-logs")
    outside = asked(world, case, data=other, operations=["view"])
    assert outside.excepted == ["outside_scope"]
    exception = excepted(world, outside)
    grant = granted(world, outside)
    ask: dict[str, Any] = {"person": world.applicant, "dataset": other, "operation": "view"}
    assert decide(**ask).until == exception.expires_at
    assert not decide(**ask, at=exception.expires_at).allowed
    assert grant.longest_at is None


def test_a_grant_longer_than_its_tier_allows(world: World) -> None:
    data = scenario.dataset(world, tier="restricted")
    long = scopes.signed_fellowship(world)
    from access import handling
    from governance.rules import pinned

    rule = pinned(long, "data_handling")
    today = long.program.calendar().local(now()).date()
    longest = handling.longest_end(rule, data.tier, today)
    if longest >= long.ends_on:
        pytest.skip("the fellowship is shorter than the longest grant")
    request = asked(
        world,
        long,
        operations=["view"],
        ends_on=longest + DAY,
        excepting=excepting(world, expires_at=now() + 20 * DAY),
    )
    assert request.excepted == ["too_long"]
    excepted(world, request)
    grant = granted(world, request)
    assert grant.longest_at is not None
    ask: dict[str, Any] = {"person": world.applicant, "dataset": data, "operation": "view"}
    assert decide(**ask).until == grant.longest_at
    assert not decide(**ask, at=grant.longest_at).allowed


def test_refused_by_the_board_nothing_opens(world: World, case: Fellowship) -> None:
    request = asked(world, case)
    excepted(world, request, "deny")
    request = scenario.checked(world, request)
    assert code_of(lambda: services.refer_request(request=request, by=world.manager)) == (
        "no_exception"
    )


def test_it_is_narrowed_and_never_widened_once_the_board_has_seen_it(
    world: World, case: Fellowship
) -> None:
    request = services.send_back_request(
        request=asked(world, case), by=world.steward, reason="One field is enough."
    )
    say: dict[str, Any] = {
        "operations": ["view", "download"],
        "fields": ["turn"],
        "purpose": request.purpose,
        "why_less_would_not_do": request.why_less_would_not_do,
        "starts_on": request.starts_on,
        "ends_on": request.ends_on,
        "by": world.applicant,
    }
    wide = {**say, "operations": ["view", "query", "download"]}
    assert code_of(lambda: services.revise_request(request=request, **wide)) == (
        "wider_than_excepted"
    )
    assert services.revise_request(request=request, **say).fields == ["turn"]


def test_where_none_is_needed_none_is_asked(world: World, case: Fellowship) -> None:
    assert code_of(lambda: asked(world, case, operations=["view"])) == "no_exception_needed"
    assert ExceptionRecord.objects.count() == 0


def test_a_decision_takes_three_queries_with_an_exception_too(
    world: World, case: Fellowship, django_assert_num_queries: Any
) -> None:
    request = asked(world, case)
    excepted(world, request)
    grant = granted(world, request)
    person, dataset = world.applicant, grant.dataset
    with django_assert_num_queries(3):
        assert decide(person=person, dataset=dataset, operation="download").allowed


def test_asked_for_on_the_page_of_the_request(world: World, case: Fellowship) -> None:
    data = scenario.dataset(world)
    client = Client()
    client.force_login(User.objects.get(pk=world.applicant.pk))
    url = f"/access/datasets/{data.ref}/request/?case={case.ref}"
    assert "Ask for an exception" in client.get(url).content.decode()
    today = case.program.calendar().local(now()).date()
    typed = {
        "operations": ["view", "download"],
        "fields_wanted": ["turn"],
        "purpose": "Annotate by hand.",
        "why_less_would_not_do": "Rare events.",
        "starts_on": today.isoformat(),
        "ends_on": (today + 20 * DAY).isoformat(),
    }
    wrong = client.post(f"{url}&exception=1", typed)
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {
        *("owner", "rationale", "risk", "compensating_measure", "measure_test", "expires_on"),
    }
    more = {
        "owner": world.product_owner.pk,
        "rationale": "The tool is offline.",
        "risk": "A copy leaves.",
        "compensating_measure": "An encrypted disk.",
        "measure_test": "Looked at on Fridays.",
        "expires_on": (today + 10 * DAY).isoformat(),
    }
    done = client.post(f"{url}&exception=1", {**typed, **more})
    assert done.status_code == 302
    page = client.get(done.headers["Location"]).content.decode()
    assert "Beyond the rules" in page
    assert "An encrypted disk." in page
