"""Paging: one after the other, by mail and webhook, until somebody answers; each page once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail

from fellowship.accounts.services import declare_conflict
from fellowship.clocks import queries as clocks
from fellowship.clocks.services import sweep
from fellowship.kernel.time import frozen
from fellowship.notices.delivery import deliver
from fellowship.notices.models import Delivery, Notice
from fellowship.notices.services import add_endpoint
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks.sending import send_waiting
from governance import services
from governance.models import EscalationPage
from governance.oncall_terms import oncall
from governance.services import paging
from tests.scenarios.governance import raised_escalation
from tests.scenarios.oncall import colleague, first_line, second_line
from tests.scenarios.world import World
from tests.support.receiver import Receiver, receiving

NIGHT = dt.datetime(2094, 3, 3, 3, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    """All of this happens at three in the morning."""
    with frozen(NIGHT):
        yield


@pytest.fixture
def rota(world: World) -> World:
    """Two on the first line, the chair on the second."""
    with frozen(NIGHT - dt.timedelta(days=1)):
        first_line(world)
        second_line(world)
    return world


def paged(escalation: Any) -> list[Any]:
    return [page.user for page in EscalationPage.objects.filter(escalation=escalation)]


def told(kind: str) -> list[Any]:
    return [n.recipient for n in Notice.objects.filter(kind=f"governance.{kind}").order_by("id")]


def test_the_person_on_duty_is_paged_and_the_others_hear_of_it(rota: World) -> None:
    escalation = raised_escalation(rota, severity="high")
    page = EscalationPage.objects.get()
    assert (page.user, page.answer_by) == (rota.oncall, NIGHT + 2 * QUARTER)
    assert told("page") == [rota.oncall]
    others = Notice.objects.filter(kind="governance.escalation")
    assert {n.recipient for n in others} == {rota.chair, rota.manager, colleague(rota)}
    assert not any(n.urgent for n in others)
    clock = clocks.current(escalation, paging.PAGE_CLOCK)
    assert clock is not None
    assert (clock.holder_user, clock.due_at) == (rota.oncall, page.answer_by)
    deliver(NIGHT)
    assert [m.to for m in mail.outbox] == [[rota.oncall.email]]


def test_silence_pages_the_next_in_line_round_by_round_and_then_tells_the_roles(
    rota: World,
) -> None:
    escalation = raised_escalation(rota)
    for number in range(1, 9):
        for _ in range(2):
            sweep(NIGHT + number * QUARTER)
    other = colleague(rota)
    line = [rota.oncall, rota.chair, other]
    assert paged(escalation) == [*line, *line]
    assert [p.round for p in escalation.pages.all()] == [1, 1, 1, 2, 2, 2]
    assert set(told("unanswered")) == {rota.chair, rota.manager, rota.sponsor}
    assert len(told("unanswered")) == 3
    assert len(told("page")) == 6


def test_an_answer_stops_the_clock_and_pages_nobody_else(rota: World) -> None:
    escalation = raised_escalation(rota)
    sweep(NIGHT + QUARTER)
    with frozen(NIGHT + QUARTER):
        services.acknowledge(escalation=escalation, by=rota.chair)
    sweep(NIGHT + 10 * QUARTER)
    assert paged(escalation) == [rota.oncall, rota.chair]
    first, second = escalation.pages.order_by("number")
    assert (first.answered_at, second.answered_by) == (None, rota.chair)
    assert first.late(NIGHT + QUARTER)
    assert not told("unanswered")


def test_containing_answers_too(rota: World) -> None:
    escalation = raised_escalation(rota)
    services.contain(escalation=escalation, by=rota.manager, text="Switched off.")
    assert escalation.pages.get().answered_by == rota.manager
    assert clocks.current(escalation, paging.PAGE_CLOCK) is None


def test_a_month_without_a_worker_pages_who_is_on_duty_then_with_their_full_time(
    rota: World,
) -> None:
    escalation = raised_escalation(rota)
    later = NIGHT + dt.timedelta(days=30)
    sweep(later)
    assert len(paged(escalation)) == 2
    last = escalation.pages.latest("number")
    assert (last.at, last.answer_by) == (later, later + QUARTER)


def test_who_may_not_open_the_alarm_is_not_paged(rota: World) -> None:
    declare_conflict(
        user=rota.oncall,
        subject=rota.cohort,
        realm=rota.program.realm,
        kind="personal",
        statement="A relative is the fellow.",
        by=rota.oncall,
    )
    escalation = raised_escalation(rota)
    assert paged(escalation) == [rota.chair]
    assert rota.oncall not in told("page") + told("escalation")


def test_an_alarm_that_got_worse_restarts_no_page(rota: World) -> None:
    escalation = raised_escalation(rota, severity="high")
    raised_escalation(rota, severity="critical", summary="It is worse.", by=rota.manager)
    assert paged(escalation) == [rota.oncall]
    worse = Notice.objects.filter(kind="governance.escalation", urgent=True)
    assert {n.recipient for n in worse} == {rota.chair, rota.manager, colleague(rota)}


def test_without_a_rota_everybody_is_told_at_once(world: World) -> None:
    raised_escalation(world)
    assert set(told("escalation")) == {world.oncall, world.chair, world.manager}
    assert not EscalationPage.objects.exists()


def test_a_programme_without_the_rule_pages_by_the_founding_one(db: None) -> None:
    assert paging.terms(0) == (oncall(), "On-call rules, as first proposed")


def hooked(world: World, receiver: Receiver) -> None:
    add_endpoint(
        realm=world.program.realm,
        name="Pager",
        url=receiver.url,
        kinds=[paging.MESSAGE],
        by=world.steward,
    )


def test_a_paging_system_down_for_a_week_hears_the_last_word_once(
    world: World, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with frozen(NIGHT - dt.timedelta(days=1)):
        first_line(world)
    with receiving(status=500) as down:
        hooked(world, down)
        escalation = raised_escalation(world, summary="A customer's name is in it.")
        for hours in range(0, 24 * 7, 12):
            send_waiting(NIGHT + dt.timedelta(hours=hours))
        assert len(down.seen) >= 14
        bodies = {body for _, body in down.seen}
        assert len(bodies) == 1
        assert "customer" not in bodies.pop()
        down.status = 200
        send_waiting(NIGHT + dt.timedelta(days=8))
    page = Delivery.objects.get()
    assert page.state == DeliveryState.DELIVERED
    said = json.loads(page.body)["data"]
    assert (said["event"], said["person"]["email"], said["number"]) == (
        "paged",
        world.oncall.email,
        1,
    )
    assert said["url"].endswith(escalation.get_absolute_url())


def test_an_answered_page_that_never_arrived_is_not_sent_any_more(
    world: World, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with frozen(NIGHT - dt.timedelta(days=1)):
        first_line(world)
    with receiving() as pager:
        hooked(world, pager)
        escalation = raised_escalation(world)
        services.acknowledge(escalation=escalation, by=world.oncall)
        send_waiting(NIGHT)
        events = [json.loads(body)["data"]["event"] for _, body in pager.seen]
    assert events == ["acknowledged"]
    states = list(Delivery.objects.order_by("id").values_list("state", flat=True))
    assert states == [DeliveryState.SUPERSEDED, DeliveryState.DELIVERED]
